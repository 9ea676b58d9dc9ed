import type { Plugin } from '@ecli/core';
import { nativePlugin } from '@ecli/runner-native';
import { filePlugin } from '@ecli/source-file';
import { ociPlugin } from '@ecli/source-oci';
import { urlPlugin } from '@ecli/source-url';

/** All plug-ins of this app. Their order is their precedence: the first that supports a thing gets it. */
export const plugins: readonly Plugin[] = [filePlugin, urlPlugin, ociPlugin, nativePlugin];

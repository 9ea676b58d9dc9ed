import { type Artifact, type FetchContext, withoutCredentials } from '@ecli/core';
import { UrlCache } from './cache/url-cache.ts';
import { downloadFailure } from './download-failure.ts';
import { obtainFile } from './obtain-file.ts';
import { programOf } from './program-of.ts';
import { parseUrlReference } from './url-reference.ts';
import type { UrlSettings } from './url-settings.ts';

const DEFAULT_LIMIT_BYTES = 256 * 1024 * 1024;

/**
 * Gets the program that `text` names, from the cache as far as `context.pull` lets it, and from its server else.
 *
 * @throws as Source says; REFERENCE_UNSUPPORTED for what is no URL
 */
export async function fetchProgram(
  text: string,
  context: FetchContext,
  settings: UrlSettings,
): Promise<Artifact> {
  const reference = parseUrlReference(text);
  const limitBytes = settings.limitBytes ?? DEFAULT_LIMIT_BYTES;
  const cache = await UrlCache.open(settings, context.warn);
  try {
    const file = await obtainFile(reference, context, { ...settings, limitBytes }, cache);
    const { content, descriptor } = await programOf(file, reference.url, limitBytes, context.mediaType);
    context.signal.throwIfAborted();
    return { reference: withoutCredentials(text), content, descriptor };
  } catch (error) {
    context.signal.throwIfAborted();
    throw downloadFailure(reference.spelled, error);
  }
}

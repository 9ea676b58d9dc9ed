/**
 * Turns a reference to an image in a registry into an Artifact: verified, trusted by the policy, cached.
 *
 *     reference ──▶ resolve-image ──▶ digest ──▶ demand-trust ──▶ read-image ──▶ image-places ──▶ Artifact
 *                    │                                              └─ what the cache has: no network ─┘
 *                    └─ registry away: what the cache has of the tag, with a warning
 *
 * Read pull-program.ts first. What stands here and in oci-source.ts is loaded at each start of ecli, so the rest is
 * loaded when an image is asked for.
 */
import { API_VERSION, definePlugin, SOURCE } from '@ecli/core';
import { OciSource } from './oci-source.ts';

export { OciSource } from './oci-source.ts';
export type { ProgramDownload, PulledProgram } from './pull-program.ts';
export type { OciSourceOptions } from './pull-settings.ts';

/** Brings OciSource with its defaults. */
export const ociPlugin = definePlugin({
  name: 'oci',
  apiVersion: API_VERSION,
  register: (container) => container.register(SOURCE, { useValue: new OciSource() }),
});

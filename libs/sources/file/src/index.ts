/**
 * Turns a reference that names something on this machine into an Artifact: a file (also as a `file:` URL),
 * a folder that holds a package.json, a FIFO, or `-` for standard input.
 *
 *     reference ── location.ts ──▶ where ── file-source.ts ──▶ bytes ── mediaTypeOf ──▶ Artifact
 *                                    └─ nothing there ── near-paths.ts ──▶ did you mean …
 *
 * Read file-source.ts first. This is the smallest source there is: copy the folder to write another.
 */
import { API_VERSION, definePlugin, SOURCE } from '@ecli/core';
import { FileSource } from './file-source.ts';

export { FileSource, type FileSourceOptions } from './file-source.ts';

/** Brings FileSource with its defaults. */
export const filePlugin = definePlugin({
  name: 'file',
  apiVersion: API_VERSION,
  register: (container) => container.register(SOURCE, { useValue: new FileSource() }),
});

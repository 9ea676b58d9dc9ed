/**
 * Turns an http or https URL into an Artifact, with a cache between the two.
 *
 *     reference ── url-reference ──▶ URL, digest, credentials
 *                     │
 *                 obtain-file ──▶ cache/ ──▶ is it the newest? ── download ──▶ bytes as served
 *                                                                               │
 *     Artifact ◀── program-of (unpacked, media type) ◀── web-page (none, is it?) ◀┘
 *
 * Read fetch-program.ts first. What stands here and in url-source.ts is loaded at each start of ecli, so the rest is
 * loaded when a URL is asked for.
 */
import { API_VERSION, definePlugin, SOURCE } from '@ecli/core';
import { UrlSource } from './url-source.ts';

export type { UrlSourceOptions } from './url-settings.ts';
export { UrlSource } from './url-source.ts';

/** Brings UrlSource with its defaults. */
export const urlPlugin = definePlugin({
  name: 'url',
  apiVersion: API_VERSION,
  register: (container) => container.register(SOURCE, { useValue: new UrlSource() }),
});

import type { FetchContext } from '@ecli/core';
import type { UrlReference } from './url-reference.ts';

/** Names of this machine: what goes there leaves it not. */
const THIS_MACHINE = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Says that what comes may not be what the server has sent, where nothing makes sure of it. */
export function warnOfPlainHttp({ url, spelled, digest }: UrlReference, warn: FetchContext['warn']): void {
  if (url.protocol !== 'http:' || digest !== undefined || THIS_MACHINE.test(url.hostname)) return;
  warn?.(`${spelled}: whoever is on the way can change what comes over http; use https, or add #sha256=HEX`);
}

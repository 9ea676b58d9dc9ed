import { printable } from '@ecli/core';

/**
 * A URL for messages: never with a user name, password or fragment, and with its query left out, for tokens and
 * signatures stand there.
 */
export function spellUrl(url: URL): string {
  return printable(`${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`);
}

/** Host and port as they stand in a URL. */
export function spellHost(url: URL): string {
  return printable(url.host);
}

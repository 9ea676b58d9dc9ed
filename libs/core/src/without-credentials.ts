/** `scheme://user:password@host/…`; a password may hold an @ that nobody has escaped, a host can't. */
const CREDENTIALS = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;

/** A reference or URL as it may be shown to anyone: without the credentials that are written into it. */
export function withoutCredentials(reference: string): string {
  return reference.replace(CREDENTIALS, '$1');
}

/** Tells whether credentials are written into `reference`. */
export function hasCredentials(reference: string): boolean {
  return CREDENTIALS.test(reference);
}

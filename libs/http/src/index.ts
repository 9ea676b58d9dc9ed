/**
 * Turns a request into an answer over http or https, as registries and web servers need it: through proxies,
 * with certificates of one's own, along redirects that give nothing away, again after failures that pass.
 *
 *     HttpRequest ──▶ HttpClient ──▶ HttpResponse | NetworkError (which step failed, and what to do)
 *
 * Read types.ts first, then http-client.ts.
 */
export { HttpClient } from './http-client.ts';
export { isLoopback } from './loopback.ts';
export { NetworkError, type NetworkStep } from './network-error.ts';
export { LONGEST_PAUSE_MS, retryAfterMs } from './retry.ts';
export { spellUrl } from './spell-url.ts';
export type { HttpClientOptions, HttpRequest, HttpResponse, RequestBody } from './types.ts';

import { EcliError } from '@ecli/core';
import type { HttpResponse } from '@ecli/http';
import type { RepositoryClient, RepositoryRequest } from './repository-client.ts';

/** More pages are no list but a trap. */
const MOST_PAGES = 1000;
const PAGE_LIMIT_BYTES = 4 * 1024 * 1024;
/** Of all pages: a million tags, or a hundred thousand referrers. */
const LIST_LIMIT_BYTES = 64 * 1024 * 1024;

/** One page of a list, read whole. */
export interface Page {
  readonly response: HttpResponse;
  readonly bytes: Uint8Array;
}

/**
 * Asks for a list page by page, along the `Link` headers that registries cut it by (RFC 8288). An answer that isn't
 * 200 ends it: it is the caller's if it is the first, and what came before it is the list if not.
 *
 * @throws REMOTE_FAILED for a list without an end
 */
export async function* pagesOf(
  client: RepositoryClient,
  path: string,
  request: RepositoryRequest,
): AsyncGenerator<Page, HttpResponse | undefined> {
  const visited = new Set<string>();
  let url: URL | undefined;
  let listBytes = 0;
  do {
    const response = await client.send(path, url ? { ...request, url } : request);
    if (response.status !== 200) return response;
    const bytes = await response.bytes(PAGE_LIMIT_BYTES);
    listBytes += bytes.length;
    if (listBytes > LIST_LIMIT_BYTES) throw endless(client);
    yield { response, bytes };
    const next = nextLink(response.headers.link);
    url = next === undefined ? undefined : client.resolve(next, response);
    if (url && visited.has(url.href)) return undefined;
    if (url) visited.add(url.href);
  } while (url && visited.size < MOST_PAGES);
  if (url) throw endless(client);
  return undefined;
}

function endless({ spelled }: RepositoryClient): EcliError {
  return new EcliError('REMOTE_FAILED', `${spelled}: the registry's list has no end`);
}

/** The target of the link with `rel="next"`; parameters and other links may stand around it. */
export function nextLink(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  for (const [, target, parameters = ''] of text.matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters)) return target;
  }
  return undefined;
}

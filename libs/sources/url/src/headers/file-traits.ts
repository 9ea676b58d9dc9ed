import type { IncomingHttpHeaders } from 'node:http';
import type { HttpResponse } from '@ecli/http';
import type { FileTraits } from '../web-file.ts';
import { parseDisposition } from './content-disposition.ts';

/** Reads what an answer says of the file that it brings. */
export function traitsOf({ headers, url }: HttpResponse): FileTraits {
  const { etag, 'last-modified': lastModified } = headers;
  return {
    name: parseDisposition(headers['content-disposition']) ?? lastSegment(url),
    contentType: (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified }),
  };
}

/** The last part of a URL's path, decoded; empty where the path ends in a slash. */
export function lastSegment({ pathname }: URL): string {
  const segment = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Whether the server lets nobody keep the answer (RFC 9111, 5.2.2.5). */
export function forbidsStorage(headers: IncomingHttpHeaders): boolean {
  return /(?:^|,)\s*no-store\s*(?:,|$)/i.test(headers['cache-control'] ?? '');
}

/**
 * What ties parts of a file together: the ETag if it is a strong one, or else a date of change that is older than the
 * answer (RFC 9110, 8.8.2.2 and 13.1.5). Undefined where parts could be of different files.
 */
export function strongValidator(headers: IncomingHttpHeaders): string | undefined {
  const { etag, date, 'last-modified': lastModified } = headers;
  if (etag !== undefined) return /^"[^"]*"$/.test(etag) ? etag : undefined;
  if (lastModified === undefined || date === undefined) return undefined;
  return Date.parse(date) - Date.parse(lastModified) >= 1000 ? lastModified : undefined;
}

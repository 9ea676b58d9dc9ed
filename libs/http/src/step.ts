import { basicOf } from './basic.ts';
import { ACCEPTED_ENCODINGS } from './content-encoding.ts';
import { sizeOf } from './request-body.ts';
import type { HttpRequest } from './types.ts';
import { USER_AGENT } from './version.ts';

/** What is asked of whom; one redirect turns it into the next. */
export interface Step {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly withBody: boolean;
}

/** The step before all redirects: what the caller asks for, and what a server must be told besides. */
export function firstStep(request: HttpRequest): Step {
  const { method = 'GET', url, body } = request;
  const authorization = basicOf(url);
  const headers = {
    'user-agent': USER_AGENT,
    accept: '*/*',
    'accept-encoding': encodingsFor(request),
    ...(authorization === undefined ? {} : { authorization }),
    ...lowerCased(request.headers),
    ...lengthOf(request),
  };
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return { method, url: bare, headers, withBody: body !== undefined };
}

/** Whether the caller says in which encodings the body may come, and so takes it as it comes. */
export function choosesEncoding({ headers = {} }: HttpRequest): boolean {
  return 'accept-encoding' in lowerCased(headers);
}

/** A part of a body, or the size of one, is of use only as it is stored. */
function encodingsFor({ method, headers }: HttpRequest): string {
  return method === 'HEAD' || 'range' in lowerCased(headers) ? 'identity' : ACCEPTED_ENCODINGS;
}

function lengthOf({ method = 'GET', body }: HttpRequest): Record<string, string> {
  if (body) return { 'content-length': String(sizeOf(body)) };
  return method === 'GET' || method === 'HEAD' || method === 'DELETE' ? {} : { 'content-length': '0' };
}

function lowerCased(headers: HttpRequest['headers'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

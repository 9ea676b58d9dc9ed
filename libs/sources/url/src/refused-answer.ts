import type { ErrorCode } from '@ecli/core';
import { type HttpResponse, retryAfterMs, spellUrl } from '@ecli/http';
import { AnswerError } from './download-failure.ts';

/** What of the request an answer is about. */
export interface Asked {
  readonly url: URL;
  /** Whether it said who the user is. */
  readonly withCredentials: boolean;
}

const MEANINGS: Readonly<Record<number, readonly [code: ErrorCode, words: string]>> = {
  401: ['REGISTRY_DENIED', 'the server wants to know who you are'],
  403: ['REGISTRY_DENIED', 'the server does not let you have it'],
  404: ['ARTIFACT_NOT_FOUND', 'the server has no such file'],
  410: ['ARTIFACT_NOT_FOUND', 'the server has it no more'],
  429: ['RATE_LIMITED', 'the server was asked too often'],
};

/** Says what an answer means that brings no file. */
export function refusedAnswer(response: HttpResponse, asked: Asked): AnswerError {
  const { status } = response;
  const [code, words] = MEANINGS[status] ?? (['REMOTE_FAILED', wordsOf(status)] as const);
  return new AnswerError(
    code,
    status,
    `${words} (${status})${placeOf(response, asked)}`,
    hintFor(response, asked),
  );
}

function wordsOf(status: number): string {
  if (status >= 500) return 'the server fails';
  return status < 400
    ? 'the server answers with something other than a file'
    : 'the server refuses the request';
}

/** Whether two addresses are one; who asks doesn't matter. */
export function isSamePlace(one: URL, other: URL): boolean {
  return one.origin === other.origin && one.pathname === other.pathname && one.search === other.search;
}

/** Which server it was, where not the one that the user has named. */
function placeOf({ url }: HttpResponse, asked: Asked): string {
  return isSamePlace(url, asked.url) ? '' : `, at ${spellUrl(url)}, to which it redirects`;
}

function hintFor({ status, url, headers }: HttpResponse, asked: Asked): string | undefined {
  if (status === 401 || status === 403) return credentialsHint(url, asked);
  if (status === 404 || status === 410) return missingHint(asked);
  if (status === 429) return pauseHint(retryAfterMs(headers));
  return status >= 500 ? 'it may work again later' : undefined;
}

function credentialsHint(url: URL, asked: Asked): string {
  const ways = "--header 'Authorization: Bearer TOKEN', or https://USER:PASSWORD@HOST/…";
  if (!asked.withCredentials) return `say who you are: ${ways}`;
  if (url.origin !== asked.url.origin)
    return `what you gave goes to ${asked.url.host} alone, not to ${url.host}`;
  return 'it was told who you are; is it the right token or password, and may it read this file?';
}

/** Where files are that aren't for everybody, servers say that there are none. */
function missingHint({ withCredentials }: Asked): string {
  const checked = 'check the path, letter by letter';
  return withCredentials
    ? checked
    : `${checked}; a private file needs --header 'Authorization: Bearer TOKEN'`;
}

function pauseHint(pauseMs: number | undefined): string {
  if (pauseMs === undefined) return 'wait a while; servers let more through of who says who he is';
  const minutes = Math.ceil(pauseMs / 60_000);
  return `it wants to be asked again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}`;
}

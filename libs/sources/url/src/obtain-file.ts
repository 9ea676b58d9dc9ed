import { EcliError, type FetchContext } from '@ecli/core';
import { HttpClient, NetworkError } from '@ecli/http';
import type { CachedFile, UrlCache } from './cache/url-cache.ts';
import { Download } from './download.ts';
import { AnswerError, reasonOf, wrongDigest } from './download-failure.ts';
import { ProgressFeed } from './progress-feed.ts';
import { Patience } from './patience.ts';
import { warnOfPlainHttp } from './plain-http.ts';
import type { UrlReference } from './url-reference.ts';
import type { UrlSettings } from './url-settings.ts';
import type { WebFile } from './web-file.ts';
import { refuseWebPage } from './web-page.ts';

const REVALIDATION_MS = 5000;

/** One fetch, and all that it depends on. */
interface Wanted {
  readonly reference: UrlReference;
  readonly context: FetchContext;
  readonly settings: UrlSettings & { readonly limitBytes: number };
  readonly cache: UrlCache;
  readonly feed: ProgressFeed;
  /** What the cache has of the URL. */
  readonly cached: CachedFile | undefined;
}

/**
 * Gets the file. One whose digest is given and that the cache has is asked for nowhere; of another the server is asked
 * whether it has changed, and while the server is away the cache's is taken, which `context.warn` hears of.
 *
 * @throws as UrlSource says
 */
export async function obtainFile(
  reference: UrlReference,
  context: FetchContext,
  settings: Wanted['settings'],
  cache: UrlCache,
): Promise<WebFile> {
  const feed = new ProgressFeed(reference, context.progress);
  try {
    const cached = await cache.find(reference.url, reference.digest);
    const wanted = { reference, context, settings, cache, feed, cached };
    if (cached && mayServeUnasked(cached, wanted)) return exists(cached, feed);
    if (context.pull === 'never') throw notCached(cached);
    return await ask(wanted);
  } catch (error) {
    feed.fail();
    throw error;
  }
}

/** Whether the cache's stands for the file without a word from its server. */
function mayServeUnasked({ isPrivate }: CachedFile, { reference, context: { pull } }: Wanted): boolean {
  if (pull === 'always') return false;
  // Who knows the digest of a file has had it.
  if (reference.digest !== undefined) return true;
  return !isPrivate && (pull === 'missing' || pull === 'never');
}

async function ask(wanted: Wanted): Promise<WebFile> {
  const { reference, context, settings, cached } = wanted;
  const { network, warn, diagnose, signal } = context;
  const http = new HttpClient({
    ...settings.http,
    ...network,
    environment: settings.environment,
    ...(warn && { warn }),
    ...(diagnose && { diagnose }),
  });
  warnOfPlainHttp(reference, warn);
  const limitMs = settings.revalidationMs ?? REVALIDATION_MS;
  const patience = new Patience(signal, cached && mayStandIn(cached, context) ? limitMs : undefined);
  try {
    return await download(wanted, http, patience);
  } catch (error) {
    signal.throwIfAborted();
    const reason = cached && mayStandIn(cached, context) ? reasonOfAbsence(error, reference) : undefined;
    if (!cached || reason === undefined) throw error;
    warn?.(`${reference.spelled}: ${reason}; takes the one in the cache`);
    return exists(cached, wanted.feed);
  } finally {
    patience.end();
    http.close();
  }
}

/** Whether the cache's may be taken for want of an answer. What needs credentials is for who has them alone. */
function mayStandIn({ isPrivate }: CachedFile, { pull }: FetchContext): boolean {
  return !isPrivate && pull !== 'always';
}

async function download(wanted: Wanted, http: HttpClient, patience: Patience): Promise<WebFile> {
  const { reference, context, settings, cache, feed, cached } = wanted;
  const { url, digest } = reference;
  const { headers = {} } = context;
  const partial = await cache.findPartial(url, settings.limitBytes);
  const bytesBefore = partial?.bytes ?? 0;
  const task = new Download({
    http,
    url: withCredentials(reference, context),
    headers,
    limitBytes: settings.limitBytes,
    signal: patience.signal,
    known: cached?.traits,
    partial,
    answered: () => patience.end(),
    progress: (bytes, totalBytes) => feed.received(bytes, totalBytes),
    ...(context.diagnose && { diagnose: context.diagnose }),
    ...(settings.http?.pause && { pause: settings.http.pause }),
  });
  const isPrivate = isPersonal(wanted);
  try {
    const file = await task.run();
    if (partial) await cache.forgetPartial(url);
    if (file === 'unchanged') return exists(await confirmed(wanted, isPrivate), feed);
    if (file.content.byteLength === 0) throw new EcliError('ARTIFACT_UNREADABLE', 'empty');
    refuseWebPage(file, url);
    if (digest !== undefined && file.digest !== digest) throw wrongDigest(digest, file.digest);
    if (task.isStorable) await cache.store(url, { ...file, isPrivate });
    feed.end('done', file.content.byteLength);
    return file;
  } catch (error) {
    const { received, isStorable } = task;
    if (received && isStorable && received.bytes > bytesBefore) await cache.storePartial(url, received);
    throw error;
  }
}

/** The cache's file, of which the server has just said that it is still the newest. */
async function confirmed({ reference, cache, cached }: Wanted, isPrivate: boolean): Promise<CachedFile> {
  if (!cached) throw new AnswerError('REMOTE_FAILED', 304, 'the server says that nothing has changed');
  // Somebody without credentials may have it, so anybody may.
  if (cached.isPrivate && !isPrivate) await cache.store(reference.url, { ...cached, isPrivate });
  return cached;
}

function isPersonal({ reference, context }: Wanted): boolean {
  const hasHeaders = Object.keys(context.headers ?? {}).length > 0;
  return hasHeaders || reference.credentials !== undefined || context.credentials !== undefined;
}

function withCredentials(
  { url, credentials: written }: UrlReference,
  { credentials: given }: FetchContext,
): URL {
  const credentials = written ?? given;
  if (!credentials) return url;
  const full = new URL(url);
  full.username = encodeURIComponent(credentials.username);
  full.password = encodeURIComponent(credentials.password);
  return full;
}

function exists(file: CachedFile, feed: ProgressFeed): CachedFile {
  feed.end('exists', file.content.byteLength);
  return file;
}

/** Why the server can't be asked just now; undefined for what is its answer. */
function reasonOfAbsence(error: unknown, { spelled }: UrlReference): string | undefined {
  const isAway =
    (error instanceof NetworkError && error.meansAway) ||
    (error instanceof AnswerError && (error.status >= 500 || error.status === 429));
  return isAway ? reasonOf(error, spelled) : undefined;
}

function notCached(cached: CachedFile | undefined): EcliError {
  if (!cached) {
    return new EcliError('ARTIFACT_NOT_FOUND', 'not in the cache, and --pull never asks no server', {
      hint: 'without --pull never it is fetched',
    });
  }
  return new EcliError('ARTIFACT_NOT_FOUND', 'was got with credentials, and is asked for each time', {
    hint: `with #${cached.digest.replace(':', '=')} behind the URL it needs no server`,
  });
}

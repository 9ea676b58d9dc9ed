import { afterEach } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifact, FetchContext, TransferProgress } from '@ecli/core';
import { type Fault, FaultyServer, type FaultyServerOptions } from '@ecli/http/testing';
import { UrlSource, type UrlSourceOptions } from '@ecli/source-url';

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A package that is small and looks like one. */
export const PACKAGE = Buffer.from(JSON.stringify({ bpf_object: 'eJwrSS0uAQAEXQHB', meta: {} }));

/** One that comes in many pieces. */
export const BIG = Buffer.from(`{"bpf_object":"${'0123456789abcdef'.repeat(100_000)}"}`);

/** What is served says 304 to whoever has it already. */
export const revalidates: Fault = (answer, { headers }) => {
  const { etag, 'last-modified': lastModified } = answer.headers;
  const isKnown =
    headers['if-none-match'] === undefined
      ? lastModified !== undefined && headers['if-modified-since'] === lastModified
      : headers['if-none-match'] === etag;
  return isKnown ? { ...answer, status: 304, body: new Uint8Array() } : answer;
};

export async function startServer(options: FaultyServerOptions = {}): Promise<FaultyServer> {
  const server = await FaultyServer.start(options);
  endings.push(() => server.close());
  return server;
}

export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ecli-url-'));
  endings.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A source with a cache of its own, and what it told. */
export interface Bench {
  readonly source: UrlSource;
  readonly caches: string;
  readonly warnings: string[];
  readonly diagnostics: string[];
  readonly reports: TransferProgress[];
  fetch(reference: string | URL, context?: Partial<FetchContext>): Promise<Artifact>;
  /** As `fetch`, for the text of what comes. */
  text(reference: string | URL, context?: Partial<FetchContext>): Promise<string>;
  /** As `fetch`, for what it fails with. */
  failure(reference: string | URL, context?: Partial<FetchContext>): Promise<unknown>;
  /** The files in one of the cache's folders. */
  files(part: 'blobs' | 'entries' | 'partial'): Promise<string[]>;
}

export async function createBench(options: UrlSourceOptions = {}): Promise<Bench> {
  const caches = options.environment?.['XDG_CACHE_HOME'] ?? (await createFolder());
  const source = new UrlSource({
    ...options,
    environment: { XDG_CACHE_HOME: caches, ...options.environment },
    http: { pause: async () => {}, ...options.http },
  });
  const told = { warnings: [] as string[], diagnostics: [] as string[], reports: [] as TransferProgress[] };
  const fetch: Bench['fetch'] = (reference, context = {}) =>
    source.fetch(String(reference), {
      signal: new AbortController().signal,
      warn: (line) => told.warnings.push(line),
      diagnose: (line) => told.diagnostics.push(line),
      progress: (report) => told.reports.push(report),
      ...context,
    });
  return {
    source,
    caches,
    ...told,
    fetch,
    text: async (reference, context) => Buffer.from((await fetch(reference, context)).content).toString(),
    failure: (reference, context) =>
      fetch(reference, context).then(
        () => undefined,
        (error: unknown) => error,
      ),
    files: (part) => readdir(join(caches, 'ecli/url', part)),
  };
}

import { describe, expect, test } from '@jest/globals';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  all,
  bytes,
  cutAfter,
  encoded,
  type Fault,
  fine,
  headers,
  stallAfter,
  status,
} from '@ecli/http/testing';
import { BIG, createBench, startServer } from './workbench.ts';

const ETAG = { etag: '"1"' };
const MODIFIED = { 'last-modified': 'Tue, 24 Nov 2020 10:00:00 GMT' };

/** The parts that were asked for, in order. */
function rangesOf(server: { requests: readonly { headers: Record<string, string | undefined> }[] }) {
  return server.requests.map((request) => request.headers['range']);
}

/** What is here has changed, whatever Range was asked for. */
function changed(body: Uint8Array): Fault {
  return () => ({ status: 200, headers: { etag: '"2"' }, body });
}

/** A server that says so at this very time may change the file again before the second is over. */
const CHANGED = 'Tue, 24 Nov 2026 10:00:00 GMT';

describe('a download that is cut', () => {
  test('goes on where it was, as often as it must', async () => {
    const server = await startServer();
    server.serve('/p.json', BIG, ETAG);
    server.fail({}, cutAfter(100_000), cutAfter(200_000), cutAfter(50_000), fine);
    const bench = await createBench();
    expect(BIG.equals((await bench.fetch(`${server.url.href}p.json`)).content)).toBe(true);
    expect(rangesOf(server)).toEqual([undefined, 'bytes=100000-', 'bytes=300000-', 'bytes=350000-']);
    expect(server.requests[1]?.headers).toMatchObject({ 'if-range': '"1"', 'accept-encoding': 'identity' });
    const sizes = bench.reports.map(({ bytes: size }) => size);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(await bench.files('partial')).toEqual([]);
  });

  test('goes on after silence', async () => {
    const server = await startServer();
    server.serve('/p.json', BIG, ETAG);
    server.fail({}, stallAfter(100_000), fine);
    const bench = await createBench({ http: { stallTimeoutMs: 100 } });
    expect(BIG.equals((await bench.fetch(`${server.url.href}p.json`)).content)).toBe(true);
  });

  test('goes on by the date of change', async () => {
    const server = await startServer();
    server.answer('/p.json', ({ headers: { range, 'if-range': condition } }) => {
      if (range === undefined) return { status: 200, headers: MODIFIED, body: BIG, cutAfter: 9 };
      expect([range, condition]).toEqual(['bytes=9-', MODIFIED['last-modified']]);
      const part = { ...MODIFIED, 'content-range': `bytes 9-${BIG.byteLength - 1}/${BIG.byteLength}` };
      return { status: 206, headers: part, body: BIG.subarray(9) };
    });
    const bench = await createBench();
    expect(BIG.equals((await bench.fetch(`${server.url.href}p.json`)).content)).toBe(true);
    expect(server.requests).toHaveLength(2);
  });

  test('fails at last, and goes on in the next run', async () => {
    const server = await startServer();
    server.serve('/p.json', BIG, ETAG);
    server.fail({}, cutAfter(1000), status(503), status(503));
    const bench = await createBench({ http: { retries: 1 } });
    expect(await bench.failure(`${server.url.href}p.json`)).toMatchObject({ code: 'REMOTE_FAILED' });
    expect(await bench.files('partial')).toHaveLength(1);
    server.requests.length = 0;
    const { content } = await bench.fetch(`${server.url.href}p.json`);
    expect(BIG.equals(content)).toBe(true);
    expect(rangesOf(server)).toEqual(['bytes=1000-']);
    expect(await bench.files('partial')).toEqual([]);
  });

  test('by the user goes on in the next run, and leaves nothing else', async () => {
    const server = await startServer();
    server.serve('/p.json', BIG, ETAG);
    server.fail({}, stallAfter(100_000));
    const bench = await createBench();
    const reason = new Error('Ctrl-C');
    const stop = new AbortController();
    const failure = await bench.failure(`${server.url.href}p.json`, {
      signal: stop.signal,
      progress: ({ bytes: size }) => size === 100_000 && stop.abort(reason),
    });
    expect(failure).toBe(reason);
    expect([await bench.files('blobs'), await bench.files('entries')]).toEqual([[], []]);
    expect(await bench.files('partial')).toHaveLength(1);
    await bench.fetch(`${server.url.href}p.json`);
    expect(rangesOf(server)).toEqual([undefined, 'bytes=100000-']);
  });

  test.each<[string, Record<string, string>]>([
    ['has nothing that ties its parts together', {}],
    ['has a weak ETag', { etag: 'W/"1"' }],
    ['has just changed', { 'last-modified': CHANGED, date: CHANGED }],
  ])('begins anew where the file %s', async (_what, traits) => {
    const server = await startServer();
    server.serve('/p.json', BIG, traits);
    server.fail({}, cutAfter(1000), cutAfter(2000), fine);
    const bench = await createBench();
    expect(BIG.equals((await bench.fetch(`${server.url.href}p.json`)).content)).toBe(true);
    expect(rangesOf(server)).toEqual([undefined, undefined, undefined]);
  });

  test('begins anew where it is encoded', async () => {
    const server = await startServer();
    server.serve('/p.json', BIG, ETAG);
    server.fail({}, all(encoded('gzip'), cutAfter(500)), encoded('gzip'));
    const bench = await createBench();
    expect(BIG.equals((await bench.fetch(`${server.url.href}p.json`)).content)).toBe(true);
    expect(rangesOf(server)).toEqual([undefined, undefined]);
  });

  const OTHER = Buffer.from(`{"other":"${'x'.repeat(2000)}"}`);
  test.each<[string, Fault]>([
    ['the whole of another', changed(OTHER)],
    ['416', all(status(416, { 'content-range': `bytes */${OTHER.byteLength}` }))],
    ['a part that begins elsewhere', headers({ 'content-range': `bytes 0-999/${BIG.byteLength}` })],
    [
      'a part of another size',
      headers({ 'content-range': `bytes 1000-${BIG.byteLength}/${BIG.byteLength + 1}` }),
    ],
    ['a part of another version', headers({ etag: '"2"' })],
    ['a part of nobody knows what', headers({ 'content-range': undefined })],
    ['a part in no sense', headers({ 'content-range': 'bytes=1000-/*' })],
  ])('is not mixed with %s', async (_what, fault) => {
    const server = await startServer();
    server.serve('/p.json', BIG, ETAG);
    const bench = await createBench();
    server.fail({}, cutAfter(1000), fault, changed(OTHER));
    expect(await bench.text(`${server.url.href}p.json`)).toBe(String(OTHER));
    expect(rangesOf(server).slice(0, 2)).toEqual([undefined, 'bytes=1000-']);
  });

  test('is made of as many parts as the server cares to send', async () => {
    const server = await startServer();
    server.answer('/p.json', ({ headers: { range } }) => {
      if (range === undefined) return { status: 200, headers: ETAG, body: BIG, cutAfter: 400_000 };
      const start = Number(/\d+/.exec(range)?.[0]);
      const end = Math.min(start + 300_000, BIG.byteLength);
      const part = { ...ETAG, 'content-range': `bytes ${start}-${end - 1}/${BIG.byteLength}` };
      return { status: 206, headers: part, body: BIG.subarray(start, end) };
    });
    const bench = await createBench();
    expect(BIG.equals((await bench.fetch(`${server.url.href}p.json`)).content)).toBe(true);
  });

  test.each<[string, Fault]>([
    ['drips', cutAfter(10)],
    ['never sends a byte', cutAfter(0)],
    ['sends empty parts', bytes(() => new Uint8Array())],
  ])('is given up when its server %s', async (_what, fault) => {
    const server = await startServer();
    server.serve('/p.json', BIG, ETAG);
    server.fail({}, cutAfter(1000));
    server.failAlways({}, fault);
    const bench = await createBench();
    expect(await bench.failure(`${server.url.href}p.json`)).toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining(`Failed to download: ${server.url.href}p.json: `),
    });
    expect(server.requests.length).toBeLessThan(12);
  });

  test('brings no more than was said', async () => {
    const server = await startServer();
    server.serve('/p.json', BIG, ETAG);
    server.fail(
      {},
      cutAfter(1000),
      bytes((part) => Buffer.concat([part, part])),
      fine,
    );
    const bench = await createBench();
    expect(BIG.equals((await bench.fetch(`${server.url.href}p.json`)).content)).toBe(true);
  });

  test('leaves no part where nothing may be kept', async () => {
    const server = await startServer();
    server.serve('/p.json', BIG, { ...ETAG, 'cache-control': 'no-store' });
    server.fail({}, cutAfter(1000), status(404));
    const bench = await createBench();
    await bench.failure(`${server.url.href}p.json`);
    expect(await bench.files('partial')).toEqual([]);
  });

  test.each<[string, (path: string) => Promise<void>]>([
    ['short', (path) => truncate(path, 500)],
    ['empty', (path) => writeFile(path, '')],
    ['another', (path) => writeFile(path, '{"version":1}\nx')],
  ])('does not go on from a part that is %s', async (_what, damage) => {
    const server = await startServer();
    server.serve('/p.json', BIG, ETAG);
    server.fail({}, cutAfter(1000), status(404));
    const bench = await createBench();
    await bench.failure(`${server.url.href}p.json`);
    const [name = ''] = await bench.files('partial');
    await damage(join(bench.caches, 'ecli/url/partial', name));
    server.requests.length = 0;
    expect(BIG.equals((await bench.fetch(`${server.url.href}p.json`)).content)).toBe(true);
    expect(rangesOf(server)).toEqual([undefined]);
  });
});

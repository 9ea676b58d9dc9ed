import { describe, expect, test } from '@jest/globals';
import { chmod, mkdir, readdir, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cutsAtOnce, headers, neverAnswers, status } from '@ecli/http/testing';
import { BIG, createBench, PACKAGE, revalidates, startServer } from './workbench.ts';

const OTHER = Buffer.from('{"bpf_object":"other"}');

describe('the cache', () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['ETag', { etag: 'W/"1"' }, { 'if-none-match': 'W/"1"' }],
    [
      'Last-Modified',
      { 'last-modified': 'Tue, 24 Nov 2020 10:00:00 GMT' },
      { 'if-modified-since': 'Tue, 24 Nov 2020 10:00:00 GMT' },
    ],
  ])('asks by %s whether a file has changed', async (_what, traits, conditions) => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE, traits);
    server.failAlways({}, revalidates);
    const bench = await createBench();
    await bench.fetch(`${server.url.href}p.json`);
    expect(await bench.text(`${server.url.href}p.json`)).toBe(String(PACKAGE));
    expect(server.requests[1]?.headers).toMatchObject(conditions);
    expect(bench.reports.at(-1)).toMatchObject({ state: 'exists' });
    server.serve('/p.json', OTHER, { etag: '"2"' });
    expect(await bench.text(`${server.url.href}p.json`)).toBe(String(OTHER));
    expect(await bench.text(`${server.url.href}p.json`)).toBe(String(OTHER));
    expect(server.requests[3]?.headers).toMatchObject({ 'if-none-match': '"2"' });
    expect(bench.warnings).toEqual([]);
  });

  test('asks nobody with the policy missing, and never anybody with never', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    const bench = await createBench();
    expect(await bench.failure(`${server.url.href}p.json`, { pull: 'never' })).toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      message: `Failed to download: ${server.url.href}p.json: not in the cache, and --pull never asks no server`,
    });
    for (const pull of ['missing', 'missing', 'never'] as const) {
      expect(await bench.text(`${server.url.href}p.json`, { pull })).toBe(String(PACKAGE));
    }
    expect(server.requests).toHaveLength(1);
  });

  test('is not believed with the policy always', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE, { etag: '"1"' });
    const bench = await createBench();
    await bench.fetch(`${server.url.href}p.json`);
    server.fail({}, revalidates);
    expect(await bench.text(`${server.url.href}p.json`, { pull: 'always' })).toBe(String(PACKAGE));
    server.failAlways({}, status(503));
    expect(await bench.failure(`${server.url.href}p.json`, { pull: 'always' })).toMatchObject({
      code: 'REMOTE_FAILED',
    });
  });

  test.each([
    ['fails', status(500), 'the server fails (500)'],
    ['is asked too often', status(429), 'the server was asked too often (429)'],
    ['cuts connections', cutsAtOnce, 'the connection was cut before the server answered'],
    ['is silent', neverAnswers, 'no answer within 0.2 s'],
  ])('stands in for a server that %s', async (_what, fault, reason) => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE, { etag: '"1"' });
    const bench = await createBench({ revalidationMs: 200 });
    await bench.fetch(`${server.url.href}p.json`);
    server.failAlways({}, fault);
    expect(await bench.text(`${server.url.href}p.json`)).toBe(String(PACKAGE));
    expect(bench.warnings).toEqual([expect.stringContaining(`${server.url.href}p.json: ${reason}`)]);
    expect(bench.warnings[0]).toMatch(/; takes the one in the cache$/);
  });

  test('stands in for a server that is gone', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    const url = `${server.url.href}p.json`;
    const bench = await createBench();
    await bench.fetch(url);
    await server.close();
    expect(await bench.text(url)).toBe(String(PACKAGE));
    expect(bench.warnings).toEqual([expect.stringContaining('connection refused')]);
  });

  test.each([401, 403, 404, 410])('does not stand in for a server that answers %i', async (code) => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE, { etag: '"1"' });
    const bench = await createBench();
    await bench.fetch(`${server.url.href}p.json`);
    server.failAlways({}, status(code));
    expect(await bench.failure(`${server.url.href}p.json`)).toMatchObject({
      message: expect.stringContaining(`(${code})`),
    });
  });

  test('keeps nothing that its server wants unkept', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    server.failAlways({}, headers({ 'cache-control': 'private, No-Store' }));
    const bench = await createBench();
    await bench.fetch(`${server.url.href}p.json`);
    expect([await bench.files('blobs'), await bench.files('entries')]).toEqual([[], []]);
  });

  test.each(['blobs', 'entries'] as const)('is as good as empty where its %s are damaged', async (part) => {
    for (const damage of [
      (path: string) => truncate(path, 5),
      (path: string) => truncate(path, 0),
      (path: string) => writeFile(path, '{}'),
      (path: string) => writeFile(path, Buffer.alloc(70_000)),
    ]) {
      const server = await startServer();
      server.serve('/p.json', PACKAGE, { etag: '"1"' });
      server.failAlways({}, revalidates);
      const bench = await createBench();
      await bench.fetch(`${server.url.href}p.json`);
      const [name = ''] = await bench.files(part);
      await damage(join(bench.caches, 'ecli/url', part, name));
      expect(await bench.failure(`${server.url.href}p.json`, { pull: 'never' })).toMatchObject({
        code: 'ARTIFACT_NOT_FOUND',
      });
      expect(await bench.files(part)).toEqual([]);
      expect(await bench.text(`${server.url.href}p.json`)).toBe(String(PACKAGE));
      expect(await bench.text(`${server.url.href}p.json`, { pull: 'never' })).toBe(String(PACKAGE));
      expect(bench.warnings).toEqual([]);
    }
  });

  test('is its user’s alone', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    const bench = await createBench();
    await bench.fetch(`${server.url.href}p.json`);
    const folder = join(bench.caches, 'ecli/url');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const [blob = ''] = await bench.files('blobs');
    expect((await stat(join(folder, 'blobs', blob))).mode & 0o777).toBe(0o600);
    await chmod(folder, 0o777);
    await bench.fetch(`${server.url.href}p.json`);
    expect(bench.warnings).toEqual([
      `${folder}: not used as a cache, for others may write to it; goes on without the cache`,
    ]);
  });

  test('that cannot be used is done without, and said', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    const bench = await createBench({ environment: { XDG_CACHE_HOME: '/proc/nothing' } });
    expect(await bench.text(`${server.url.href}p.json`)).toBe(String(PACKAGE));
    expect(bench.warnings).toEqual([expect.stringMatching(/; goes on without the cache$/)]);
  });

  test('whose folders are none is done without', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    const bench = await createBench();
    await mkdir(join(bench.caches, 'ecli/url'), { recursive: true, mode: 0o700 });
    for (const part of ['blobs', 'entries', 'partial'])
      await writeFile(join(bench.caches, 'ecli/url', part), '');
    expect(await bench.text(`${server.url.href}p.json`)).toBe(String(PACKAGE));
    expect(bench.warnings).toHaveLength(1);
  });

  test('forgets what was unused for longest when it grows too large', async () => {
    const server = await startServer();
    const bench = await createBench({ cacheBytes: 2.5 * BIG.byteLength });
    for (const name of ['a', 'b', 'c'])
      server.serve(`/${name}.json`, Buffer.concat([BIG, Buffer.from(name)]));
    await bench.fetch(`${server.url.href}a.json`);
    await bench.fetch(`${server.url.href}b.json`);
    const folder = join(bench.caches, 'ecli/url/blobs');
    for (const name of await readdir(folder)) await utimes(join(folder, name), 1_700_000_000, 1_700_000_000);
    const drafts = join(folder, '.draft-x');
    await writeFile(drafts, 'left by a process that was killed');
    await utimes(drafts, 1_700_000_000, 1_700_000_000);
    // It is used, and so young again.
    await bench.fetch(`${server.url.href}b.json`, { pull: 'never' });
    await bench.fetch(`${server.url.href}c.json`);
    expect(await bench.failure(`${server.url.href}a.json`, { pull: 'never' })).toBeDefined();
    expect(await bench.text(`${server.url.href}b.json`, { pull: 'never' })).toMatch(/b$/);
    expect(await bench.text(`${server.url.href}c.json`, { pull: 'never' })).toMatch(/c$/);
    expect(await bench.files('blobs')).toHaveLength(2);
  });
});

describe('what was got with credentials or headers', () => {
  test.each<[string, object]>([
    ['credentials', { credentials: { username: 'a', password: 'b' } }],
    ['headers', { headers: { 'x-token': 'a' } }],
  ])('is for who has them: %s', async (_what, secret) => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE, { etag: '"1"' });
    server.failAlways({}, (answer, request) =>
      (request.headers['authorization'] ?? request.headers['x-token'])
        ? revalidates(answer, request)
        : { status: 401, headers: {}, body: Buffer.alloc(0) },
    );
    const bench = await createBench();
    const url = `${server.url.href}p.json`;
    await bench.fetch(url, secret);
    // Again, by the word of the server.
    expect(await bench.text(url, secret)).toBe(String(PACKAGE));
    expect(bench.reports.at(-1)).toMatchObject({ state: 'exists' });
    expect(await bench.failure(url)).toMatchObject({ code: 'REGISTRY_DENIED' });
    for (const pull of ['missing', 'never'] as const) {
      expect(await bench.failure(url, { pull })).toBeDefined();
    }
    await server.close();
    expect(await bench.failure(url)).toMatchObject({ code: 'NETWORK_FAILED' });
    expect(await bench.failure(url, { ...secret, pull: 'never' })).toMatchObject({
      message: `Failed to download: ${url}: was got with credentials, and is asked for each time`,
      hint: expect.stringMatching(/#sha256=[0-9a-f]{64}/),
    });
  });

  test('is for everybody once its server has given it to somebody without', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE, { etag: '"1"' });
    server.failAlways({}, revalidates);
    const bench = await createBench();
    await bench.fetch(`${server.url.href}p.json`, { headers: { 'accept-language': 'en' } });
    await bench.fetch(`${server.url.href}p.json`);
    expect(await bench.text(`${server.url.href}p.json`, { pull: 'never' })).toBe(String(PACKAGE));
  });
});

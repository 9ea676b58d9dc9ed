import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { MediaType } from '@ecli/core';
import { bytes, contentLength, encoded, redirect, status } from '@ecli/http/testing';
import { BIG, createBench, PACKAGE, revalidates, startServer } from './workbench.ts';

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
const HTML = '<!DOCTYPE html><html><body>A page</body></html>';

describe('a program', () => {
  test.each(['gzip', 'br', 'deflate'] as const)('comes encoded as %s', async (encoding) => {
    const server = await startServer();
    server.serve('/p.json', BIG);
    server.failAlways({}, encoded(encoding));
    const { content, descriptor } = await (await createBench()).fetch(`${server.url.href}p.json`);
    expect(BIG.equals(content)).toBe(true);
    expect(descriptor).toMatchObject({ digest: `sha256:${sha256(BIG)}`, size: BIG.byteLength });
  });

  test('comes from where its server redirects to', async () => {
    const [server, other] = [await startServer(), await startServer()];
    other.serve('/there/tool.json', PACKAGE);
    server.failAlways({}, redirect(`${other.url.href}there/tool.json`));
    const { reference, descriptor } = await (await createBench()).fetch(`${server.url.href}latest`);
    expect(reference).toBe(`${server.url.href}latest`);
    expect(descriptor.mediaType).toBe(MediaType.package);
  });

  test.each([
    ['tool.json.gz', {}],
    ['tool.json.gz', { 'content-encoding': 'gzip' }],
    ['download', { 'content-type': 'application/gzip' }],
  ])('is unpacked that is a gzip file: %s %j', async (name, headers) => {
    const server = await startServer();
    server.serve(`/${name}`, gzipSync(PACKAGE), headers);
    const bench = await createBench();
    const { content, descriptor } = await bench.fetch(
      `${server.url.href}${name}#sha256=${sha256(gzipSync(PACKAGE))}`,
    );
    expect(PACKAGE.equals(content)).toBe(true);
    expect(descriptor).toMatchObject({ mediaType: MediaType.package, digest: `sha256:${sha256(PACKAGE)}` });
  });

  test('that unpacks to more than the limit is refused', async () => {
    const server = await startServer();
    server.serve('/bomb.gz', gzipSync(Buffer.alloc(5_000_000)));
    const bench = await createBench({ limitBytes: 1024 * 1024 });
    expect(await bench.failure(`${server.url.href}bomb.gz`)).toMatchObject({
      code: 'ARTIFACT_TOO_LARGE',
      message: `Failed to download: ${server.url.href}bomb.gz: more than the 1 MiB that ecli reads`,
    });
  });

  test('that is a broken gzip file is refused', async () => {
    const server = await startServer();
    server.serve('/tool.gz', gzipSync(PACKAGE).subarray(0, 30));
    expect(await (await createBench()).failure(`${server.url.href}tool.gz`)).toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
      message: expect.stringContaining('a gzip file that is broken'),
    });
  });

  test.each<[string, string, Record<string, string>, string]>([
    ['a source by the name in the URL', 'opens.bpf.c', {}, MediaType.source],
    [
      'no source by the name that a server gives it',
      'tool',
      { 'content-disposition': 'attachment; filename="x.c"' },
      MediaType.unknown,
    ],
    [
      'a broken package by the name that a server gives it',
      'tool',
      { 'content-disposition': 'attachment; filename="x.json"' },
      MediaType.package,
    ],
    [
      'a broken package by its content type',
      'tool',
      { 'content-type': 'application/json; charset=utf-8' },
      MediaType.package,
    ],
  ])('is known as %s', async (_what, name, headers, mediaType) => {
    const server = await startServer();
    server.serve(`/${name}`, 'int x;', headers);
    const { descriptor } = await (await createBench()).fetch(`${server.url.href}${name}`);
    expect(descriptor.mediaType).toBe(mediaType);
  });

  test('that is redirected to a source is none', async () => {
    const server = await startServer();
    server.serve('/x.c', 'int x;');
    server.fail({ path: '/tool' }, redirect('/x.c'));
    const { descriptor } = await (await createBench()).fetch(`${server.url.href}tool`);
    expect(descriptor.mediaType).toBe(MediaType.unknown);
  });
});

describe('a digest', () => {
  test.each(['=', ':'])('behind the URL is that of the file: #sha256%s', async (sign) => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    const bench = await createBench();
    const url = `${server.url.href}p.json#sha256${sign}${sha256(PACKAGE).toUpperCase()}`;
    expect(await bench.text(url)).toBe(String(PACKAGE));
    // Now it is known, and nobody is asked.
    expect(await bench.text(url)).toBe(String(PACKAGE));
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.target).toBe('/p.json');
  });

  test('that the file hasn’t is said with the one that it has, and nothing is kept', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    const bench = await createBench();
    expect(await bench.failure(`${server.url.href}p.json#sha256=${'0'.repeat(64)}`)).toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: `Failed to download: ${server.url.href}p.json: sha256:${'0'.repeat(64)} was asked for, and the file that came is sha256:${sha256(PACKAGE)}`,
    });
    expect(await bench.files('blobs')).toEqual([]);
  });

  test('is found under another URL too', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    const bench = await createBench();
    await bench.fetch(`${server.url.href}p.json`);
    expect(await bench.text(`http://mirror.invalid/p.json#sha256=${sha256(PACKAGE)}`)).toBe(String(PACKAGE));
  });

  test.each(['#sha256=12', '#sha512=00', '#sha256', '#L10'])('may not be mistyped: %s', async (fragment) => {
    expect(await (await createBench()).failure(`http://127.0.0.1:1/p.json${fragment}`)).toMatchObject({
      code: 'REFERENCE_UNSUPPORTED',
      hint: expect.stringContaining('#sha256=HEX'),
    });
  });
});

describe('who the user is', () => {
  test.each(['http://us%40er:p%3Aw%25@', 'http://us%40er:p:w%@'])(
    'is told to the server: %s',
    async (start) => {
      const server = await startServer();
      server.serve('/p.json', PACKAGE);
      const bench = await createBench();
      const { reference } = await bench.fetch(`${start}127.0.0.1:${server.port}/p.json`);
      const expected = Buffer.from('us@er:p:w%').toString('base64');
      expect(server.requests[0]?.headers['authorization']).toBe(`Basic ${expected}`);
      expect(reference).toBe(`${server.url.href}p.json`);
    },
  );

  test('may come beside the URL', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    const bench = await createBench();
    await bench.fetch(`${server.url.href}p.json`, { credentials: { username: 'me', password: 'p%4:' } });
    const expected = Buffer.from('me:p%4:').toString('base64');
    expect(server.requests[0]?.headers['authorization']).toBe(`Basic ${expected}`);
  });

  test('is told to no other server, nor are headers', async () => {
    const [server, other] = [await startServer(), await startServer()];
    other.serve('/p.json', PACKAGE);
    server.failAlways({}, redirect(`${other.url.href}p.json`));
    const bench = await createBench();
    const headers = { authorization: 'Bearer s3cret', 'x-token': 's3cret' };
    await bench.fetch(`http://user:s3cret@127.0.0.1:${server.port}/p.json`, { headers });
    expect(JSON.stringify(server.requests[0]?.headers)).toContain('s3cret');
    expect(JSON.stringify(other.requests)).not.toContain('s3cret');
  });

  test('is in no message', async () => {
    const server = await startServer();
    server.failAlways({}, status(401));
    const bench = await createBench();
    const url = `http://user:s3cret@127.0.0.1:${server.port}/p.json?token=s3cret`;
    const error = await bench.failure(url, { headers: { 'x-token': 's3cret' } });
    expect(error).toMatchObject({ code: 'REGISTRY_DENIED' });
    const { message, hint, cause } = error as Error & { hint: string };
    const told = JSON.stringify([
      message,
      hint,
      String(cause),
      bench.warnings,
      bench.diagnostics,
      bench.reports,
    ]);
    expect(told).not.toContain('s3cret');
  });

  test('stands nowhere in the cache', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE, { etag: '"1"' });
    const bench = await createBench();
    await bench.fetch(`http://user:s3cret@127.0.0.1:${server.port}/p.json?token=s3cret`);
    const { execFileSync } = await import('node:child_process');
    expect(() => execFileSync('grep', ['-r', 's3cret', bench.caches])).toThrow();
  });
});

describe('an answer', () => {
  test.each<[number, string, string, RegExp]>([
    [400, 'REMOTE_FAILED', 'the server refuses the request (400)', /^undefined$/],
    [
      401,
      'REGISTRY_DENIED',
      'the server wants to know who you are (401)',
      /--header 'Authorization: Bearer TOKEN'/,
    ],
    [403, 'REGISTRY_DENIED', 'the server does not let you have it (403)', /USER:PASSWORD@HOST/],
    [404, 'ARTIFACT_NOT_FOUND', 'the server has no such file (404)', /letter by letter/],
    [410, 'ARTIFACT_NOT_FOUND', 'the server has it no more (410)', /letter by letter/],
    [429, 'RATE_LIMITED', 'the server was asked too often (429)', /wait a while/],
    [500, 'REMOTE_FAILED', 'the server fails (500)', /again later/],
    [503, 'REMOTE_FAILED', 'the server fails (503)', /again later/],
    [204, 'REMOTE_FAILED', 'the server answers with something other than a file (204)', /^undefined$/],
    [206, 'REMOTE_FAILED', 'the server answers with something other than a file (206)', /^undefined$/],
    [304, 'REMOTE_FAILED', 'the server answers with something other than a file (304)', /^undefined$/],
  ])('of %i is %s', async (code, errorCode, words, hint) => {
    const server = await startServer();
    server.failAlways({}, status(code));
    const error = await (await createBench()).failure(`${server.url.href}p.json`);
    expect(error).toMatchObject({
      code: errorCode,
      message: `Failed to download: ${server.url.href}p.json: ${words}`,
    });
    expect(String((error as { hint?: string }).hint)).toMatch(hint);
  });

  test('tells when to come again', async () => {
    const server = await startServer();
    server.failAlways({}, status(429, { 'retry-after': '3600' }));
    expect(await (await createBench()).failure(`${server.url.href}p.json`)).toMatchObject({
      hint: 'it wants to be asked again in 60 minutes',
    });
  });

  test('of another server is said to be so', async () => {
    const [server, other] = [await startServer(), await startServer()];
    server.failAlways({}, redirect(`${other.url.href}login?next=x`));
    other.failAlways({}, status(403));
    const headers = { authorization: 'Bearer x' };
    expect(await (await createBench()).failure(`${server.url.href}p.json`, { headers })).toMatchObject({
      message: `Failed to download: ${server.url.href}p.json: the server does not let you have it (403), at ${other.url.href}login?…, to which it redirects`,
      hint: `what you gave goes to ${server.url.host} alone, not to ${other.url.host}`,
    });
  });

  test('that is too large is refused before it is read', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE);
    server.failAlways({}, contentLength(3 * 1024 * 1024));
    const bench = await createBench({ limitBytes: 1024 * 1024 });
    expect(await bench.failure(`${server.url.href}p.json`)).toMatchObject({
      code: 'ARTIFACT_TOO_LARGE',
      message: `Failed to download: ${server.url.href}p.json: 3 MiB, more than the 1 MiB that ecli reads`,
    });
  });

  test('that grows too large is given up', async () => {
    const server = await startServer();
    server.serve('/p.json', BIG);
    server.failAlways({}, encoded('gzip'));
    const bench = await createBench({ limitBytes: 1024 * 1024 });
    expect(await bench.failure(`${server.url.href}p.json`)).toMatchObject({ code: 'ARTIFACT_TOO_LARGE' });
    expect(await bench.files('partial')).toEqual([]);
  });

  test('without a byte is no program', async () => {
    const server = await startServer();
    server.serve('/p.json', '');
    expect(await (await createBench()).failure(`${server.url.href}p.json`)).toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
      message: `Failed to download: ${server.url.href}p.json: empty`,
    });
  });

  test('that never comes is told with the host that it should come from', async () => {
    const server = await startServer();
    const { url } = server;
    await server.close();
    expect(await (await createBench()).failure(`${url.href}p.json`)).toMatchObject({
      code: 'NETWORK_FAILED',
      message: `Failed to download: ${url.href}p.json: ${url.host}: connection refused: nothing listens there`,
    });
  });
});

describe('a web page', () => {
  test.each<[string, string, Record<string, string>]>([
    ['by its type', 'Please log in', { 'content-type': 'text/html; charset=utf-8' }],
    ['by its beginning', HTML, {}],
    ['by its beginning, in any case', `\n <HTML lang="en">`, { 'content-type': 'application/json' }],
  ])('is recognised %s, and is not kept', async (_how, body, headers) => {
    const server = await startServer();
    server.serve('/package.json', body, headers);
    const bench = await createBench();
    expect(await bench.failure(`${server.url.href}package.json`)).toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
      message: `Failed to download: ${server.url.href}package.json: a web page, not a program`,
      hint: expect.stringContaining('open it in a browser'),
    });
    expect(await bench.files('blobs')).toEqual([]);
  });

  test('that asks for a password is known', async () => {
    const server = await startServer();
    server.serve('/login', `${HTML}<input type="password">`);
    server.fail({ path: '/p.json' }, redirect('/login'));
    expect(await (await createBench()).failure(`${server.url.href}p.json`)).toMatchObject({
      message: `Failed to download: ${server.url.href}p.json: a web page, not a program, at ${server.url.href}login, to which it redirects`,
      hint: expect.stringContaining('it asks for a password'),
    });
  });

  test('is none where the bytes are a program', async () => {
    const server = await startServer();
    server.serve('/p', PACKAGE, { 'content-type': 'text/html' });
    expect(await (await createBench()).text(`${server.url.href}p`)).toBe(String(PACKAGE));
  });
});

describe('on the way', () => {
  test('progress is told with the whole size', async () => {
    const server = await startServer();
    server.serve('/dir/p.json', BIG, { etag: '"1"' });
    server.failAlways({ path: '/dir/p.json' }, revalidates);
    const bench = await createBench();
    await bench.fetch(`${server.url.href}dir/p.json`);
    const whole = { id: `${server.url.href}dir/p.json`, name: 'p.json', totalBytes: BIG.byteLength };
    expect(bench.reports[0]).toEqual({ ...whole, bytes: 0, state: 'running' });
    expect(bench.reports.at(-1)).toEqual({ ...whole, bytes: BIG.byteLength, state: 'done' });
    await bench.fetch(`${server.url.href}dir/p.json`);
    expect(bench.reports.at(-1)).toMatchObject({ state: 'exists' });
    await bench.failure(`${server.url.href}none`);
    expect(bench.reports.at(-1)).toMatchObject({ name: 'none', state: 'failed' });
  });

  test('anybody can change what comes over http, which is said but for this machine and a digest', async () => {
    const bench = await createBench({ http: { retries: 0 } });
    await bench.failure('http://nowhere.invalid/p.json');
    await bench.failure(`http://nowhere.invalid/p.json#sha256=${'0'.repeat(64)}`);
    await bench.failure('http://127.0.0.1:1/p.json');
    expect(bench.warnings).toEqual([expect.stringContaining('can change what comes over http')]);
  });

  test('nothing is decoded that is encoded wrongly', async () => {
    const server = await startServer();
    server.serve('/p.json', PACKAGE, { 'content-encoding': 'gzip' });
    server.failAlways(
      {},
      bytes((body) => body),
    );
    expect(await (await createBench()).failure(`${server.url.href}p.json`)).toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringMatching(/: is encoded wrongly/),
    });
  });
});

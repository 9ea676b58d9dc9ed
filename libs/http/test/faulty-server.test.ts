import { describe, expect, test } from '@jest/globals';
import type { HttpClient } from '@ecli/http';
import { createCertificates, fine, redirect, status, wrongByte } from '@ecli/http/testing';
import { createClient, createFolder, startServer } from './workbench.ts';

async function answerOf(client: HttpClient, url: URL, headers: Record<string, string> = {}): Promise<string> {
  const response = await client.request({ url, headers });
  return `${response.status} ${Buffer.from(await response.bytes(1000)).toString()}`;
}

describe('FaultyServer', () => {
  test('serves bytes, whole and in part, and remembers who asked', async () => {
    const server = await startServer();
    server.serve('/a', 'hello', { 'content-type': 'text/plain' });
    const url = new URL('/a?b=c', server.url);
    const client = createClient();
    expect(await answerOf(client, url)).toBe('200 hello');
    expect(await answerOf(client, url, { range: 'bytes=2-' })).toBe('206 llo');
    expect(await answerOf(client, new URL('/b', server.url))).toBe('404 not found\n');
    expect(server.requests.map(({ target, connection }) => [target, connection])).toEqual([
      ['/a?b=c', 1],
      ['/a?b=c', 1],
      ['/b', 1],
    ]);
    expect(server.connectionCount).toBe(1);
  });

  test('meets the requests of a plan with its faults, one each', async () => {
    const server = await startServer();
    server.serve('/a', 'hello');
    server.serve('/b', 'moved');
    server.fail({ path: '/a' }, redirect('/b'), fine, wrongByte);
    server.fail({ path: /a/, method: 'GET' }, status(410, {}, 'gone'));
    const client = createClient();
    const url = new URL('/a', server.url);
    const seen = [];
    for (let i = 0; i < 5; i += 1) seen.push(await answerOf(client, url));
    expect(seen).toEqual(['200 moved', '200 hello', '200 hemlo', '410 gone', '200 hello']);
  });

  test('stands before another server, and gives it back all that is asked', async () => {
    const upstream = await startServer();
    upstream.answer('/upload', ({ body, headers }) => ({
      status: 201,
      headers: { location: `http://${headers['host'] ?? ''}/done` },
      body,
    }));
    const server = await startServer({ upstream: upstream.url });
    server.failAlways({ method: 'PUT' }, wrongByte);
    const client = createClient();
    const response = await client.request({
      method: 'PUT',
      url: new URL('/upload', server.url),
      body: Buffer.from('abc'),
    });
    expect(response.status).toBe(201);
    expect(response.headers.location).toBe(new URL('/done', server.url).href);
    expect(Buffer.from(await response.bytes(10)).toString()).toBe('acc');
  });

  test('speaks https with a certificate of an authority made for the test', async () => {
    const { caFile, server: tls } = await createCertificates(await createFolder());
    const server = await startServer({ tls });
    server.serve('/a', 'hello');
    expect(await answerOf(createClient({ caFile }), new URL('/a', server.url))).toBe('200 hello');
    await expect(answerOf(createClient(), new URL('/a', server.url))).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      step: 'TLS',
    });
  });
});

import { describe, expect, test } from '@jest/globals';
import { getEventListeners, once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import {
  answersEarly,
  all,
  contentLength,
  cutAfter,
  cutsAtOnce,
  encoded,
  fine,
  hangsUp,
  headers,
  neverAnswers,
  stallAfter,
  status,
} from '@ecli/http/testing';
import { createClient, startServer, textOf } from './workbench.ts';

const BIG = Buffer.alloc(3_000_000, 'abcdefg');

/** Bytes in many pieces, opened as often as they are asked for. */
function piecesOf(size: number, pieces: number) {
  let close = (): void => {};
  const closed = new Promise<void>((resolve) => (close = resolve));
  async function* open(): AsyncGenerator<Uint8Array> {
    try {
      for (let i = 0; i < pieces; i += 1) yield new Uint8Array(size).fill(i);
    } finally {
      close();
    }
  }
  return { size: size * pieces, open, closed };
}

describe('a request', () => {
  test('says who asks, and takes what can be decoded', async () => {
    const server = await startServer();
    const client = createClient();
    (await client.request({ url: server.url })).discard();
    expect(server.requests[0]).toMatchObject({
      method: 'GET',
      target: '/',
      headers: {
        'user-agent': expect.stringMatching(/^ecli\//),
        'accept-encoding': expect.stringMatching('gzip'),
      },
    });
  });

  test('is sent with its body, and tells how far it is', async () => {
    const server = await startServer();
    server.answer('/up', ({ body }) => ({
      status: 201,
      headers: {},
      body: Buffer.from(`${body.byteLength}`),
    }));
    const body = piecesOf(100_000, 20);
    let sent = 0;
    const url = new URL('/up', server.url);
    const response = await createClient().request({
      method: 'PUT',
      url,
      body,
      sent: (bytes) => (sent += bytes),
    });
    expect([response.status, await textOf(response), sent]).toEqual([201, '2000000', 2_000_000]);
    expect(server.requests[0]?.headers).toMatchObject({ 'content-length': '2000000' });
    await body.closed;
  });

  test('fails when its body is not of the size that it said', async () => {
    const server = await startServer();
    const body = { ...piecesOf(10, 10), size: 1000 };
    await expect(createClient().request({ method: 'PUT', url: server.url, body })).rejects.toThrow(
      'body of 1000 bytes gave 100',
    );
  });

  test.each([1, 3, 40])('is answered early, with %i MB still to send', async (megabytes) => {
    const server = await startServer();
    server.failAlways({ method: 'PUT' }, all(status(413, {}, 'too much'), answersEarly));
    const body = piecesOf(1_000_000, megabytes);
    const response = await createClient().request({ method: 'PUT', url: server.url, body });
    expect([response.status, await textOf(response)]).toEqual([413, 'too much']);
    await body.closed;
  });

  test('goes again over a new connection when the server has closed the old one, uncounted', async () => {
    const server = await startServer();
    server.serve('/', 'hello');
    const client = createClient({ retries: 0 });
    server.fail({}, fine, cutsAtOnce, hangsUp, fine);
    for (let i = 0; i < 3; i += 1) {
      expect(await textOf(await client.request({ url: server.url }))).toBe('hello');
    }
    expect(server.connectionCount).toBe(3);
  });

  test.each(['HEAD', 'GET'])('by %s leaves a connection that is used again', async (method) => {
    const server = await startServer();
    server.serve('/', BIG);
    const client = createClient();
    for (let i = 0; i < 3; i += 1) {
      const response = await client.request({ method, url: server.url });
      const { byteLength } = await response.bytes(BIG.byteLength);
      expect(byteLength).toBe(method === 'GET' ? BIG.byteLength : 0);
    }
    expect(server.connectionCount).toBe(1);
  });

  test('for the headers alone leaves nothing, though nobody reads', async () => {
    const server = await startServer();
    server.serve('/', BIG);
    const client = createClient();
    const { signal } = new AbortController();
    const response = await client.request({ method: 'HEAD', url: server.url, signal });
    await new Promise((resolve) => response.body.once('close', resolve));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(await textOf(response)).toBe('');
    (await client.request({ url: server.url })).discard();
    expect(server.connectionCount).toBe(1);
  });

  test('with a body leaves a connection that is used again', async () => {
    const server = await startServer();
    server.answer('/', () => ({ status: 201, headers: {}, body: Buffer.from('ok') }));
    const client = createClient();
    for (let i = 0; i < 20; i += 1) {
      await textOf(await client.request({ method: 'PUT', url: server.url, body: new Uint8Array(200_000) }));
    }
    expect(server.connectionCount).toBeLessThan(5);
  });

  test('may run beside many others with the same signal, and leaves no listener there', async () => {
    const server = await startServer();
    server.serve('/', 'hello');
    const client = createClient();
    const { signal } = new AbortController();
    const ask = async (): Promise<string> => textOf(await client.request({ url: server.url, signal }));
    expect(new Set(await Promise.all(Array.from({ length: 50 }, ask)))).toEqual(new Set(['hello']));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('leaves no connection when its client is closed', async () => {
    const server = await startServer();
    server.serve('/', 'hello');
    const client = createClient();
    await textOf(await client.request({ url: server.url }));
    expect(server.openConnections).toBe(1);
    client.close();
    await server.idle();
    expect(server.openConnections).toBe(0);
  });

  test('may not have a header with a line break, whose value is not told', async () => {
    const server = await startServer();
    const request = createClient().request({
      url: server.url,
      headers: { authorization: 'Bearer se\ncret' },
    });
    await expect(request).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
      message: 'header authorization: has characters that no header may have',
    });
  });

  test('sends the user of its URL, and none in messages', async () => {
    const server = await startServer();
    const lines: string[] = [];
    const client = createClient({ diagnose: (line) => lines.push(line), retries: 0 });
    const url = new URL('/path?token=hidden', server.url);
    url.username = 'me';
    url.password = 's%C3%A9sam%';
    (await client.request({ url })).discard();
    expect(server.requests[0]?.headers['authorization']).toBe(
      `Basic ${Buffer.from('me:s%C3%A9sam%').toString('base64')}`,
    );
    server.fail({}, cutsAtOnce, cutAfter(3));
    await client.request({ url }).catch((error: unknown) => lines.push((error as Error).message));
    expect(lines).toHaveLength(2);
    expect(lines.join(' ')).toContain('/path?…: the connection was cut');
    expect(lines.join(' ')).not.toMatch(/hidden|me:|sam/);
  });
});

describe('an answer', () => {
  test.each(['gzip', 'br', 'deflate'] as const)('in %s is decoded', async (encoding) => {
    const server = await startServer();
    server.serve('/', BIG);
    server.failAlways({}, encoded(encoding));
    const response = await createClient().request({ url: server.url });
    expect(response.headers['content-encoding'] ?? response.headers['content-length']).toBeUndefined();
    expect(Buffer.from(await response.bytes(BIG.byteLength)).equals(BIG)).toBe(true);
  });

  test('comes as it is to a caller who chooses its encoding', async () => {
    const server = await startServer();
    server.serve('/', BIG);
    server.failAlways({}, encoded('gzip'));
    const response = await createClient().request({
      url: server.url,
      headers: { 'Accept-Encoding': 'identity' },
    });
    const bytes = await response.bytes(BIG.byteLength);
    expect(response.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': `${bytes.byteLength}`,
    });
  });

  test('in an encoding that nobody asked for is refused', async () => {
    const server = await startServer();
    server.serve('/', 'x');
    server.failAlways({}, headers({ 'content-encoding': 'rot\u008513' }));
    await expect(createClient().request({ url: server.url })).rejects.toMatchObject({
      step: 'transfer',
      message: expect.stringMatching(/is encoded as rot\\x8513, which was not asked for$/),
    });
  });

  test.each([
    ['cut', cutAfter(1000), /the connection was cut after 1000 of 3000000 bytes$/],
    ['shorter than it says', contentLength(4_000_000), /was cut after 3000000 of 4000000 bytes$/],
    ['cut in gzip', all(encoded('gzip'), cutAfter(100)), /the connection was cut after 100 of \d+ bytes$/],
    ['encoded wrongly', headers({ 'content-encoding': 'gzip' }), /is encoded wrongly \(Z_DATA_ERROR\)$/],
    ['stalled', stallAfter(1000), /nothing came for 150 ms$/],
  ])('that is %s fails while it is read', async (_, fault, message) => {
    const server = await startServer();
    server.serve('/', BIG);
    server.failAlways({}, fault);
    const response = await createClient({ stallTimeoutMs: 150 }).request({ url: server.url });
    await expect(response.bytes(10_000_000)).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['says so', fine],
    ['does not say so', headers({ 'transfer-encoding': 'chunked' })],
    ['is small when encoded', encoded('gzip')],
  ])('that is larger than the limit and %s is not read on', async (_, fault) => {
    const server = await startServer();
    server.serve('/', Buffer.alloc(50_000_000));
    server.failAlways({}, fault);
    const response = await createClient().request({ url: server.url });
    await expect(response.bytes(1_000_000)).rejects.toMatchObject({
      code: 'ARTIFACT_TOO_LARGE',
      message: `${server.url.href}: has more than 1000000 bytes`,
    });
  });

  test('that is cut before it is read fails when it is read', async () => {
    const server = await startServer();
    server.serve('/', BIG);
    server.fail({}, cutAfter(10));
    const response = await createClient().request({ url: server.url });
    await server.idle();
    response.body.resume();
    await new Promise((resolve) => response.body.once('close', resolve));
    await expect(response.bytes(BIG.byteLength)).rejects.toMatchObject({ step: 'transfer' });
  });

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
    ['GET', 200],
  ])('to %s with %i and no body is empty, whatever encoding it names', async (method, code) => {
    const server = await startServer();
    server.failAlways({}, status(code, { 'content-encoding': 'gzip' }));
    const response = await createClient().request({ method, url: server.url });
    expect([response.status, await textOf(response)]).toEqual([code, '']);
  });

  test('is not given up as stalled when its reader takes its time', async () => {
    const server = await startServer();
    const content = Buffer.alloc(20_000_000);
    server.serve('/', content);
    const response = await createClient({ stallTimeoutMs: 100 }).request({ url: server.url });
    const waited = AbortSignal.timeout(400);
    await once(waited, 'abort');
    expect((await response.bytes(content.byteLength)).byteLength).toBe(content.byteLength);
  });

  test('is not waited for longer than the time limit', async () => {
    const server = await startServer();
    server.failAlways({}, neverAnswers);
    await expect(createClient({ stallTimeoutMs: 100 }).request({ url: server.url })).rejects.toMatchObject({
      step: 'timeout',
      message: `${server.url.href}: no answer for 100 ms`,
    });
    await server.idle();
  });

  test('of a server that takes nothing is not waited for', async () => {
    const server = createServer((socket) => socket.pause());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const body = piecesOf(1_000_000, 100);
    const client = createClient({ stallTimeoutMs: 150 });
    try {
      await expect(client.request({ method: 'PUT', url, body })).rejects.toThrow(
        'nothing was taken for 150 ms',
      );
      await body.closed;
    } finally {
      server.close();
    }
  });

  test('that is not http is said', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    try {
      await expect(createClient().request({ url })).rejects.toThrow(`${url.host}: the answer is not http`);
    } finally {
      server.close();
    }
  });
});

describe('an abort', () => {
  const reason = new Error('enough');

  test('before the request keeps it from being sent', async () => {
    const server = await startServer();
    const request = createClient().request({ url: server.url, signal: AbortSignal.abort(reason) });
    await expect(request).rejects.toBe(reason);
    expect(server.connectionCount).toBe(0);
  });

  test('ends a request that waits, and its connection', async () => {
    const server = await startServer();
    const control = new AbortController();
    server.answer('/', () => {
      control.abort(reason);
      return new Promise(() => undefined);
    });
    await expect(createClient().request({ url: server.url, signal: control.signal })).rejects.toBe(reason);
    await server.idle();
  });

  test('ends a body that is read, and its connection', async () => {
    const server = await startServer();
    server.serve('/', BIG);
    server.failAlways({}, all(encoded('gzip'), stallAfter(1000)));
    const control = new AbortController();
    const response = await createClient().request({ url: server.url, signal: control.signal });
    response.body.once('data', () => control.abort(reason));
    await expect(response.bytes(10_000_000)).rejects.toBe(reason);
    await server.idle();
  });

  test('ends a pause between attempts', async () => {
    const server = await startServer();
    server.failAlways({}, status(503, { 'retry-after': '30' }));
    const control = new AbortController();
    const client = createClient({
      pause: undefined,
      diagnose: (line) => line.includes('again') && control.abort(reason),
    });
    await expect(client.request({ url: server.url, signal: control.signal })).rejects.toBe(reason);
    expect(server.requests).toHaveLength(1);
  });
});

import { describe, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import { createCertificates } from '@ecli/http/testing';
import { createClient, createFolder, startRawServer, startServer, textOf } from './workbench.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const BODY_FOLLOWS = `${HEAD}content-length: 1000000\r\n\r\n`;

/** Writes `first`, and then `text` every 10 ms for as long as the connection stands. */
function trickle(first: string, text: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(text), 10);
    socket.once('close', () => clearInterval(timer));
  };
}

describe('a server that never comes to an end', () => {
  test.each([
    ['its headers come byte by byte', trickle(`${HEAD}x: `, 'a')],
    ['its body comes byte by byte', trickle(BODY_FOLLOWS, 'a')],
  ])('is left when %s', async (_what, handle) => {
    const url = await startRawServer(handle);
    const ask = async () => textOf(await createClient({ stallTimeoutMs: 500 }).request({ url }));
    await expect(ask()).rejects.toMatchObject({
      step: 'timeout',
      message: `${url.href}: fewer than 512 bytes in 2 seconds`,
    });
  });

  test('is left when all it says is to wait', async () => {
    const url = await startRawServer(trickle('', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(50)));
    await expect(createClient().request({ url })).rejects.toThrow(
      `${url.href}: the server announces an answer that never comes`,
    );
  });

  test('is waited for as long as it gets on', async () => {
    const { server: tls, caFile } = await createCertificates(await createFolder());
    const secure = await startServer({ tls });
    const content = Buffer.alloc(2000, 'a');
    secure.serve('/', content);
    const slow = async (socket: Socket): Promise<void> => {
      socket.write(`${HEAD}content-length: 2000\r\n\r\n`);
      for (let sent = 0; sent < content.length; sent += 100) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        socket.write(content.subarray(0, 100));
      }
    };
    const client = createClient({ stallTimeoutMs: 100, caFile });
    const url = await startRawServer((socket) => void slow(socket));
    expect(await textOf(await client.request({ url }))).toBe(content.toString());
  });

  test('fills no memory by the smallest of chunks', async () => {
    const chunks = '1\r\na\r\n'.repeat(50_000);
    const url = await startRawServer((socket) => {
      socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
    });
    const response = await createClient().request({ url });
    const bytes = await response.bytes(1_000_000);
    expect(Buffer.from(bytes).equals(Buffer.alloc(50_000, 'a'))).toBe(true);
    expect(bytes.buffer.byteLength).toBeLessThan(200_000);
  });
});

test('an answer in another protocol than http is none', async () => {
  const url = await startRawServer((socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  });
  await expect(createClient().request({ url })).rejects.toMatchObject({
    step: 'transfer',
    message: `${url.host}: the answer is not http (101 Switching Protocols)`,
  });
});

test('the name of this machine is asked of no name server', async () => {
  const server = await startServer();
  server.serve('/', 'hello');
  const url = new URL(`http://registry.localhost:${server.port}/`);
  expect(await textOf(await createClient().request({ url }))).toBe('hello');
});

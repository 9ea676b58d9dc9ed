import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { createClient, startServer } from './workbench.ts';

describe('a connection that reads into one buffer', () => {
  const content = randomBytes(5_000_000);

  test('hands out bytes that stay as they are while more come', async () => {
    const server = await startServer();
    server.answer('/big', () => ({ status: 200, headers: {}, body: content }));
    const response = await createClient().request({ url: new URL('/big', server.url) });
    const chunks: Uint8Array[] = [];
    response.body.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    await new Promise((resolve) => response.body.once('end', resolve));
    expect(chunks.length).toBeGreaterThan(1);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });

  test('waits for a reader that takes its time, and serves the next request', async () => {
    const server = await startServer();
    server.answer('/big', () => ({ status: 200, headers: {}, body: content }));
    const client = createClient();
    for (let request = 0; request < 3; request++) {
      const { body } = await client.request({ url: new URL('/big', server.url) });
      const chunks: Uint8Array[] = [];
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        chunks.push(chunk);
        await setImmediate();
      }
      expect(Buffer.concat(chunks).equals(content)).toBe(true);
    }
  });
});

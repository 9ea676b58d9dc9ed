import { describe, expect, test } from '@jest/globals';
import { cutsAtOnce, fine, status } from '@ecli/http/testing';
import { createClient, startServer, textOf } from './workbench.ts';

describe('a request', () => {
  test.each([408, 429, 500, 502, 503, 504])(
    'that meets %i is sent again, with its body opened anew',
    async (code) => {
      const server = await startServer();
      server.answer('/', ({ body }) => ({ status: 201, headers: {}, body }));
      server.fail({}, status(code), cutsAtOnce, status(code), fine);
      const pauses: number[] = [];
      const pause = async (milliseconds: number) => void pauses.push(milliseconds);
      let opened = 0;
      async function* open() {
        opened += 1;
        yield Buffer.from('ab');
      }
      const request = { method: 'PUT', url: server.url, body: { size: 2, open } };
      const response = await createClient({ pause, retries: 3 }).request(request);
      expect([response.status, await textOf(response), opened]).toEqual([201, 'ab', 4]);
      expect(pauses.map((milliseconds) => milliseconds > 0)).toEqual([true, true, true]);
    },
  );

  test('is given up after its retries, with the answer as it is', async () => {
    const server = await startServer();
    server.failAlways({}, status(503, {}, 'no'));
    const response = await createClient({ retries: 2 }).request({ url: server.url });
    expect([response.status, await textOf(response), server.requests.length]).toEqual([503, 'no', 3]);
  });

  test.each([
    ['POST', undefined, 1],
    ['PATCH', undefined, 1],
    ['PUT', false, 1],
    ['POST', true, 2],
  ])('by %s, repeatable: %s, is sent %i times', async (method, repeatable, times) => {
    const server = await startServer();
    server.fail({}, status(503), fine);
    const request = { method, url: server.url, ...(repeatable === undefined ? {} : { repeatable }) };
    (await createClient().request(request)).discard();
    expect(server.requests).toHaveLength(times);
  });

  test('waits as long as the server wishes, up to a minute', async () => {
    const server = await startServer();
    const later = new Date(Date.now() + 20_000).toUTCString();
    server.fail(
      {},
      status(429, { 'retry-after': '7' }),
      status(503, { 'retry-after': later }),
      status(429, { 'retry-after': '61' }),
    );
    const pauses: number[] = [];
    const lines: string[] = [];
    const client = createClient({
      pause: async (milliseconds) => void pauses.push(milliseconds),
      diagnose: (line) => lines.push(line),
    });
    const response = await client.request({ url: server.url });
    expect([response.status, response.headers['retry-after']]).toEqual([429, '61']);
    expect(pauses[0]).toBe(7000);
    expect(pauses[1]).toBeGreaterThan(15_000);
    expect(pauses[1]).toBeLessThanOrEqual(20_000);
    expect(lines.at(-1)).toBe('429: not waiting 61 seconds, as the server wishes');
  });

  test('that is cut each time fails with the step and the server', async () => {
    const server = await startServer();
    server.failAlways({}, cutsAtOnce);
    await expect(createClient({ retries: 2 }).request({ url: server.url })).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      step: 'transfer',
      message: `${server.url.href}: the connection was cut before the server answered (ECONNRESET)`,
    });
    expect(server.requests).toHaveLength(3);
  });
});

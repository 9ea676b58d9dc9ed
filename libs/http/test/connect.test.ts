import { describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCertificates, redirect } from '@ecli/http/testing';
import { createClient, createFolder, startProxy, startServer, textOf } from './workbench.ts';

describe('a connection', () => {
  test('to a host that does not exist fails by name resolution', async () => {
    await expect(createClient().request({ url: new URL('https://nowhere.invalid/') })).rejects.toMatchObject({
      step: 'name resolution',
      message: expect.stringMatching(/^nowhere\.invalid: (no such host|the name server does not answer)$/),
    });
  });

  test('that is refused is said', async () => {
    const server = await startServer();
    const { url } = server;
    await server.close();
    await expect(createClient().request({ url })).rejects.toMatchObject({
      step: 'connect',
      message: `${url.host}: connection refused: nothing listens there`,
    });
  });

  test.each(['https', 'http'])('by %s that is not made in time is given up', async (scheme) => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const client = createClient({ connectTimeoutMs: 100, stallTimeoutMs: 150 });
    const words = scheme === 'https' ? 'no connection within 100 ms' : 'no answer for 150 ms';
    try {
      await expect(client.request({ url: new URL(`${scheme}://127.0.0.1:${port}/`) })).rejects.toMatchObject({
        step: 'timeout',
        message: expect.stringContaining(words),
      });
    } finally {
      silent.close();
    }
  });
});

describe('TLS', () => {
  test('trusts the authorities of --ca-file, the system and NODE_EXTRA_CA_CERTS', async () => {
    const { caFile, server: tls } = await createCertificates(await createFolder());
    const other = await createCertificates(await createFolder());
    const server = await startServer({ tls });
    server.serve('/', 'hello');
    const ask = async (options: Parameters<typeof createClient>[0]) =>
      textOf(await createClient(options).request({ url: server.url }));
    expect(await ask({ caFile })).toBe('hello');
    expect(await ask({ environment: { SSL_CERT_FILE: caFile } })).toBe('hello');
    expect(await ask({ environment: { NODE_EXTRA_CA_CERTS: caFile }, caFile: other.caFile })).toBe('hello');
    await expect(ask({ caFile: other.caFile })).rejects.toMatchObject({
      step: 'TLS',
      message: `${server.url.host}: its certificate is from an authority that is not trusted here`,
      hint: expect.stringContaining('--ca-file'),
    });
  });

  test('takes any certificate with --insecure, and says so once for each host', async () => {
    const { server: tls } = await createCertificates(await createFolder());
    const [first, second] = [await startServer({ tls }), await startServer({ tls })];
    first.failAlways({ path: '/' }, redirect(second.url));
    const lines: string[] = [];
    const client = createClient({ insecure: true, warn: (line) => lines.push(line) });
    for (let i = 0; i < 2; i += 1) (await client.request({ url: first.url })).discard();
    expect(lines).toEqual([
      expect.stringContaining(`${first.url.host}: takes any certificate`),
      expect.stringContaining(`${second.url.host}: takes any certificate`),
    ]);
  });

  test.each([
    ['expired', { expired: true }, /: its certificate has expired$/],
    [
      'for another host',
      { names: ['DNS:example.org'] },
      /: its certificate is for example\.org, not for 127\.0\.0\.1$/,
    ],
  ])('refuses a certificate that is %s', async (_, options, message) => {
    const authority = await createCertificates(await createFolder());
    const server = await startServer({ tls: await authority.issue('leaf', options) });
    await expect(
      createClient({ caFile: authority.caFile }).request({ url: server.url }),
    ).rejects.toMatchObject({
      step: 'TLS',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  test('tells http on a port of https from the reverse', async () => {
    const { caFile, server: tls } = await createCertificates(await createFolder());
    const [safe, plain] = [await startServer({ tls }), await startServer()];
    const swapped = (url: URL, scheme: string) => new URL(`${scheme}://${url.host}/`);
    await expect(
      createClient({ caFile }).request({ url: swapped(plain.url, 'https') }),
    ).rejects.toMatchObject({
      step: 'TLS',
      message: `${plain.url.host}: speaks http, not https`,
    });
    await expect(
      createClient({ retries: 0 }).request({ url: swapped(safe.url, 'http') }),
    ).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
    });
  });

  test('knows how servers in Go answer http on a port of https', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request …'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    try {
      await expect(createClient().request({ url })).rejects.toThrow(`${url.host}: speaks https, not http`);
    } finally {
      server.close();
    }
  });

  test.each([
    ['is not there', undefined, /can't be read: no such file or folder$/],
    ['is none', 'hello', /holds no certificate in PEM$/],
  ])('refuses a file of certificates that %s', async (_, content, message) => {
    const caFile = join(await createFolder(), 'ca.pem');
    if (content !== undefined) await writeFile(caFile, content);
    await expect(
      createClient({ caFile }).request({ url: new URL('https://127.0.0.1:1/') }),
    ).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

describe('a proxy', () => {
  const credentials = { username: 'me', password: 'sécret:%' };

  function through(proxy: URL, user = false): Record<string, string> {
    const url = new URL(proxy);
    if (user)
      Object.assign(url, {
        username: credentials.username,
        password: encodeURIComponent(credentials.password),
      });
    return { http_proxy: url.href, HTTPS_PROXY: url.href };
  }

  test('carries http, and is told who asks; the server is not', async () => {
    const server = await startServer();
    server.serve('/a', 'hello');
    const proxy = await startProxy({ credentials });
    const client = createClient({ environment: through(proxy.url, true) });
    const url = new URL(`http://registry.test:${server.port}/a?b`);
    expect(await textOf(await client.request({ url }))).toBe('hello');
    expect(proxy.requests).toMatchObject([{ method: 'GET', target: url.href }]);
    expect(server.requests[0]?.headers).toMatchObject({ host: url.host });
    expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  test('carries https by a tunnel, which is used again', async () => {
    const authority = await createCertificates(await createFolder());
    const server = await startServer({
      tls: await authority.issue('leaf', { names: ['DNS:registry.test'] }),
    });
    server.serve('/a', 'hello');
    const proxy = await startProxy({ credentials });
    const client = createClient({ environment: through(proxy.url, true), caFile: authority.caFile });
    const url = new URL(`https://registry.test:${server.port}/a`);
    for (let i = 0; i < 2; i += 1) expect(await textOf(await client.request({ url }))).toBe('hello');
    expect(proxy.requests).toMatchObject([{ method: 'CONNECT', target: url.host }]);
    expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    await expect(
      createClient({ environment: through(proxy.url, true) }).request({ url }),
    ).rejects.toMatchObject({
      step: 'TLS',
      message: expect.stringContaining(`${url.host}: its certificate is from an authority`),
    });
  });

  test.each(['http', 'https'])('that asks who one is fails a request by %s', async (scheme) => {
    const proxy = await startProxy({ credentials });
    const request = createClient({ environment: through(proxy.url) }).request({
      url: new URL(`${scheme}://registry.test/`),
    });
    await expect(request).rejects.toMatchObject({
      step: 'proxy',
      message: expect.stringMatching(`^proxy ${proxy.url.host}: refuses to go to registry.test(:443)?: 407 `),
      hint: expect.stringContaining(`USER:PASSWORD@${proxy.url.host}`),
    });
  });

  test.each(['http', 'https'])('that is not there fails a request by %s', async (scheme) => {
    const proxy = await startProxy();
    const { url } = proxy;
    await proxy.close();
    const request = createClient({ environment: through(url) }).request({
      url: new URL(`${scheme}://registry.test/`),
    });
    await expect(request).rejects.toMatchObject({
      step: 'proxy',
      message: `proxy ${url.host}: connection refused: nothing listens there`,
      hint: expect.stringMatching(
        /^(http_proxy|HTTPS_PROXY) names this proxy; .*registry\.test to NO_PROXY$/,
      ),
    });
  });

  test('that says nothing is not waited for, and left', async () => {
    const proxy = await startProxy({ silent: true });
    const client = createClient({ environment: through(proxy.url), connectTimeoutMs: 100 });
    await expect(client.request({ url: new URL('https://registry.test/') })).rejects.toMatchObject({
      step: 'timeout',
      message: `proxy ${proxy.url.host}: no connection within 100 ms`,
    });
    await proxy.idle();
  });

  test('is not asked to go to this machine, nor where NO_PROXY says so', async () => {
    const server = await startServer();
    const proxy = await startProxy();
    const environment = { ...through(proxy.url), no_proxy: 'nowhere.invalid' };
    (await createClient({ environment }).request({ url: server.url })).discard();
    await expect(
      createClient({ environment }).request({ url: new URL('http://nowhere.invalid/') }),
    ).rejects.toThrow('nowhere.invalid: ');
    expect(proxy.requests).toEqual([]);
  });
});

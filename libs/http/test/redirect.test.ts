import { describe, expect, test } from '@jest/globals';
import { createCertificates, encoded, redirect, status, type FaultyServer } from '@ecli/http/testing';
import { createClient, createFolder, startServer, textOf } from './workbench.ts';

const SECRETS = { authorization: 'Bearer secret', cookie: 'a=b', 'X-Token': 'secret', accept: 'text/plain' };

/** Names of the headers that told `server` who the user is, request by request. */
function secretsTold({ requests }: FaultyServer): string[][] {
  return requests.map(({ headers }) =>
    ['authorization', 'cookie', 'x-token'].filter((name) => name in headers),
  );
}

describe('a redirect', () => {
  test('is followed, and the answer tells where it came from', async () => {
    const server = await startServer();
    server.serve('/c', 'hello');
    server.failAlways({ path: '/a' }, redirect('/b?x=1'));
    server.failAlways({ path: '/b' }, redirect('./c#there', 302));
    const response = await createClient().request({ url: new URL('/a', server.url) });
    expect([await textOf(response), response.url.href]).toEqual(['hello', new URL('/c', server.url).href]);
  });

  test('within its origin keeps what tells who the user is; to another, also back, it does not', async () => {
    const [first, second] = [await startServer(), await startServer()];
    first.failAlways({ path: '/1' }, redirect('/2'));
    first.failAlways({ path: '/2' }, redirect(new URL('/3', second.url)));
    second.failAlways({ path: '/3' }, redirect(new URL('/4', first.url)));
    const request = { url: new URL('/1', first.url), headers: SECRETS, privateHeaders: ['x-Token'] };
    (await createClient().request(request)).discard();
    const all = ['authorization', 'cookie', 'x-token'];
    expect(secretsTold(first)).toEqual([all, all, []]);
    expect(secretsTold(second)).toEqual([[]]);
    expect(second.requests[0]?.headers).toMatchObject({ accept: 'text/plain', host: second.url.host });
  });

  test('does not make the client somebody by a user in its address', async () => {
    const server = await startServer();
    const target = new URL('/b', server.url);
    target.username = 'me';
    target.password = 'secret';
    server.fail({}, redirect(target));
    const response = await createClient().request({ url: server.url });
    expect(response.url.href).toBe(new URL('/b', server.url).href);
    expect(secretsTold(server)).toEqual([[], []]);
  });

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [303, 'HEAD', 'HEAD', ''],
    [302, 'PUT', 'PUT', 'body'],
    [307, 'POST', 'POST', 'body'],
    [308, 'PATCH', 'PATCH', 'body'],
  ])('%i of %s asks by %s', async (code, method, next, sent) => {
    const server = await startServer();
    server.fail({}, redirect('/b', code));
    const body = method === 'HEAD' ? {} : { body: Buffer.from('body') };
    const headers = { 'content-type': 'text/plain' };
    (await createClient().request({ method, url: server.url, headers, ...body })).discard();
    const second = server.requests[1];
    expect([second?.method, Buffer.from(second?.body ?? []).toString()]).toEqual([next, sent]);
    expect('content-type' in (second?.headers ?? {})).toBe(next !== 'GET');
  });

  test('is handed out to a caller who wants it, or where it leads nowhere', async () => {
    const server = await startServer();
    server.fail({}, redirect('/b'), status(302), status(304, { location: '/b' }));
    const client = createClient();
    const manual = await client.request({ url: server.url, redirect: 'manual' });
    expect([manual.status, manual.headers.location]).toEqual([307, '/b']);
    expect((await client.request({ url: server.url })).status).toBe(302);
    expect((await client.request({ url: server.url })).status).toBe(304);
  });

  test.each([
    ['/', 'redirects in a circle'],
    ['ftp://example.org/', 'redirects to a ftp URL'],
    ['http://[', 'redirects to what is not a URL'],
  ])('to %s is refused', async (location, words) => {
    const server = await startServer();
    server.failAlways({}, redirect(location));
    await expect(createClient().request({ url: server.url })).rejects.toMatchObject({
      step: 'redirect',
      message: `${server.url.href}: ${words}`,
    });
  });

  test('after ten others is refused', async () => {
    const server = await startServer();
    server.failAlways({}, (_, { target }) => ({
      status: 302,
      headers: { location: `/${Number(target.slice(1)) + 1}` },
      body: new Uint8Array(),
    }));
    await expect(createClient().request({ url: new URL('/0', server.url) })).rejects.toThrow(
      'redirects more than 10 times',
    );
    expect(server.requests).toHaveLength(11);
  });

  test('from https to http is refused', async () => {
    const { caFile, server: tls } = await createCertificates(await createFolder());
    const [safe, plain] = [await startServer({ tls }), await startServer()];
    safe.failAlways({}, redirect(plain.url));
    await expect(createClient({ caFile }).request({ url: safe.url })).rejects.toMatchObject({
      step: 'redirect',
      message: `${safe.url.href}: redirects from https to ${plain.url.href}`,
    });
    expect(plain.requests).toEqual([]);
  });

  test('is followed when its own body is a bomb', async () => {
    const server = await startServer();
    server.serve('/b', 'hello');
    server.fail({}, (answer, request) => ({
      ...encoded('gzip')({ ...answer, body: Buffer.alloc(10_000_000) }, request),
      status: 301,
      headers: { location: '/b', 'content-encoding': 'gzip' },
    }));
    expect(await textOf(await createClient().request({ url: server.url }))).toBe('hello');
  });
});

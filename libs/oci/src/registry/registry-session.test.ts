import { EcliError } from '@ecli/core';
import { NetworkError } from '@ecli/http';
import { describe, expect, test } from '@jest/globals';
import { isLoopback } from '@ecli/http';
import { nextLink } from './pages.ts';
import { referrersTag } from './referrers.ts';
import { RegistrySession } from './registry-session.ts';
import { compareTags, isReferrersTag } from './tags.ts';

function session(host: string): RegistrySession {
  return new RegistrySession(host, {
    http: { request: () => Promise.reject(new Error('nothing is asked here')) },
    credentials: { find: () => Promise.resolve(undefined) },
  });
}

describe('RegistrySession', () => {
  test.each([
    ['ghcr.io', 'https://ghcr.io/'],
    ['docker.io', 'https://registry-1.docker.io/'],
    ['localhost:5000', 'http://localhost:5000/'],
    ['registry.localhost', 'http://registry.localhost/'],
    ['127.9.9.9:5000', 'http://127.9.9.9:5000/'],
    ['[::1]:5000', 'http://[::1]:5000/'],
    ['10.0.0.1:5000', 'https://10.0.0.1:5000/'],
    ['localhost.example', 'https://localhost.example/'],
  ])('finds %s at %s', (host, origin) => {
    expect(session(host).origin.href).toBe(origin);
  });

  test.each([
    ['/v2/a/blobs/uploads/1?_state=x%2Fy', 'https://ghcr.io/v2/a/blobs/uploads/1?_state=x%2Fy'],
    ['1?a=b', 'https://ghcr.io/v2/a/blobs/uploads/1?a=b'],
    ['https://storage.example/x', 'https://storage.example/x'],
    ['http://ghcr.io/x?y', 'https://ghcr.io/x?y'],
    ['https://user:secret@ghcr.io/x#y', 'https://ghcr.io/x'],
  ])('follows %s to %s', (location, url) => {
    const base = new URL('https://ghcr.io/v2/a/blobs/uploads/');
    expect(session('ghcr.io').resolve(location, base).href).toBe(url);
  });

  test('says of Docker Hub that it was not named, where it is away', async () => {
    const away = new NetworkError('name resolution', 'registry-1.docker.io: no such host', { hint: 'lost' });
    const http = { request: () => Promise.reject(away) };
    const credentials = { find: () => Promise.resolve(undefined) };
    const hub = new RegistrySession('docker.io', { http, credentials });
    await expect(hub.send({ url: '/v2/', scopes: [] })).rejects.toMatchObject({
      message: away.message,
      hint: expect.stringContaining('a name without a host means docker.io'),
    });
    const other = new RegistrySession('ghcr.io', { http, credentials });
    await expect(other.send({ url: '/v2/', scopes: [] })).rejects.toBe(away);
  });

  test('takes settings that are wrong for no answer of the registry', async () => {
    const broken = new EcliError('SETTINGS_INVALID', 'ca.pem: holds no certificate in PEM');
    const refused = new NetworkError('transfer', 'localhost: the connection was cut');
    const http = {
      request: ({ url }: { url: URL }) => Promise.reject(url.protocol === 'http:' ? refused : broken),
    };
    const credentials = { find: () => Promise.resolve(undefined) };
    const own = new RegistrySession('localhost', { http, credentials });
    await expect(own.send({ url: '/v2/', scopes: [] })).rejects.toBe(broken);
  });

  test.each(['http://storage.example/x', 'ftp://ghcr.io/', 'http://', 'file:///x'])(
    'does not follow %s',
    (location) => {
      const base = new URL('https://ghcr.io/v2/a/blobs/uploads/');
      expect(() => session('ghcr.io').resolve(location, base)).toThrow(/^ghcr\.io: leads/);
    },
  );
});

test.each([
  ['http://localhost/', true],
  ['http://a.localhost:1/', true],
  ['http://127.0.0.1/', true],
  ['http://[::1]/', true],
  ['http://127.1/', true],
  ['http://0.0.0.0/', false],
  ['http://128.0.0.1/', false],
  ['http://localhost.example/', false],
  ['http://[::2]/', false],
])('isLoopback of %s is %s', (url, expected) => {
  expect(isLoopback(new URL(url))).toBe(expected);
});

test.each([
  ['</v2/a/tags/list?last=b&n=2>; rel="next"', '/v2/a/tags/list?last=b&n=2'],
  ['<x>;rel=next', 'x'],
  ['<x>; title="a, b"; rel="prev", <y>; rel="first next"', 'y'],
  ['<x>; REL=Next', 'x'],
  ['<x>; rel="nextish"', undefined],
  ['<x>', undefined],
  ['', undefined],
  [undefined, undefined],
])('nextLink of %s is %s', (header, link) => {
  expect(nextLink(header)).toBe(link);
});

test('nextLink takes no long time over long headers', () => {
  const started = performance.now();
  for (const unit of ['<', '<>', '<x>;', '; rel', '"']) nextLink(unit.repeat(16_384));
  expect(performance.now() - started).toBeLessThan(500);
});

test('compareTags counts as people do', () => {
  const tags = ['v10', 'v1', 'latest', 'v1.10', 'v1.9', 'v1.09', '2', '10', '1.0.0-rc1', '1.0.0', 'V1'];
  expect(tags.sort(compareTags)).toEqual([
    '1.0.0',
    '1.0.0-rc1',
    '2',
    '10',
    'V1',
    'latest',
    'v1',
    'v1.09',
    'v1.9',
    'v1.10',
    'v10',
  ]);
});

test.each([
  [`sha256:${'a'.repeat(64)}`, `sha256-${'a'.repeat(64)}`],
  [`sha512:${'b'.repeat(128)}`, `sha512-${'b'.repeat(64)}`],
])('referrersTag of %s is %s', (digest, tag) => {
  expect(referrersTag(digest)).toBe(tag);
  expect(isReferrersTag(tag)).toBe(true);
  expect(isReferrersTag(`${tag}.sig`)).toBe(true);
  expect(isReferrersTag(`${tag}x`)).toBe(false);
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isSpared } from './no-proxy.ts';
import { proxyFor } from './proxy.ts';

describe('isSpared', () => {
  test.each([
    ['http://example.org/', '*'],
    ['http://example.org/', 'example.org'],
    ['http://example.org/', 'other.org, example.org'],
    ['http://example.org/', 'other.org example.org'],
    ['http://example.org/', 'EXAMPLE.org'],
    ['http://example.org./', 'example.org'],
    ['http://www.example.org/', 'example.org'],
    ['http://www.example.org/', '.example.org'],
    ['http://example.org/', '.example.org'],
    ['http://www.example.org/', '*.example.org'],
    ['http://example.org:8080/', 'example.org:8080'],
    ['https://example.org/', 'example.org:443'],
    ['http://10.1.2.3/', '10.1.2.3'],
    ['http://10.1.2.3:5000/', '10.1.2.3:5000'],
    ['http://10.1.2.3/', '10.0.0.0/8'],
    ['http://10.1.2.3/', '0.0.0.0/0'],
    ['http://[fd00::1]/', 'fd00::1'],
    ['http://[fd00::1]/', '[FD00:0::1]'],
    ['http://[fd00::1]:81/', '[fd00::1]:81'],
    ['http://[fd00::1]/', 'fd00::/8'],
  ])('%s by %j', (url, noProxy) => {
    expect(isSpared(new URL(url), noProxy)).toBe(true);
  });

  test.each([
    ['http://example.org/', ''],
    ['http://example.org/', ' , '],
    ['http://example.org/', '.'],
    ['http://example.org/', 'ample.org'],
    ['http://example.org/', 'www.example.org'],
    ['http://example.org/', 'example.org:8080'],
    ['http://example.org/', '*example'],
    ['http://10.1.2.3/', '2.3'],
    ['http://10.1.2.3/', '11.0.0.0/8'],
    ['http://10.1.2.3/', '10.0.0.0/33'],
    ['http://10.1.2.3/', '10.0.0.0/'],
    ['http://10.1.2.3/', '::/0'],
    ['http://[fd00::1]/', 'fe80::/10'],
  ])('%s not by %j', (url, noProxy) => {
    expect(isSpared(new URL(url), noProxy)).toBe(false);
  });

  test('takes any text', () => {
    const hosts = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
    );
    fc.assert(
      fc.property(
        hosts,
        fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f.:/[\], *]*$/)),
        (host, noProxy) => {
          expect(typeof isSpared(new URL(`http://${host}/`), noProxy)).toBe('boolean');
        },
      ),
    );
  });

  test('knows any host by its own name, and by a network of its address', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.domain(), (address, prefix, name) => {
        expect(isSpared(new URL(`http://${address}/`), `${address}/${prefix}`)).toBe(true);
        expect(isSpared(new URL(`http://a.${name}/`), `x, ${name}`)).toBe(true);
      }),
    );
  });
});

describe('proxyFor', () => {
  const http = new URL('http://example.org/');
  const https = new URL('https://example.org/');

  test.each([
    [http, { http_proxy: 'http://a:1', HTTP_PROXY: 'http://b:2' }, 'http://a:1/'],
    [http, { HTTP_PROXY: 'http://b:2', ALL_PROXY: 'http://c:3' }, 'http://b:2/'],
    [http, { HTTPS_PROXY: 'http://b:2', ALL_PROXY: 'http://c:3' }, 'http://c:3/'],
    [https, { HTTPS_PROXY: 'http://b:2', http_proxy: 'http://c:3' }, 'http://b:2/'],
    [https, { https_proxy: 'b:2' }, 'http://b:2/'],
    [https, { all_proxy: 'https://b' }, 'https://b/'],
    [https, { https_proxy: '', HTTPS_PROXY: 'http://b:2' }, undefined],
    [https, { https_proxy: 'b:2', no_proxy: '.org' }, undefined],
    [https, { https_proxy: 'b:2', NO_PROXY: '.org' }, undefined],
    [https, { https_proxy: 'b:2', no_proxy: 'com', NO_PROXY: '.org' }, 'http://b:2/'],
    [new URL('http://localhost:5000'), { http_proxy: 'b:2' }, undefined],
    [http, {}, undefined],
  ])('%s with %j is %s', (url, environment, expected) => {
    expect(proxyFor(url, environment)?.url.href).toBe(expected);
  });

  test('takes the user out of the URL', () => {
    const proxy = proxyFor(http, { http_proxy: 'http://me:s%20e@proxy:3128' });
    expect(proxy?.url.href).toBe('http://proxy:3128/');
    expect(proxy?.headers).toEqual({ 'proxy-authorization': `Basic ${btoa('me:s e')}` });
  });

  test.each([
    ['http://me:secret@:', 'SETTINGS_INVALID'],
    ['socks5://me:secret@proxy:1080', 'FEATURE_UNSUPPORTED'],
  ])('refuses %s without a word of the password', (http_proxy, code) => {
    const seen = (() => {
      try {
        return proxyFor(http, { http_proxy });
      } catch (error) {
        return error;
      }
    })();
    expect(seen).toMatchObject({ code, message: expect.not.stringContaining('secret') });
  });
});

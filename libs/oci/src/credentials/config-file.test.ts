import { describe, expect, test } from '@jest/globals';
import { EcliError } from '@ecli/core';
import fc from 'fast-check';
import { credentialsOf } from './auth-entry.ts';
import { helperNameOf, keysOf, parseConfig } from './config-file.ts';

const parse = (text: string | Uint8Array) => parseConfig(Buffer.from(text), '/c.json');
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a configuration file', () => {
  test.each(['', ' \n', '{}', '{"auths":null,"credHelpers":null,"credsStore":null}'])(
    'may hold nothing: %j',
    async (text) => {
      expect(await parse(text)).toMatchObject({ auths: new Map(), credHelpers: new Map() });
    },
  );

  test('names the helper of a registry, else that of all', async () => {
    const text =
      '{"credsStore":"all","credHelpers":{"ghcr.io":"one","https://index.docker.io/v1/":"hub","quay.io":""}}';
    const config = await parse(text);
    expect(['ghcr.io', 'docker.io', 'quay.io', 'x.io'].map((host) => helperNameOf(config, host))).toEqual([
      'one',
      'hub',
      'all',
      'all',
    ]);
  });

  test('may have several keys for one registry, of which the one that is written today comes first', async () => {
    const config = await parse('{"auths":{"https://ghcr.io/v2/":{},"ghcr.io":{},"ghcr.io/org":{}}}');
    expect(keysOf(config, { registry: 'ghcr.io' })).toEqual(['ghcr.io', 'https://ghcr.io/v2/']);
  });

  test.each([
    ['[]', /^\/c\.json: not a JSON object$/],
    ['{"auths":[]}', /auths is not an object/],
    ['{"credHelpers":{"a":1}}', /credHelpers of a is not the name of a helper/],
    ['{"credsStore":"../../tmp/x"}', /credsStore is not the name of a helper/],
    ['{"credsStore":"a b"}', /credsStore is not the name of a helper/],
    ['{\n  "auths": {\n    "x": s3cret\n', /^\/c\.json: not JSON at line 3, column 10$/],
    ['{"a": "s3cret", }', /^\/c\.json: not JSON at line 1, column 17$/],
    ['{"a": 1} // s3cret', /^\/c\.json: not JSON at line 1, column 10$/],
    ['\ufeff{}', /^\/c\.json: not JSON/],
    [Buffer.from([0x7b, 0xff]), /^\/c\.json: not UTF-8$/],
    ['['.repeat(100_000), /^\/c\.json: not JSON/],
  ])('is refused: %j', async (text, message) => {
    const error = await parse(text).catch((error: unknown) => error as EcliError);
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID', message: expect.stringMatching(message) });
    expect(JSON.stringify([(error as EcliError).message, (error as EcliError).hint])).not.toContain('s3cret');
  });

  test('is read or refused, whatever it holds', async () => {
    const member = fc.constantFrom('auths', 'credHelpers', 'credsStore', 'x');
    const document = fc.dictionary(member, fc.jsonValue()).map((value) => JSON.stringify(value));
    await fc.assert(
      fc.asyncProperty(fc.oneof(document, fc.string()), fc.nat(), async (text, cut) => {
        for (const part of [text, text.slice(0, cut % (text.length + 1))]) {
          const result = await parse(part).catch((error: unknown) => error);
          if (!(result instanceof EcliError)) expect(result).toHaveProperty('auths');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('an entry of credentials', () => {
  const read = (entry: unknown) => credentialsOf(entry, 'ghcr.io', '/c.json');

  test.each([
    [{ auth: base64('alice:a:b') }, { kind: 'password', username: 'alice', password: 'a:b' }],
    [{ auth: base64('alice:pw\0\0') }, { kind: 'password', username: 'alice', password: 'pw' }],
    [{ auth: base64('alice:pässword') }, { kind: 'password', username: 'alice', password: 'pässword' }],
    [
      { username: 'alice', password: 'pw' },
      { kind: 'password', username: 'alice', password: 'pw' },
    ],
    [
      { auth: base64('x:'), identitytoken: 'id' },
      { kind: 'identity-token', token: 'id' },
    ],
    [{ registrytoken: 'jwt' }, { kind: 'registry-token', token: 'jwt' }],
  ])('%j is %j', (entry, credentials) => {
    expect(read(entry)).toEqual({ ...credentials, origin: '/c.json' });
  });

  test.each([null, {}, { auth: '' }, { email: 'a@b' }])('%j holds nothing', (entry) => {
    expect(read(entry)).toBeUndefined();
  });

  test.each([
    1,
    [],
    'x',
    { auth: 1 },
    { auth: 's3cret!' },
    { auth: base64('s3cret') },
    { auth: base64(':s3cret') },
  ])('%j is refused, and not shown', (entry) => {
    expect(() => read(entry)).toThrow(/^\/c\.json: auths of ghcr\.io: /);
    expect(() => read(entry)).not.toThrow(/s3cret/);
  });

  test('is read or refused, whatever it is', () => {
    const name = fc.constantFrom('auth', 'username', 'password', 'identitytoken', 'registrytoken');
    const entry = fc.oneof(fc.jsonValue(), fc.dictionary(name, fc.oneof(fc.base64String(), fc.jsonValue())));
    fc.assert(
      fc.property(entry, (entry) => {
        try {
          read(entry);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

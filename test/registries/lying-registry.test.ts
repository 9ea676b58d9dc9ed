import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Fault,
  FaultyServer,
  type RecordedRequest,
  type RequestMatch,
  bytes,
  contentLength,
  cutAfter,
  cutsAtOnce,
  headers,
  redirect,
  status,
  wrongByte,
} from '@ecli/http/testing';
import { type TestRegistry, startRegistry } from '@ecli/oci/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectPlainWords } from '../bad-input/refusal.ts';
import { buildSample } from '../bad-input/sample-program.ts';
import { type CliResult, temporaryFolder } from '../harness/index.ts';
import { type RegistryUser, registryUser } from './registry-user.ts';

const BLOB: RequestMatch = { path: /\/blobs\/sha256/ };
const MANIFEST: RequestMatch = { path: /\/manifests\// };
const MANIFEST_BODY: RequestMatch = { method: 'GET', path: /\/manifests\// };
const TAG: RequestMatch = { path: /\/manifests\/v1/ };

interface Lie {
  readonly name: string;
  /** Which requests are answered by it, each time. */
  readonly at: RequestMatch;
  readonly fault: Fault;
  /** What the user is told. */
  readonly says: RegExp;
}

const truncated: Fault = bytes((body) => body.subarray(0, 99));
const lengthened: Fault = bytes((body) => Buffer.concat([body, Buffer.from('more')]));
const otherSpelling: Fault = bytes((body) => Buffer.concat([Buffer.from(' '), body]));
const otherDigest: Fault = headers({ 'docker-content-digest': `sha256:${'0'.repeat(64)}` });
const endless: Fault = bytes(() => Buffer.alloc(5 * 1024 * 1024, ' '));
const webPage: Fault = bytes(() => Buffer.from('<!doctype html>'));
const clearScreen: Fault = status(500, {}, '\x1b[2Jgone');
const openQuote: Fault = status(401, { 'www-authenticate': 'Bearer realm="' });

const LIES: readonly Lie[] = [
  { name: 'a manifest with a wrong byte', at: MANIFEST, fault: wrongByte, says: /digest/ },
  { name: 'a manifest spelled otherwise', at: MANIFEST_BODY, fault: otherSpelling, says: /digest/ },
  { name: 'a manifest without end', at: MANIFEST_BODY, fault: endless, says: /more than 4194304 bytes/ },
  { name: 'a manifest that is a web page', at: MANIFEST, fault: webPage, says: /digest|manifest/ },
  { name: 'a digest of nothing', at: MANIFEST, fault: otherDigest, says: /not found|digest/ },
  { name: 'a layer with a wrong byte', at: BLOB, fault: wrongByte, says: /digest/ },
  { name: 'half a layer', at: BLOB, fault: truncated, says: /99 bytes/ },
  { name: 'more than the layer', at: BLOB, fault: lengthened, says: /bytes|digest/ },
  { name: 'too long a length', at: BLOB, fault: contentLength(1_000_000), says: /1000000 bytes/ },
  { name: 'too short a length', at: BLOB, fault: contentLength(10), says: /10 bytes/ },
  {
    name: 'a length that is no number',
    at: BLOB,
    fault: headers({ 'content-length': 'many' }),
    says: /http/,
  },
  { name: 'a cut before the first byte', at: BLOB, fault: cutAfter(0), says: /cut/ },
  { name: 'a cut instead of an answer', at: BLOB, fault: cutsAtOnce, says: /cut/ },
  { name: 'too many requests', at: BLOB, fault: status(429), says: /too many requests \(429/ },
  { name: 'come back in an hour', at: TAG, fault: status(429, { 'retry-after': '3600' }), says: /\(429/ },
  { name: 'a gateway without what is behind it', at: BLOB, fault: status(503), says: /503/ },
  { name: 'words that clear the screen', at: TAG, fault: clearScreen, says: /500/ },
  { name: 'a refusal without a challenge', at: TAG, fault: status(401), says: /denied.*ecli login/s },
  { name: 'a challenge with an open quote', at: TAG, fault: openQuote, says: /Failed/ },
  { name: 'a redirect to nowhere', at: BLOB, fault: status(307), says: /307/ },
  { name: 'a redirect in a circle', at: BLOB, fault: redirect('?'), says: /circle/ },
  {
    name: 'a redirect to a file',
    at: BLOB,
    fault: redirect('file:///etc/passwd'),
    says: /redirects to a file/,
  },
];

/** How many users at once run into lies: most of the time they wait for their next attempt. */
const LANES = 11;

describe('a registry that lies is harmless', () => {
  const folder = temporaryFolder();
  const packageFile = join(folder, 'package.json');
  const credentials = { username: 'alice', password: 'wonder:land' };
  const secret = Buffer.from('alice:wonder:land').toString('base64');
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'htpasswd' });
    await buildSample(folder);
    const owner = registryUser(folder, { [registry.host]: credentials });
    expect(await owner.ecli(['push', packageFile, `${registry.host}/org/tool:v1`])).toMatchObject({
      code: 0,
    });
  }, 60_000);
  afterAll(() => registry.stop());

  /** Has a user who knows the password work with the registry through one that lies. */
  async function withLiar(action: (liar: FaultyServer, host: string, user: RegistryUser) => Promise<void>) {
    const liar = await FaultyServer.start({ upstream: new URL(registry.origin) });
    const host = `localhost:${liar.port}`;
    try {
      await action(liar, host, registryUser(folder, { [host]: credentials }));
    } finally {
      await liar.close();
    }
  }

  describe('when it says', () => {
    interface Outcome {
      readonly result: CliResult;
      /** Files that the user has got, and files in the cache that are wrong. */
      readonly left: readonly string[];
      /** What came of it when the registry lied no longer. */
      readonly afterwards: CliResult;
      readonly got: Buffer;
    }
    const outcomes = new Map<string, Outcome>();

    beforeAll(async () => {
      const lies = LIES.values();
      const lane = async () => {
        for (const lie of lies) await meet(lie);
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    }, 180_000);

    const meet = ({ name, at, fault }: Lie) =>
      withLiar(async (liar, host, user) => {
        const pull = () => user.ecli(['pull', '-o', 'got.json', `${host}/org/tool:v1`]);
        liar.failAlways(at, fault);
        const result = await pull();
        const left = [...user.files(), ...user.wrongInCache()];
        liar.reset();
        const afterwards = await pull();
        const got = afterwards.code === 0 ? readFileSync(join(user.folder, 'got.json')) : Buffer.alloc(0);
        outcomes.set(name, { result, left, afterwards, got });
      });

    test.each(LIES.map((lie) => [lie.name, lie] as const))('%s', (name, { says }) => {
      const outcome = outcomes.get(name);
      expect(outcome).toBeDefined();
      if (!outcome) return;
      const { result, left, afterwards, got } = outcome;
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toMatch(/^error: Failed to pull from registry: localhost:\d+\/org\/tool:v1: /);
      expect(result.stderr).toMatch(says);
      expect(result.stderr).not.toContain('wonder');
      expect(result.stderr).not.toContain(secret);
      expectPlainWords(result);
      expect(left).toEqual([]);
      expect(afterwards).toMatchObject({ code: 0 });
      expect(got).toEqual(readFileSync(packageFile));
    });
  });

  test('nothing that is wrong is run', () =>
    withLiar(async (liar, host, user) => {
      liar.failAlways(BLOB, wrongByte);
      const result = await user.ecli(['run', '--timeout', '1', `${host}/org/tool:v1`]);
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toMatch(/digest/);
    }));

  test('a layer that is cut again and again is had piece by piece', () =>
    withLiar(async (liar, host, user) => {
      liar.failAlways(BLOB, cutAfter(1000));
      expect(await user.ecli(['pull', `${host}/org/tool:v1`])).toMatchObject({ code: 0 });
      expect(readFileSync(join(user.folder, 'package.json'))).toEqual(readFileSync(packageFile));
      const ranges = liar.requests.flatMap(({ target, headers: sent }) =>
        target.includes('/blobs/sha256') ? [sent['range']] : [],
      );
      expect(ranges.slice(0, 3)).toEqual([undefined, 'bytes=1000-', 'bytes=2000-']);
    }));

  describe('credentials stay with their registry', () => {
    let elsewhere: FaultyServer;
    beforeAll(async () => {
      elsewhere = await FaultyServer.start();
    });
    afterAll(() => elsewhere.close());

    /** Everything that went elsewhere, and whether anything of the user's was in it. */
    const givenAway = () =>
      elsewhere.requests.filter(({ target, headers: sent, body }: RecordedRequest) => {
        const all = [target, ...Object.values(sent), Buffer.from(body).toString()].join('\n');
        return sent['authorization'] !== undefined || all.includes('wonder') || all.includes(secret);
      });

    test('where a layer lies elsewhere', () =>
      withLiar(async (liar, host, user) => {
        elsewhere.reset();
        elsewhere.serve('/layer', readFileSync(packageFile));
        liar.failAlways(BLOB, redirect(new URL('/layer', elsewhere.url)));
        const pulled = await user.ecli(['pull', `${host}/org/tool:v1`]);
        expect(elsewhere.requests.length).toBeGreaterThan(0);
        expect(givenAway()).toEqual([]);
        expect(pulled).toMatchObject({ code: 0 });
      }));

    test('where elsewhere asks for them', () =>
      withLiar(async (liar, host, user) => {
        elsewhere.reset();
        const challenge = status(401, { 'www-authenticate': 'Basic realm="give"' });
        elsewhere.failAlways({}, challenge);
        liar.failAlways(BLOB, redirect(new URL('/layer', elsewhere.url)));
        liar.failAlways(TAG, redirect(new URL('/v2/org/tool/manifests/v1', elsewhere.url)));
        const pulled = await user.ecli(['pull', `${host}/org/tool:v1`]);
        expect(elsewhere.requests.length).toBeGreaterThan(0);
        expect(givenAway()).toEqual([]);
        expect(pulled).toMatchObject({ code: 1 });
        elsewhere.reset();
      }));

    test('where an upload shall go on elsewhere', () =>
      withLiar(async (liar, host, user) => {
        elsewhere.reset();
        const moved = headers({ location: new URL('/upload?id=1', elsewhere.url).href });
        liar.failAlways({ method: 'POST', path: /\/blobs\/uploads\// }, moved);
        const pushed = await user.ecli(['push', packageFile, `${host}/org/other:v1`]);
        expect(givenAway()).toEqual([]);
        expect(pushed).toMatchObject({ code: 1 });
        expect(pushed.stderr).toMatch(/^error: Failed to push to registry: /);
      }));
  });
});

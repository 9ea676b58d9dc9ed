import { randomBytes } from 'node:crypto';
import { FaultyServer, headers, redirect, status } from '@ecli/http/testing';
import { type CredentialStore, fetchAll, type Registry, type StoredCredentials } from '@ecli/oci';
import { startRegistry, startTokenService, type TestRegistry, type TokenService } from '@ecli/oci/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { blobOf, open, pushImage } from './open-registry.ts';

const STORE = '/home/alice/.docker/config.json';
const WRONG = 'no-longer-true';

function storeOf(stored: StoredCredentials): CredentialStore {
  return { find: () => Promise.resolve(stored) };
}

const stale = storeOf({ kind: 'password', username: 'alice', password: WRONG, origin: STORE });

describe('Registry with a token service', () => {
  let tokens: TokenService;
  let server: TestRegistry;
  let manners: TokenService['manners'];
  const layer = randomBytes(100);
  const warnings: string[] = [];
  const diagnosed: string[] = [];

  beforeAll(async () => {
    tokens = await startTokenService();
    manners = { ...tokens.manners };
    server = await startRegistry({ auth: tokens });
    for (const name of ['public/tool', 'org/tool']) {
      const image = await pushImage(alice().repository(name), layer);
      await alice().repository(name).tag(image, 'v1');
    }
  });
  beforeEach(() => {
    Object.assign(tokens.manners, manners);
    (tokens.requests as unknown[]).length = 0;
    warnings.length = diagnosed.length = 0;
  });
  afterAll(async () => {
    await server.stop();
    await tokens.stop();
  });

  function alice(): Registry {
    return open(server.host, { inline: tokens.credentials });
  }

  function asStored(credentials: CredentialStore): Registry {
    return open(server.host, {
      credentials,
      warn: (line) => warnings.push(line),
      diagnose: (line) => diagnosed.push(line),
    });
  }

  const scopesAsked = () => tokens.requests.map(({ scopes }) => scopes.join(' '));

  test('is asked for one token, which is used until it expires', async () => {
    const repository = alice().repository('org/tool');
    await pushImage(repository, randomBytes(10));
    await repository.manifest('v1');
    await repository.tags();
    // The first thing that a push asks is whether it is there, which takes no more than a pull.
    expect(scopesAsked()).toEqual(['repository:org/tool:pull,push']);
    expect(tokens.requests[0]).toMatchObject({ method: 'GET', account: 'alice', service: tokens.service });
  });

  test('is asked for one token by many at once', async () => {
    const repository = alice().repository('org/tool');
    await Promise.all(Array.from({ length: 8 }, () => repository.manifest('v1')));
    expect(scopesAsked()).toEqual(['repository:org/tool:pull']);
  });

  test('lets anybody pull what is public', async () => {
    const repository = open(server.host).repository('public/tool');
    await expect(repository.manifest('v1')).resolves.toBeDefined();
    await expect(fetchAll(repository, blobOf(layer))).resolves.toHaveLength(100);
    expect(tokens.requests.map(({ account }) => account)).toEqual([undefined]);
  });

  test('says to log in for what is not', async () => {
    await expect(open(server.host).repository('org/tool').manifest('v1')).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      status: 401,
      message: expect.stringContaining(`${server.host}/org/tool:v1: access denied (401`),
      hint: expect.stringContaining(`log in: ecli login ${server.host}`),
    });
  });

  test.each(['token', 'access_token', 'both'] as const)('may call its token %s', async (member) => {
    tokens.manners.member = member;
    tokens.manners.expiresInSeconds = undefined;
    await expect(alice().repository('org/tool').manifest('v1')).resolves.toBeDefined();
  });

  test('sells tokens for an identity token', async () => {
    const store = storeOf({ kind: 'identity-token', token: tokens.refreshToken, origin: STORE });
    await pushImage(asStored(store).repository('org/tool'), randomBytes(10));
    expect(tokens.requests[0]).toMatchObject({
      method: 'POST',
      grantType: 'refresh_token',
      clientId: 'ecli',
      service: tokens.service,
      scopes: ['repository:org/tool:pull,push'],
    });
  });

  test('is given a new token where it has lost patience with the old', async () => {
    const repository = alice().repository('org/tool');
    tokens.manners.lifetimeSeconds = -61;
    await expect(repository.manifest('v1')).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    tokens.manners.lifetimeSeconds = 300;
    await expect(repository.manifest('v1')).resolves.toBeDefined();
    expect(tokens.requests.length).toBeLessThan(6);
  });

  test('is asked without stored credentials that it refuses, for what anybody may read', async () => {
    const repository = asStored(stale).repository('public/tool');
    await expect(repository.manifest('v1')).resolves.toBeDefined();
    await expect(fetchAll(repository, blobOf(layer))).resolves.toHaveLength(100);
    expect(tokens.requests.map(({ account, isRefused }) => [account, isRefused])).toEqual([
      [undefined, true],
      [undefined, false],
    ]);
    expect(warnings).toEqual([`the credentials of alice in ${STORE} were refused; going on without them`]);
  });

  test('says which stored credentials it refuses', async () => {
    const repository = asStored(stale).repository('org/tool');
    for (const attempt of [repository.manifest('v1'), repository.tag(await imageOf(), 'v2')]) {
      await expect(attempt).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    }
    await expect(asStored(stale).checkLogin()).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining(`refuses the credentials of alice in ${STORE}`),
    });
  });

  async function imageOf() {
    return alice().repository('org/tool').resolve('v1');
  }

  test('is not asked without credentials that were given', async () => {
    const inline = { username: 'alice', password: WRONG };
    await expect(
      open(server.host, { inline }).repository('public/tool').manifest('v1'),
    ).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining('refuses the credentials given (of alice)'),
    });
  });

  test.each([
    [500, 'REMOTE_FAILED'],
    [404, 'REGISTRY_DENIED'],
    [429, 'RATE_LIMITED'],
  ])('may fail with %i', async (answer, code) => {
    tokens.manners.status = answer;
    await expect(alice().repository('org/tool').manifest('v1')).rejects.toMatchObject({ code });
  });

  test('shows no secret in what is diagnosed', async () => {
    await asStored(storeOf({ kind: 'password', ...tokens.credentials, origin: STORE }))
      .repository('org/tool')
      .manifest('v1');
    expect(diagnosed.join('\n')).toContain('token for repository:org/tool:pull (the credentials of alice');
    expect(diagnosed.join('\n')).not.toMatch(/wonder|Bearer|eyJ/);
  });
});

describe('Registry that asks for credentials', () => {
  let server: FaultyServer;
  let elsewhere: FaultyServer;
  const inline = { username: 'alice', password: 's3cret' };
  const answer = (body: string) => () => ({ status: 200, headers: {}, body: Buffer.from(body) });

  beforeAll(async () => {
    server = await FaultyServer.start();
    elsewhere = await FaultyServer.start();
  });
  beforeEach(() => {
    server.reset();
    elsewhere.reset();
  });
  afterAll(async () => {
    await server.close();
    await elsewhere.close();
  });

  function demand(challenge: string): void {
    server.failAlways({ path: /^\/v2\// }, status(401, { 'www-authenticate': challenge }));
  }

  test.each([
    ['http, elsewhere', 'http://tokens.example/token', 'is reached over http'],
    ['no URL', 'http://', 'is not a URL'],
    ['another scheme', 'ftp://tokens.example/', 'is not reached over http or https'],
    ['a file', 'file:///etc/passwd', 'is not reached over http or https'],
  ])('sends nothing to a token service by %s', async (_what, realm, message) => {
    demand(`Bearer realm="${realm}",service="x"`);
    await expect(open(server.url.host, { inline }).checkLogin()).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ['no JSON', '<html>'],
    ['no token', '{}'],
    ['a token that is none', '{"token":"a\\r\\nx: y"}'],
    ['a number', '{"token":7}'],
    ['a list', '[]'],
  ])('has a token service that answers with %s', async (_what, body) => {
    demand(`Bearer realm="${elsewhere.url.href}token"`);
    elsewhere.answer('/token', answer(body));
    await expect(open(server.url.host, { inline }).checkLogin()).rejects.toMatchObject({
      code: 'REMOTE_FAILED',
      message: expect.stringContaining('answers without a token'),
    });
  });

  test('is given up where it refuses what its token service grants', async () => {
    demand(`Bearer realm="${elsewhere.url.href}token",scope="repository:x:pull",error="insufficient_scope"`);
    elsewhere.answer('/token', answer('{"token":"abc","expires_in":-5}'));
    const repository = open(server.url.host, { inline }).repository('a');
    await expect(repository.manifest('v1')).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    const asked = elsewhere.requests.map(({ target }) =>
      new URL(target, elsewhere.url).searchParams.getAll('scope'),
    );
    expect(asked).toEqual([['repository:a:pull'], ['repository:a:pull', 'repository:x:pull']]);
    expect(server.requests.length).toBeLessThan(6);
  });

  test('mounts nothing from where the user may not read', async () => {
    demand(`Bearer realm="${elsewhere.url.href}token"`);
    elsewhere.failAlways({}, status(403));
    const repository = open(server.url.host, { inline }).repository('a');
    await expect(repository.mount(blobOf(Buffer.from('x')), 'b')).resolves.toBe(false);
    const [asked] = elsewhere.requests.map(({ target }) => new URL(target, elsewhere.url).searchParams);
    expect(asked?.getAll('scope')).toEqual(['repository:a:pull,push', 'repository:b:pull']);
  });

  test('is not helped by ways that are not known', async () => {
    demand('Negotiate, Digest realm="x"');
    await expect(open(server.url.host, { inline }).checkLogin()).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
    });
    expect(server.requests.map(({ headers: sent }) => sent['authorization'])).toEqual([undefined]);
  });

  test('does not lead an identity token elsewhere', async () => {
    const stranger = await FaultyServer.start();
    try {
      demand(`Bearer realm="${elsewhere.url.href}token"`);
      elsewhere.failAlways({}, redirect(new URL('/take', stranger.url)));
      const identity = { username: '<token>', password: 's3cret' };
      await expect(open(server.url.host, { inline: identity }).checkLogin()).rejects.toMatchObject({
        code: 'REMOTE_FAILED',
      });
      const named = open(server.url.host, { inline });
      await expect(named.checkLogin()).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
      expect(stranger.requests.map(({ headers: sent }) => sent['authorization'])).toEqual([undefined]);
      expect(JSON.stringify(stranger.requests)).not.toContain('s3cret');
    } finally {
      await stranger.close();
    }
  });

  test('has a page of its own for people', async () => {
    server.failAlways({ path: /^\/v2\// }, headers({ 'content-type': 'text/html' }));
    await expect(open(server.url.host).checkLogin()).rejects.toMatchObject({
      message: expect.stringContaining('a web server answers, and no registry'),
      hint: expect.stringContaining('the host you meant?'),
    });
  });
});

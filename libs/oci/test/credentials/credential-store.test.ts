import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { credentialFiles, findCredentialStore, whereCredentialsAre } from '@ecli/oci';
import { FakeHome } from './fake-home.ts';

let home: FakeHome;
let warnings: string[];
beforeEach(() => {
  home = new FakeHome();
  warnings = [];
});
afterEach(() => home.remove());

const entry = (username: string) => ({ auth: Buffer.from(`${username}:pw`).toString('base64') });
const open = (environment: Record<string, string> = {}) =>
  findCredentialStore({ ...home.environment, ...environment }, { warn: (line) => warnings.push(line) });
/** The name that is found, or the token. */
const find = async (registry: string, repository?: string, environment?: Record<string, string>) => {
  const found = await open(environment).find(registry, repository);
  return found?.kind === 'password' ? found.username : found?.token;
};

describe('stored credentials', () => {
  test('are none where there are no files', async () => {
    expect(await find('ghcr.io', 'org/tool')).toBeUndefined();
  });

  test("are docker's, then podman's", async () => {
    home.write(home.docker, { auths: { 'a.io': entry('docker') } });
    home.write(home.podmanRuntime, { auths: { 'a.io': entry('runtime'), 'b.io': entry('runtime') } });
    home.write(home.podman, { auths: { 'b.io': entry('podman'), 'c.io': entry('podman') } });
    expect(await Promise.all(['a.io', 'b.io', 'c.io', 'd.io'].map((host) => find(host)))).toEqual([
      'docker',
      'runtime',
      'podman',
      undefined,
    ]);
  });

  test('say where they were found', async () => {
    home.write(home.docker, { auths: { 'a.io': entry('alice') } });
    expect(await open().find('a.io')).toEqual({
      kind: 'password',
      username: 'alice',
      password: 'pw',
      origin: home.docker,
    });
  });

  test('are of the file that REGISTRY_AUTH_FILE names, alone', async () => {
    home.write(home.docker, { auths: { 'a.io': entry('docker'), 'b.io': entry('docker') } });
    const file = home.write(join(home.folder, 'auth.json'), { auths: { 'a.io': entry('file') } });
    const environment = { REGISTRY_AUTH_FILE: file };
    expect(await find('a.io', undefined, environment)).toBe('file');
    expect(await find('b.io', undefined, environment)).toBeUndefined();
    expect(await find('b.io', undefined, { REGISTRY_AUTH_FILE: `${file}.none` })).toBeUndefined();
  });

  test('are of the folder that DOCKER_CONFIG names, instead of ~/.docker', async () => {
    home.write(home.docker, { auths: { 'a.io': entry('home') } });
    home.write(join(home.folder, 'other', 'config.json'), { auths: { 'a.io': entry('other') } });
    expect(await find('a.io', undefined, { DOCKER_CONFIG: join(home.folder, 'other') })).toBe('other');
    expect(await find('a.io', undefined, { DOCKER_CONFIG: '' })).toBe('home');
  });

  test('of the longest path count first, in whatever file they are', async () => {
    home.write(home.docker, { auths: { 'a.io': entry('host'), 'a.io/org/x': entry('x') } });
    home.write(home.podman, { auths: { 'a.io/org': entry('org'), 'a.io/org/x/y': entry('y') } });
    const repositories = ['other/x', 'org', 'org/tool', 'organization/x', 'org/x', 'org/x/z', 'org/x/y'];
    expect(await Promise.all(repositories.map((repository) => find('a.io', repository)))).toEqual([
      'host',
      'org',
      'org',
      'host',
      'x',
      'x',
      'y',
    ]);
    expect(await find('a.io')).toBe('host');
  });

  test("of Docker's own registry are found under each of its names", async () => {
    for (const key of [
      'https://index.docker.io/v1/',
      'docker.io',
      'index.docker.io',
      'https://registry-1.docker.io',
    ]) {
      home.write(home.docker, { auths: { [key]: entry('hub') } });
      expect(await find('docker.io', 'library/alpine')).toBe('hub');
    }
  });

  test('may stand under a URL, and count for the whole registry whatever its path', async () => {
    home.write(home.docker, { auths: { 'https://a.io/v1/org': entry('url') } });
    expect(await find('a.io', 'x')).toBe('url');
    expect(await find('b.io', 'x')).toBeUndefined();
  });

  test('may be tokens', async () => {
    home.write(home.docker, {
      auths: { 'a.io': { ...entry('0'), identitytoken: 'identity' }, 'b.io': { registrytoken: 'registry' } },
    });
    expect(await open().find('a.io')).toEqual({
      kind: 'identity-token',
      token: 'identity',
      origin: home.docker,
    });
    expect(await open().find('b.io')).toEqual({
      kind: 'registry-token',
      token: 'registry',
      origin: home.docker,
    });
  });

  test('that other users can read are used, and warned of once', async () => {
    for (const folder of [home.folder, join(home.folder, '.docker')]) {
      home.write(join(folder, 'x'), '');
      chmodSync(folder, 0o755);
    }
    home.write(home.docker, { auths: { 'a.io': entry('alice') } });
    chmodSync(home.docker, 0o644);
    const store = open();
    await store.find('b.io');
    expect(warnings).toEqual([]);
    await store.find('a.io');
    await store.find('a.io');
    expect(warnings).toEqual([expect.stringContaining(`${home.docker}: holds secrets`)]);
    chmodSync(home.folder, 0o700);
    await open().find('a.io');
    expect(warnings).toHaveLength(1);
  });

  test('in a file that is broken are said to be, with the place', async () => {
    home.write(home.podman, '{\n\t"auths": {s3cret}}');
    await expect(find('a.io')).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: `${home.podman}: not JSON at line 2, column 12`,
    });
  });

  test('in a place that is no file are said to be', async () => {
    await expect(find('a.io', undefined, { REGISTRY_AUTH_FILE: home.folder })).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: `${home.folder}: can't be read: a folder, not a file`,
    });
  });
});

describe('credentials of a helper', () => {
  const answer = (username: string, secret = 'pw') =>
    `cat >/dev/null; echo '{"ServerURL":"x","Username":"${username}","Secret":"${secret}"}'`;

  test('count instead of what the file says of the registry, and those of a path before them', async () => {
    home.helper('one', answer('helper'));
    home.write(home.docker, {
      credHelpers: { 'a.io': 'one' },
      auths: { 'a.io': entry('file'), 'a.io/org': entry('org'), 'b.io': entry('file') },
    });
    expect(await find('a.io', 'x')).toBe('helper');
    expect(await find('a.io', 'org/x')).toBe('org');
    expect(await find('b.io', 'x')).toBe('file');
  });

  test('of credHelpers count before those of credsStore', async () => {
    home.helper('one', answer('one'));
    home.helper('all', answer('all'));
    home.write(home.docker, { credHelpers: { 'a.io': 'one' }, credsStore: 'all' });
    expect([await find('a.io'), await find('b.io')]).toEqual(['one', 'all']);
  });

  test('are asked for once, with the host on standard input', async () => {
    home.helper('log', `echo "$1 $(cat)" >> "$0.calls"; ${answer('alice').replace('cat >/dev/null; ', '')}`);
    home.write(home.docker, { credsStore: 'log' });
    const store = open();
    await Promise.all(['x', 'y', 'z'].map((repository) => store.find('a.io', repository)));
    await store.find('docker.io', 'library/x');
    expect(home.calls('log')).toEqual(['get a.io', 'get https://index.docker.io/v1/']);
  });

  test("of the user <token> are an identity token's", async () => {
    home.helper('t', answer('<token>', 'identity'));
    home.write(home.docker, { credsStore: 't' });
    expect(await open().find('a.io')).toEqual({
      kind: 'identity-token',
      token: 'identity',
      origin: 'docker-credential-t',
    });
  });

  test('that it has not are looked for in the next file', async () => {
    home.helper('empty', `echo 'credentials not found in native keychain'; exit 1`);
    home.write(home.docker, { credsStore: 'empty', auths: { 'a.io': entry('file') } });
    expect(await find('a.io')).toBeUndefined();
    home.write(home.podman, { auths: { 'a.io': entry('podman') } });
    expect(await find('a.io')).toBe('podman');
    expect(warnings).toEqual([]);
  });

  test.each([
    ['missing', undefined, /^docker-credential-missing: not found in PATH; going on without credentials$/],
    [
      'fails',
      'echo "no\x1b[2J key" >&2; exit 3',
      /^docker-credential-fails: no\\x1b\[2J key \(get a\.io\); going on/,
    ],
    ['silent', 'exit 1', /^docker-credential-silent: it said nothing/],
    ['prose', 'echo s3cret', /^docker-credential-prose: its answer is not one of a credential helper/],
    ['list', 'echo "[1]"', /^docker-credential-list: its answer is not one/],
    ['half', `echo '{"Secret":"s3cret"'; echo oops >&2; exit 1`, /^docker-credential-half: oops/],
    ['flood', 'yes s3cret', /^docker-credential-flood: more than 1048576 bytes of answer/],
    ['slow', 'sleep 20', /^docker-credential-slow: no answer in 0\.5 s/],
    ['held', 'sleep 20 & exit 0', /^docker-credential-held: no answer in 0\.5 s/],
  ])('that can’t be had are gone without, aloud: %s', async (name, code, warning) => {
    if (code !== undefined) home.helper(name, code);
    home.write(home.docker, { credsStore: name });
    const warn = (line: string) => void warnings.push(line);
    const store = findCredentialStore(home.environment, { warn, helperLimitMs: 500 });
    expect(await store.find('a.io')).toBeUndefined();
    expect(await store.find('a.io', 'x')).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(warning)]);
    expect(warnings.join()).not.toContain('s3cret');
  });

  test.each(['sleep 20', 'kill -INT $$'])('are not gone without where all is to end: %s', async (code) => {
    home.helper('slow', code);
    home.write(home.docker, { credsStore: 'slow' });
    const interruption = new AbortController();
    const warn = (line: string) => void warnings.push(line);
    const store = findCredentialStore(home.environment, { warn, signal: interruption.signal });
    const found = store.find('a.io');
    setImmediate(() => interruption.abort(new Error('stopped')));
    await expect(found).rejects.toThrow('stopped');
    expect(warnings).toEqual([]);
  });
});

describe('the places of credentials', () => {
  test("are docker's and podman's, by the environment", () => {
    const uid = process.getuid?.() ?? 0;
    expect(credentialFiles({ HOME: '/h' })).toEqual([
      '/h/.docker/config.json',
      `/run/containers/${uid}/auth.json`,
      '/h/.config/containers/auth.json',
    ]);
    expect(
      credentialFiles({ HOME: '/h', XDG_RUNTIME_DIR: '/r', XDG_CONFIG_HOME: '/c', DOCKER_CONFIG: '/d' }),
    ).toEqual(['/d/config.json', '/r/containers/auth.json', '/c/containers/auth.json']);
    expect(credentialFiles({ HOME: '/h', DOCKER_CONFIG: '/d', REGISTRY_AUTH_FILE: '/f' })).toEqual(['/f']);
  });

  test('are named for whoever was refused', () => {
    expect(whereCredentialsAre({ REGISTRY_AUTH_FILE: '/f' })).toBe('credentials are looked for in /f');
    const underSudo = whereCredentialsAre({ REGISTRY_AUTH_FILE: '/f', SUDO_USER: 'alice' });
    expect(underSudo.includes('~alice/.docker')).toBe(process.getuid?.() === 0);
  });
});

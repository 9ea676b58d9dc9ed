import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { eraseAllCredentials, eraseCredentials, findCredentialStore, saveCredentials } from '@ecli/oci';
import { FakeHome } from './fake-home.ts';

let home: FakeHome;
beforeEach(() => {
  home = new FakeHome();
});
afterEach(() => home.remove());

const alice = { username: 'alice', password: 's3:cret' };
const auth = Buffer.from('alice:s3:cret').toString('base64');
const save = (registry: string, path?: string, environment = {}) =>
  saveCredentials({ registry, ...(path && { path }) }, alice, { ...home.environment, ...environment });
const erase = (registry: string, path?: string) =>
  eraseCredentials({ registry, ...(path && { path }) }, home.environment);
const file = (name: string) => ({ kind: 'file', name });
const helper = (name: string) => ({ kind: 'helper', name: `docker-credential-${name}` });
const modeOf = (path: string) => statSync(path).mode & 0o777;
const isRoot = process.getuid?.() === 0;

describe('saving credentials', () => {
  test("makes docker's file, for its owner alone", async () => {
    expect(await save('ghcr.io')).toEqual(file(home.docker));
    expect(readFileSync(home.docker, 'utf8')).toBe(
      `{\n\t"auths": {\n\t\t"ghcr.io": {\n\t\t\t"auth": "${auth}"\n\t\t}\n\t}\n}`,
    );
    expect([modeOf(home.docker), modeOf(dirname(home.docker))]).toEqual([0o600, 0o700]);
    expect(readdirSync(dirname(home.docker))).toEqual(['config.json']);
  });

  test('is found again, also that of Docker’s own registry and of a path', async () => {
    await save('docker.io');
    await save('ghcr.io', 'org');
    const store = findCredentialStore(home.environment);
    expect(await store.find('docker.io', 'library/x')).toMatchObject(alice);
    expect(await store.find('ghcr.io', 'org/tool')).toMatchObject(alice);
    expect(await store.find('ghcr.io', 'other')).toBeUndefined();
    expect(Object.keys((home.read(home.docker) as { auths: object }).auths)).toEqual([
      'https://index.docker.io/v1/',
      'ghcr.io/org',
    ]);
  });

  test('keeps what else is in the file, and takes it from other users', async () => {
    home.write(
      home.docker,
      '{"HttpHeaders":{"b":1,"a":2},"auths":{"x.io":{"auth":"eDp5"}},"detachKeys":"ctrl-e"}',
    );
    chmodSync(home.docker, 0o644);
    await save('ghcr.io');
    expect(Object.keys(home.read(home.docker) as object)).toEqual(['HttpHeaders', 'auths', 'detachKeys']);
    expect(home.read(home.docker)).toMatchObject({
      auths: { 'x.io': { auth: 'eDp5' }, 'ghcr.io': { auth } },
    });
    expect(modeOf(home.docker)).toBe(0o600);
  });

  test('goes to REGISTRY_AUTH_FILE where that is set', async () => {
    const path = join(home.folder, 'a', 'b', 'auth.json');
    expect(await save('ghcr.io', undefined, { REGISTRY_AUTH_FILE: path })).toEqual(file(path));
    expect(home.read(path)).toEqual({ auths: { 'ghcr.io': { auth } } });
  });

  test.each([true, false])('follows a symbolic link, where the file is there: %s', async (exists) => {
    const target = join(home.folder, 'dotfiles', 'docker.json');
    if (exists) home.write(target, '{"k":1}');
    mkdirSync(dirname(home.docker));
    symlinkSync('../dotfiles/docker.json', home.docker);
    await save('ghcr.io');
    expect(lstatSync(home.docker).isSymbolicLink()).toBe(true);
    expect(home.read(target)).toMatchObject({ auths: { 'ghcr.io': { auth } } });
  });

  test('refuses links in a circle', async () => {
    mkdirSync(dirname(home.docker));
    symlinkSync('config.json', home.docker);
    await expect(save('ghcr.io')).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
  });

  test('leaves a broken file as it is', async () => {
    home.write(home.docker, '{"auths":');
    await expect(save('ghcr.io')).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
    expect(readFileSync(home.docker, 'utf8')).toBe('{"auths":');
  });

  test('loses none of many at once', async () => {
    const hosts = Array.from({ length: 40 }, (_, index) => `r${index}.io`);
    await Promise.all(hosts.map((host) => save(host)));
    const { auths } = home.read(home.docker) as { auths: object };
    expect(Object.keys(auths).sort()).toEqual([...hosts].sort());
    expect(readdirSync(dirname(home.docker))).toEqual(['config.json']);
  });

  test('goes on where another was killed half-way, and removes what it left', async () => {
    home.write(home.docker, '{"auths":{}}');
    const folder = dirname(home.docker);
    const { pid } = spawnSync('true');
    const startedAt = '1';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').split('-', 1)[0];
    const namespace = String(statSync('/proc/self/ns/pid').ino);
    symlinkSync(`${pid}-${startedAt}-${boot}-${namespace}.abc`, join(folder, '.config.json.ecli-lock'));
    writeFileSync(join(folder, '.config.json.ecli-new-123'), '{"auths":{"half');
    await save('ghcr.io');
    expect(readdirSync(folder)).toEqual(['config.json']);
  });

  (isRoot ? test : test.skip)('leaves a user’s file the user’s when root changes it', async () => {
    home.write(home.docker, '{}');
    chownSync(home.docker, 12345, 12346);
    await save('ghcr.io');
    expect(statSync(home.docker)).toMatchObject({ uid: 12345, gid: 12346 });
  });

  test.each([
    [{ username: '', password: 'x' }, /the user name is empty/],
    [{ username: 'x', password: '' }, /the password is empty/],
    [{ username: 'a:b', password: 'x' }, /a colon/],
    [{ username: 'a', password: 's3cret\n' }, /control character/],
  ])('refuses what no registry can take: %j', async (credentials, message) => {
    const saving = saveCredentials({ registry: 'a.io' }, credentials, home.environment);
    await expect(saving).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test('goes to the helper that is set, and takes what stood in the file out of it', async () => {
    home.helper('chain');
    home.write(home.docker, { credHelpers: { 'ghcr.io': 'chain' }, auths: { 'ghcr.io': { auth } } });
    expect(await save('ghcr.io')).toEqual(helper('chain'));
    expect(home.read(home.docker)).toEqual({ credHelpers: { 'ghcr.io': 'chain' }, auths: { 'ghcr.io': {} } });
    expect(await findCredentialStore(home.environment).find('ghcr.io')).toMatchObject(alice);
    expect(await save('ghcr.io', 'org')).toEqual(file(home.docker));
    expect(await save('x.io')).toEqual(file(home.docker));
  });

  test('fails where the helper does, and shows no secret', async () => {
    home.write(home.docker, { credsStore: 'gone' });
    await expect(save('ghcr.io')).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    home.helper('gone', 'cat; cat >&2; echo locked: s3:cret >&2; exit 1');
    const error: unknown = await save('ghcr.io').catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringMatching(/locked: \*\*\*/),
    });
    expect(JSON.stringify([String(error), error])).not.toContain('s3:cret');
    expect(home.read(home.docker)).toEqual({ credsStore: 'gone' });
  });
});

describe('erasing credentials', () => {
  test('takes them out of every file, under every name, and says where they were', async () => {
    home.write(home.docker, {
      auths: { 'ghcr.io': { auth }, 'https://ghcr.io/v2/': { auth }, 'x.io': { auth } },
      k: 1,
    });
    home.write(home.podman, { auths: { 'ghcr.io': { auth }, 'ghcr.io/org': { auth } } });
    expect(await erase('ghcr.io')).toEqual([file(home.docker), file(home.podman)]);
    expect(home.read(home.docker)).toEqual({ auths: { 'x.io': { auth } }, k: 1 });
    expect(home.read(home.podman)).toEqual({ auths: { 'ghcr.io/org': { auth } } });
    expect(await erase('ghcr.io', 'org')).toEqual([file(home.podman)]);
    expect(await erase('ghcr.io')).toEqual([]);
  });

  test('makes no files where there are none', async () => {
    expect(await erase('ghcr.io')).toEqual([]);
    expect(await eraseAllCredentials(home.environment)).toEqual([]);
    expect(readdirSync(home.folder)).toEqual([]);
  });

  test('takes them out of the helper', async () => {
    home.helper('chain');
    home.write(home.docker, { credsStore: 'chain' });
    await save('docker.io');
    await save('ghcr.io');
    expect(await erase('docker.io')).toEqual([helper('chain')]);
    expect(await erase('docker.io')).toEqual([]);
    const store = findCredentialStore(home.environment);
    expect(await store.find('docker.io')).toBeUndefined();
    expect(await store.find('ghcr.io')).toMatchObject(alice);
    expect(home.read(home.docker)).toEqual({ credsStore: 'chain', auths: { 'ghcr.io': {} } });
  });

  test('of all takes everything, of helpers what is theirs by the file', async () => {
    home.helper('chain');
    home.helper('other');
    home.write(home.docker, {
      credsStore: 'chain',
      credHelpers: { 'a.io': 'other' },
      auths: { 'p.io/x': { auth } },
    });
    await save('a.io');
    await save('b.io');
    expect(await eraseAllCredentials(home.environment)).toEqual([
      helper('other'),
      helper('chain'),
      file(home.docker),
    ]);
    expect(home.read(home.docker)).toEqual({
      credsStore: 'chain',
      credHelpers: { 'a.io': 'other' },
      auths: {},
    });
    expect(await findCredentialStore(home.environment).find('b.io')).toBeUndefined();
    expect(await eraseAllCredentials(home.environment)).toEqual([]);
  });

  test('goes on where one place fails, and tells it then', async () => {
    home.write(home.docker, { credsStore: 'gone' });
    home.write(home.podman, { auths: { 'ghcr.io': { auth } } });
    await expect(erase('ghcr.io')).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    expect(home.read(home.podman)).toEqual({ auths: {} });
  });
});

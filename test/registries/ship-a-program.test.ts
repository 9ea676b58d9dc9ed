import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { type TestRegistry, startRegistry } from '@ecli/oci/testing';
import { cpSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository, temporaryFolder } from '../harness/index.ts';
import { type RegistryUser, registryUser } from './registry-user.ts';

/** As README's "OCI Registry Operations" tells it, with a registry that wants to know who comes. */
describe('a program is shipped', () => {
  const folder = temporaryFolder();
  const packageFile = join(folder, 'dist/package.json');
  let registry: TestRegistry;
  let owner: RegistryUser;
  let tool: string;

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'htpasswd', tls: true });
    owner = registryUser(folder);
    tool = `${registry.host}/yourorg/mytool`;
    cpSync(join(repository, 'examples/opens'), folder, { recursive: true });
    const built = await owner.ecli(['build', join(folder, 'opens.bpf.c'), '-o', join(folder, 'dist')]);
    expect(built).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(() => registry.stop());

  const caFile = () => ['--ca-file', registry.caFile ?? ''];
  const login = (user: RegistryUser, input = registry.credentials.password) =>
    user.ecli(['login', ...caFile(), '-u', 'alice', '--password-stdin', registry.host], { input });
  const push = (user: RegistryUser, ...args: readonly string[]) =>
    user.ecli(['push', ...caFile(), packageFile, ...args]);
  const pull = (user: RegistryUser, ...args: readonly string[]) => user.ecli(['pull', ...caFile(), ...args]);

  test('not before its owner has logged in', async () => {
    const pushed = await push(owner, `${tool}:v1.0`);
    expect(pushed).toMatchObject({ code: 1, stdout: '' });
    expect(pushed.stderr).toMatch(/^error: Failed to push to registry: .*\nhint: .*ecli login localhost:/);
    const refused = await login(owner, 'wonder');
    expect(refused).toMatchObject({ code: 1 });
    expect(existsSync(owner.settingsFile)).toBe(false);
  });

  test('login, push, and pull as package.json', async () => {
    expect(await login(owner)).toMatchObject({ code: 0 });
    const pushed = await push(owner, `${tool}:v1.0`);
    expect(pushed).toMatchObject({ code: 0, stderr: '' });
    expect(pushed.stdout).toMatch(/^localhost:\d+\/yourorg\/mytool:v1\.0@sha256:[0-9a-f]{64}\n$/);
    const pulled = await pull(owner, `${tool}:v1.0`);
    expect(pulled).toMatchObject({ code: 0, stderr: '' });
    expect(owner.files()).toEqual(['package.json']);
    expect(readFileSync(join(owner.folder, 'package.json'))).toEqual(readFileSync(packageFile));
  });

  test('with credentials in the reference, which nothing tells of', async () => {
    const user = registryUser(folder);
    const { username, password } = registry.credentials;
    const target = `https://${username}:${encodeURIComponent(password)}@${tool}:v1.1`;
    const results = [await push(user, target), await pull(user, '-v', target)];
    for (const { code, stdout, stderr } of results) {
      expect(code).toBe(0);
      expect(stdout + stderr).not.toMatch(/wonder|alice|YWxpY2U/);
    }
    const stored = user.cached().filter((path) => /index\.json|oci-layout/.test(path));
    expect(stored.length).toBeGreaterThan(0);
    expect(user.references()).toEqual([`${tool}:v1.1`]);
  });

  kernelTest('run, offline the second time', async () => {
    const user = registryUser(folder);
    await login(user);
    const opens = join(user.folder, 'opened-ready');
    const runOnce = async (...args: readonly string[]) => {
      const cli = user.startEcli(['run', ...caFile(), ...args, '--pid', String(process.pid)]);
      const row = await cli.untilLine(/opened-ready/, () => tryOpen(opens));
      cli.signal('SIGINT');
      const { code, stderr } = await cli.result;
      return { code, stderr, row };
    };
    const first = await runOnce(`${tool}:v1.0`);
    expect(first).toMatchObject({ code: 130, stderr: '' });
    const digest = /sha256:[0-9a-f]{64}/.exec((await pull(user, '-j', `${tool}:v1.0`)).stdout)?.[0] ?? '';

    await registry.goAway();
    try {
      const byTag = await runOnce(`${tool}:v1.0`);
      expect(byTag.code).toBe(130);
      expect(byTag.stderr).toMatch(/warn: .*connection refused.*takes what the cache has/);
      const byDigest = await runOnce(`${tool}@${digest}`);
      expect(byDigest).toMatchObject({ code: 130, stderr: '' });
      const never = await runOnce('--pull', 'never', `${tool}:v1.0`);
      expect(never).toMatchObject({ code: 130, stderr: '' });
      const always = await user.ecli(['run', ...caFile(), '--pull', 'always', `${tool}:v1.0`]);
      expect(always).toMatchObject({ code: 1, stdout: '' });
      expect(always.stderr).toMatch(/^error: Failed to pull from registry: .*connection refused/);
    } finally {
      await registry.comeBack();
    }
  });

  test('a tag that is missing is said to be, with those that are there', async () => {
    const pulled = await pull(owner, tool);
    expect(pulled).toMatchObject({ code: 1, stdout: '' });
    expect(pulled.stderr).toMatch(/^error: Failed to pull from registry: .*mytool:latest: not found/);
    expect(pulled.stderr).toMatch(/hint: .*v1\.0/);
  });

  test('a certificate that nobody vouches for is refused, with what to do', async () => {
    const pulled = await registryUser(folder).ecli(['pull', `${tool}:v1.0`]);
    expect(pulled).toMatchObject({ code: 1, stdout: '' });
    expect(pulled.stderr).toMatch(
      /^error: Failed to pull from registry: .*certificate.*\nhint: .*--ca-file/s,
    );
  });

  test('logout, and the program is out of reach', async () => {
    expect(await owner.ecli(['logout', registry.host])).toMatchObject({ code: 0 });
    expect(readFileSync(owner.settingsFile, 'utf8')).not.toContain(registry.host);
    const pulled = await pull(owner, '--pull', 'always', `${tool}:v1.0`);
    expect(pulled).toMatchObject({ code: 1, stdout: '' });
    expect(pulled.stderr).toMatch(/^error: Failed to pull from registry: .*\nhint: .*ecli login localhost:/);
  });
});

/** Has the file looked for, which is not there: the program sees that as well. */
function tryOpen(path: string): void {
  try {
    openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry, type TestRegistry } from '@ecli/oci/testing';
import { buildCommandLine, outcome, type Outcome, start } from './command-line.ts';
import { PseudoTerminal, type PseudoTerminalOptions } from './pseudo-terminal.ts';

jest.setTimeout(30_000);

let registry: TestRegistry;
let anybodys: TestRegistry;
let username: string;
let password: string;
let home: string;
let config: string;
let said: string[];
const open = new Set<PseudoTerminal>();

beforeAll(async () => {
  buildCommandLine();
  [registry, anybodys] = await Promise.all([startRegistry({ auth: 'htpasswd' }), startRegistry()]);
  ({ username, password } = registry.credentials);
}, 60_000);

afterAll(() => Promise.all([registry.stop(), anybodys.stop()]));

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ecli-test-login-'));
  config = join(home, '.docker', 'config.json');
  said = [];
});

afterEach(() => {
  for (const window of open) {
    said.push(window.raw);
    window.close();
  }
  open.clear();
  rmSync(home, { recursive: true, force: true });
  expect(said.join()).not.toContain(password);
  expect(said.join()).not.toContain(Buffer.from(`${username}:${password}`).toString('base64'));
});

const environment = () => ({
  HOME: home,
  XDG_RUNTIME_DIR: home,
  XDG_CONFIG_HOME: '',
  DOCKER_CONFIG: '',
  REGISTRY_AUTH_FILE: '',
});

async function ecli(args: readonly string[], input?: string, env = {}): Promise<Outcome> {
  const child = start(args, {
    env: { ...environment(), ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  const result = await outcome(child);
  said.push(result.stdout, result.stderr);
  return result;
}

function window(args: readonly string[], options?: PseudoTerminalOptions): PseudoTerminal {
  const opened = new PseudoTerminal(args, { env: environment(), ...options });
  open.add(opened);
  return opened;
}

const logIn = (where = registry.host, ...flags: readonly string[]) =>
  ecli(['login', '-v', '-u', username, '--password-stdin', ...flags, where], `${password}\n`);
const read = (): unknown => JSON.parse(readFileSync(config, 'utf8'));
const isAsked = (question: string) => (lines: readonly string[]) =>
  lines.some((line) => line.startsWith(question));

describe('ecli login', () => {
  test('checks and stores a password from standard input, where docker has its own', async () => {
    const { code, stdout, stderr } = await logIn();
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `Login succeeded: ${registry.host}, stored in ${config}\n`,
    });
    expect(stderr).toContain(`warn: ${config}: the password is not encrypted there`);
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    expect(read()).toEqual({ auths: { [registry.host]: { auth } } });
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect((await ecli(['login', '--get-login', registry.host])).stdout).toBe(`${username}\n`);
  });

  test('refuses a wrong password, and stores nothing', async () => {
    const { code, stdout, stderr } = await ecli(
      ['login', '-v', '-u', username, '--password-stdin', registry.host],
      'wr0ngpassword',
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`error: ${registry.host}: the user name or password is wrong (401`);
    expect(stderr).not.toContain('wr0ngpassword');
    expect(() => read()).toThrow(/ENOENT/);
  });

  test.each([
    (host: string) => `http://${host}/v2/`,
    (host: string) => `${host}/`,
    (host: string) => host.toUpperCase(),
  ])('takes a registry as people write it', async (spell) => {
    expect((await logIn(spell(registry.host))).stdout).toBe(
      `Login succeeded: ${registry.host}, stored in ${config}\n`,
    );
  });

  test('stores a login of a path under it', async () => {
    expect((await logIn(`${registry.host}/org`)).code).toBe(0);
    expect(Object.keys((read() as { auths: object }).auths)).toEqual([`${registry.host}/org`]);
  });

  test('loses none of eight at once', async () => {
    const paths = Array.from({ length: 8 }, (_, index) => `${registry.host}/org${index}`);
    await Promise.all(paths.map((path) => logIn(path)));
    expect(Object.keys((read() as { auths: object }).auths).sort()).toEqual(paths);
  });

  test('says when a registry lets anybody in', async () => {
    const { code, stderr } = await logIn(anybodys.host);
    expect(code).toBe(0);
    expect(stderr).toContain(
      `warn: ${anybodys.host}: lets anybody in, so that the password was not checked\n`,
    );
  });

  test('stores where the credential helper does', async () => {
    const bin = join(home, 'bin');
    mkdirSync(bin);
    const stored = join(home, 'stored');
    writeFileSync(join(bin, 'docker-credential-test'), `#!/bin/sh\ncat > ${stored}\n`, { mode: 0o755 });
    mkdirSync(join(home, '.docker'));
    writeFileSync(config, '{"credsStore":"test"}');
    const result = await ecli(['login', '-u', username, '--password-stdin', registry.host], password, {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    });
    expect(result).toMatchObject({
      code: 0,
      stdout: `Login succeeded: ${registry.host}, stored by docker-credential-test\n`,
      stderr: '',
    });
    expect(JSON.parse(readFileSync(stored, 'utf8'))).toEqual({
      ServerURL: registry.host,
      Username: username,
      Secret: password,
    });
  });

  test.each([
    [
      ['login', '-p', 'wonder:land', 'ghcr.io'],
      /^error: --password: not taken, for every user .*\nhint: .*--password-stdin HOST/,
    ],
    [
      ['login', '-u', 'alice', 'ghcr.io'],
      /^error: standard input is no terminal, .*\nhint: send it: ecli login -u alice --password-stdin ghcr\.io </,
    ],
    [['login', '--password-stdin', 'ghcr.io'], /^error: --password-stdin: whose password it is/],
    [
      ['login', 'https://alice:wonder:land@ghcr.io'],
      /^error: https:\/\/\*\*\*@ghcr\.io\/: a registry without credentials/,
    ],
    [['login', 'ghcr'], /^error: ghcr: not the host of a registry\nhint: a host has a dot/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await ecli(args);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(message);
  });

  test('says that nobody is logged in', async () => {
    expect(await ecli(['login', '--get-login', 'ghcr.io'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'not logged in to ghcr.io\n',
    });
  });

  test('says where a broken file is broken, and leaves it', async () => {
    mkdirSync(join(home, '.docker'));
    writeFileSync(config, `{"auths": {"x": "${password}"`);
    const { code, stderr } = await logIn();
    expect(code).toBe(1);
    expect(stderr).toContain(`${config}: not JSON at line 1, column`);
  });
});

describe('ecli login at a terminal', () => {
  test('asks for name and password, and shows the name alone', async () => {
    const window_ = window(['login', registry.host]);
    await window_.until(isAsked('Username:'));
    window_.type(`${username}\r`);
    await window_.until(isAsked('Password:'));
    window_.type(`x\x7f${password}\r`);
    expect(await window_.code).toBe(0);
    expect(window_.screen.history.slice(0, 3)).toEqual([
      `Username: ${username}`,
      'Password: ',
      expect.stringMatching(/^Login succeeded: localhost:\d+, stored in /),
    ]);
  });

  test('asks also where standard output and standard error are read by others', async () => {
    const window_ = window(['login', registry.host], {
      shell: '"$@" >$HOME/out 2>$HOME/err',
      env: environment(),
    });
    await window_.until(isAsked('Username:'));
    window_.type(`${username}\r`);
    await window_.until(isAsked('Password:'));
    window_.type(`${password}\r`);
    expect(await window_.code).toBe(0);
    expect(readFileSync(join(home, 'out'), 'utf8')).toMatch(/^Login succeeded/);
  });

  test('proposes who is logged in', async () => {
    await logIn();
    const window_ = window(['login', registry.host]);
    await window_.until(isAsked(`Username (${username}):`));
    window_.type('\r');
    await window_.until(isAsked('Password:'));
    window_.type(`${password}\r`);
    expect(await window_.code).toBe(0);
  });

  test.each([
    ['Username:', [], ''],
    ['Password:', ['-u', 'alice'], 'half a passw'],
  ])('ends at Ctrl-C with the terminal as it was: at %s', async (question, flags, typed) => {
    const window_ = window(['login', ...flags, registry.host], {
      env: environment(),
      shell: 'trap : INT; stty -g >$HOME/before; "$@"; code=$?; stty -g >$HOME/after; exit $code',
    });
    await window_.until(isAsked(question));
    window_.type(typed);
    window_.type('\x03');
    expect(await window_.code).toBe(130);
    expect(window_.raw).not.toContain('half');
    const [before, after] = ['before', 'after'].map((name) => readFileSync(join(home, name), 'utf8'));
    expect(after).toBe(before);
  });

  test('ends at Ctrl-D without a login', async () => {
    const window_ = window(['login', '-u', 'alice', registry.host]);
    await window_.until(isAsked('Password:'));
    window_.type('\x04');
    expect(await window_.code).toBe(2);
  });
});

describe('ecli logout', () => {
  test('forgets a login wherever it is, and says where', async () => {
    await logIn();
    const podman = join(home, 'containers', 'auth.json');
    await ecli(['login', '-u', username, '--password-stdin', registry.host], password, {
      REGISTRY_AUTH_FILE: podman,
    });
    expect(await ecli(['logout', `http://${registry.host}`])).toMatchObject({
      code: 0,
      stdout: `Logged out of ${registry.host}: removed from ${config}, ${podman}\n`,
    });
    expect(read()).toEqual({ auths: {} });
    expect(await ecli(['logout', registry.host])).toMatchObject({
      code: 0,
      stdout: `Not logged in to ${registry.host}\n`,
    });
  });

  test('forgets all logins', async () => {
    await logIn();
    await logIn(`${registry.host}/org`);
    expect((await ecli(['logout', '--all'])).stdout).toBe(
      `Logged out of all registries: removed from ${config}\n`,
    );
    expect(read()).toEqual({ auths: {} });
    expect((await ecli(['logout', '--all'])).stdout).toBe('Not logged in to any registry\n');
  });

  test.each([[['logout']], [['logout', '--all', 'ghcr.io']]])('refuses %j', async (args) => {
    expect((await ecli(args)).code).toBe(2);
  });
});

describe('a login', () => {
  test('of ecli is one of skopeo, and the other way round', async () => {
    const skopeo = (...args: readonly string[]) =>
      execFileSync('skopeo', args, {
        env: { PATH: process.env['PATH'], ...environment(), REGISTRY_AUTH_FILE: config },
      }).toString();
    await logIn();
    expect(skopeo('login', '--get-login', registry.host)).toBe(`${username}\n`);
    skopeo('logout', registry.host);
    expect((await ecli(['login', '--get-login', registry.host])).code).toBe(1);
    skopeo('login', '--tls-verify=false', '-u', username, '-p', password, registry.host);
    expect((await ecli(['login', '--get-login', registry.host])).stdout).toBe(`${username}\n`);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, MediaType } from '@ecli/core';
import { HttpClient } from '@ecli/http';
import { packProgram, Registry } from '@ecli/oci';
import { startRegistry, type TestRegistry } from '@ecli/oci/testing';
import { buildCommandLine, outcome, type Outcome, start } from './command-line.ts';

const PASSPHRASE = 'open sesame';

let registry: TestRegistry;
let home: string;
let tool: string;
let digest: string;
let count = 0;
const http = new HttpClient({ environment: {} });

beforeAll(async () => {
  buildCommandLine();
  registry = await startRegistry();
}, 60_000);

afterAll(async () => {
  http.close();
  await registry.stop();
});

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'ecli-test-sign-'));
  tool = `${registry.host}/org/tool-${count++}`;
  digest = await pushProgram();
  makeKey('ours');
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

async function pushProgram(): Promise<string> {
  const content = Buffer.from('{"bpf_object":"","bpf_object_size":0,"meta":{}}');
  const { manifest, blobs } = packProgram({ content, mediaType: MediaType.package, name: 'tool' });
  const credentials = { find: () => Promise.resolve(undefined) };
  const repository = new Registry(registry.host, { http, credentials }).repository(
    tool.split('/').slice(1).join('/'),
  );
  for (const { descriptor, bytes } of [...blobs, manifest]) {
    await repository.push(descriptor, async function* () {
      yield bytes;
    });
  }
  await repository.tag(manifest.descriptor, 'v1');
  expect(digestOf(manifest.bytes)).toBe(manifest.descriptor.digest);
  return manifest.descriptor.digest;
}

function makeKey(name: string, passphrase?: string): void {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  writeFileSync(join(home, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(
    join(home, `${name}.key`),
    privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }),
  );
}

function writePolicy(policy: object): string {
  const path = join(home, 'policy.json');
  writeFileSync(path, JSON.stringify(policy));
  return path;
}

const environment = () => ({ HOME: home, XDG_CONFIG_HOME: '', XDG_CACHE_HOME: '', XDG_RUNTIME_DIR: home });

function image(args: readonly string[], env = {}): Promise<Outcome> {
  return outcome(start(['image', ...args], { cwd: home, env: { ...environment(), ...env } }));
}

describe('ecli image sign', () => {
  test('signs what a tag names now, and says where the signatures are', async () => {
    const signed = await image(['sign', '--key', 'ours.key', '-a', 'commit=abc', `${tool}:v1`]);
    expect(signed).toMatchObject({ code: 0, stderr: '' });
    const [first, tagged, bundle] = signed.stdout.split('\n');
    expect(first).toBe(`signed ${tool}:v1@${digest}`);
    expect(tagged).toBe(`  tag     ${tool}:${digest.replace(':', '-')}.sig`);
    expect(bundle).toMatch(/^ {2}bundle {2}localhost:\d+\/org\/tool-\d+@sha256:[0-9a-f]{64}$/);
    const again = await image([
      'sign',
      '--json',
      '--key',
      'ours.key',
      '-a',
      'commit=abc',
      `${tool}@${digest}`,
    ]);
    expect(JSON.parse(again.stdout)).toMatchObject({
      digest,
      signatures: [{ isNew: false }, { isNew: false }],
    });
  });

  test('takes a passphrase from the environment where nobody can be asked', async () => {
    makeKey('locked', PASSPHRASE);
    const call = ['sign', '--key', 'locked.key', `${tool}:v1`];
    expect(await image(call)).toMatchObject({ code: 2, stderr: expect.stringContaining('COSIGN_PASSWORD') });
    expect(await image(call, { COSIGN_PASSWORD: 'wrong' })).toMatchObject({
      code: 1,
      stderr: 'error: locked.key: the passphrase is wrong, or the file is damaged\n',
    });
    expect(await image(call, { COSIGN_PASSWORD: PASSPHRASE })).toMatchObject({ code: 0 });
  });

  test.each([
    [[], '--key: which key signs must be said'],
    [['--key', 'ours.key', '-a', 'x'], '--annotation x: not a key and its value'],
    [['--key', 'ours.key', '--format', 'bundel'], '--format bundel: no such format'],
  ])('is refused with %j', async (args, message) => {
    const refused = await image(['sign', ...args, `${tool}:v1`]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
  });

  test('says what a key is where there is none', async () => {
    expect((await image(['sign', '--key', 'gone.key', `${tool}:v1`])).stderr).toBe(
      'error: gone.key: no such file\n',
    );
    const refused = await image(['sign', '--key', 'ours.pub', `${tool}:v1`]);
    expect(refused.stderr).toContain(
      'error: ours.pub: public key, no private key\nhint: make one: cosign generate',
    );
  });
});

describe('ecli image verify', () => {
  test('lists who has signed', async () => {
    await image(['sign', '--key', 'ours.key', '-a', 'commit=\x1b[2J', `${tool}:v1`]);
    const verified = await image(['verify', '--key', 'ours.pub', `${tool}:v1`]);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    const lines = verified.stdout.split('\n');
    expect(lines[0]).toBe(`${tool}:v1@${digest} is signed`);
    expect(lines.slice(2, 5).map((line) => line.split(/ {2,}/))).toEqual([
      ['SIGNED BY', 'FOUND IN', 'SIGNED AS', 'ANNOTATIONS'],
      ['the key ours.pub', 'tag', tool, 'commit=\\x1b[2J'],
      ['the key ours.pub', 'bundle', 'commit=\\x1b[2J'],
    ]);
    const { stdout } = await image(['verify', '--json', '--key', 'ours.pub', `${tool}@${digest}`]);
    const signer = { kind: 'key', name: 'ours.pub', algorithm: 'ECDSA P-256' };
    expect(JSON.parse(stdout)).toMatchObject({
      digest,
      signatures: [
        { signer, layout: 'tag', signedAs: tool },
        { signer, layout: 'bundle' },
      ],
    });
  });

  test('fails where it is not signed as asked, and says what would help', async () => {
    makeKey('theirs');
    const unsigned = await image(['verify', '--key', 'ours.pub', `${tool}:v1`]);
    expect(unsigned).toMatchObject({ code: 1, stdout: '' });
    expect(unsigned.stderr).toBe(
      `error: ${tool}:v1@${digest}: refused by --key: there is no signature of it
hint: it must be signed by the key ours.pub
      whoever has the private key signs it so: ecli image sign --key KEY ${tool}@${digest}
`,
    );
    await image(['sign', '--key', 'theirs.key', `${tool}:v1`]);
    const others = await image(['verify', '--key', 'ours.pub', `${tool}:v1`]);
    expect(others.stderr).toContain('no signature of it counts (2 found)');
    expect(await image(['verify', '--key', 'ours.pub', '--key', 'theirs.pub', `${tool}:v1`])).toMatchObject({
      code: 0,
    });
  });

  test('goes by a policy, or else by those that hold here', async () => {
    const open = await image(['verify', `${tool}:v1`]);
    expect(open).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no policy asks for a signature'),
    });
    const registries = { [registry.host]: { type: 'signed', keys: ['ours.pub'] } };
    const policy = writePolicy({ default: { type: 'reject' }, registries });
    const refused = await image(['verify', '--policy', policy, `${tool}:v1`]);
    expect(refused.stderr).toContain(`refused by the rule for ${registry.host} in ${policy}`);
    await image(['sign', '--key', 'ours.key', '--format', 'bundle', `${tool}:v1`]);
    expect(await image(['verify', '--policy', policy, `${tool}:v1`])).toMatchObject({ code: 0 });
  });

  test('needs to know all of an identity', async () => {
    const refused = await image(['verify', '--identity', 'me@example.com', `${tool}:v1`]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('each needs the others') });
    const identity = ['--identity-regexp', '(', '--issuer', 'https://x', '--trust-root', 'root.json'];
    expect((await image(['verify', ...identity, `${tool}:v1`])).stderr).toContain('no regular expression');
  });
});

describe('ecli pull', () => {
  test('takes what is signed as --verify-key asks, and then without the registry too', async () => {
    const pull = (...args: string[]): Promise<Outcome> =>
      outcome(
        start(['pull', '-q', '-o', '-', '--verify-key', 'ours.pub', ...args, `${tool}:v1`], {
          cwd: home,
          env: environment(),
        }),
      );
    expect(await pull()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('refused by --verify-key'),
    });
    await image(['sign', '--key', 'ours.key', `${tool}:v1`]);
    const { stdout } = await pull();
    expect(stdout).toContain('"bpf_object"');
    expect(await pull('--pull', 'never')).toMatchObject({ code: 0, stdout });
    expect(await image(['verify', '--offline', '--key', 'ours.pub', `${tool}:v1`])).toMatchObject({
      code: 0,
    });
  });
});

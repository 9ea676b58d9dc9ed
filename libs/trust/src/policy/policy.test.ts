import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EcliError } from '@ecli/core';
import { parseReference } from '@ecli/oci';
import { loadPolicy, loadPolicyFile, userPolicyPath } from './load-policy.ts';
import { parsePolicy } from './parse-policy.ts';
import { Policy } from './policy.ts';

const ACCEPT = { type: 'accept' };
const REJECT = { type: 'reject' };

function parse(document: unknown): Policy {
  return new Policy([parsePolicy(Buffer.from(JSON.stringify(document)), '/etc/ecli/policy.json')]);
}

/** Where the clauses for a reference come from. */
function originsFor(policy: Policy, reference: string): string[] {
  return policy.requirementFor(parseReference(reference)).clauses.map(({ origin }) => origin);
}

describe('the rule for', () => {
  const names = [
    'ghcr.io',
    'ghcr.io/org',
    'ghcr.io/org/tool',
    'docker.io/nginx',
    'docker.io/library',
    'index.docker.io/own',
    'localhost:5000/x',
    'Example.com:443',
  ];
  const policy = parse({
    default: ACCEPT,
    registries: Object.fromEntries(names.map((name) => [name, REJECT])),
  });

  test.each([
    ['ghcr.io/org/tool:v1', 'ghcr.io/org/tool'],
    ['ghcr.io/org/tool/part', 'ghcr.io/org/tool'],
    ['ghcr.io/org/toolbox', 'ghcr.io/org'],
    ['ghcr.io/organisation/tool', 'ghcr.io'],
    ['GHCR.IO/org/tool', 'ghcr.io/org/tool'],
    ['ghcr.io:443/org/tool', 'ghcr.io/org/tool'],
    [`https://user:password@ghcr.io/org/tool@sha256:${'0'.repeat(64)}`, 'ghcr.io/org/tool'],
    ['oci://ghcr.io/org', 'ghcr.io/org'],
    ['nginx', 'docker.io/nginx'],
    ['docker.io/library/nginx', 'docker.io/nginx'],
    ['docker.io/nginx/nginx-ingress', 'docker.io/nginx'],
    ['busybox', 'docker.io/library'],
    ['own/tool', 'index.docker.io/own'],
    ['registry-1.docker.io/own/tool', 'index.docker.io/own'],
    ['registry-1.docker.io:443/own/tool', 'index.docker.io/own'],
    ['docker.io:0443/nginx', 'docker.io/nginx'],
    ['ghcr.io:0443/org/tool', 'ghcr.io/org/tool'],
    ['localhost:05000/x', 'localhost:5000/x'],
    ['localhost:5000/x', 'localhost:5000/x'],
    ['example.com/x', 'Example.com:443'],
  ])('%s is that for %s', (reference, name) => {
    expect(originsFor(policy, reference)).toEqual([`the rule for ${name} in /etc/ecli/policy.json`]);
  });

  test.each([
    'localhost:5001/x',
    'localhost:5000/y',
    'ghcr.io.example.org/x',
    'example.com:5000/x',
    'other/tool',
  ])('%s is the default', (reference) => {
    expect(originsFor(policy, reference)).toEqual([]);
  });
});

test('where nothing names a place, the default holds', () => {
  const policy = parse({ default: REJECT, registries: { 'ghcr.io/org': ACCEPT } });
  expect(originsFor(policy, 'ghcr.io/org/tool')).toEqual([]);
  expect(originsFor(policy, 'ghcr.io/other')).toEqual(['the default in /etc/ecli/policy.json']);
});

test('names whom it asks for, by paths that are relative to its own', () => {
  const identity = { issuer: 'https://accounts.example.com', subject: 'me@example.com' };
  const expression = { issuer: 'https://accounts.example.com', subjectRegExp: '.*@example\\.com|root' };
  const signed = { type: 'signed', keys: ['org.pub', '/keys/x.pub', '-----BEGIN PUBLIC KEY-----\n'] };
  const policy = parse({
    default: { ...signed, identities: [identity, expression], trustRoot: 'root.json', need: 'all' },
  });
  const [clause] = policy.requirementFor(parseReference('ghcr.io/x')).clauses;
  expect(clause).toMatchObject({
    need: 'all',
    signers: [
      { source: '/etc/ecli/org.pub' },
      { source: '/keys/x.pub' },
      { source: '-----BEGIN PUBLIC KEY-----\n' },
      { ...identity, trustRoot: '/etc/ecli/root.json' },
      { subject: /^(?:.*@example\.com|root)$/ },
    ],
  });
});

describe('a policy is refused', () => {
  const identities = [{ issuer: 'https://accounts.example.com', subject: 'me' }];

  test.each([
    [{}, 'default is missing', undefined],
    [{ defualt: ACCEPT }, 'defualt is not known', 'did you mean default?'],
    [{ default: [ACCEPT] }, 'default: expected an object, found an array', undefined],
    [
      { default: { type: 'acept' } },
      'default.type: acept is none of accept, reject, signed',
      'did you mean accept?',
    ],
    [
      { default: { type: 'signedBy', keys: ['a'] } },
      'default.type: signedBy is none of',
      'did you mean signed?',
    ],
    [{ default: { type: 'accept', keys: [] } }, 'default: keys is not known', undefined],
    [{ default: { type: 'signed' } }, 'default: keys or identities are missing', undefined],
    [{ default: { type: 'signed', keys: [] } }, 'default: keys or identities are missing', undefined],
    [{ default: { type: 'signed', keys: [''] } }, 'default.keys[0]: is empty', undefined],
    [
      { default: { type: 'signed', keys: 'a.pub' } },
      'default.keys: expected an array, found "a.pub"',
      undefined,
    ],
    [{ default: { type: 'signed', key: ['a.pub'] } }, 'default: key is not known', 'did you mean keys?'],
    [
      { default: { type: 'signed', keys: ['a'], need: 'some' } },
      'default.need: some is none of any, all',
      undefined,
    ],
    [{ default: { type: 'signed', keys: ['a'], trustRoot: 'x' } }, 'default.trustRoot: of no use', undefined],
    [{ default: { type: 'signed', identities } }, 'default: trustRoot is missing', undefined],
    [
      { default: { type: 'signed', trustRoot: 'x', identities: [{ issuer: 'x' }] } },
      'default.identities[0]: subject is missing',
      'or subjectRegExp in its place',
    ],
    [
      { default: { type: 'signed', trustRoot: 'x', identities: [{ issuer: 'x', subjectRegExp: 'a)(?:b' }] } },
      'default.identities[0].subjectRegExp: no regular expression',
      undefined,
    ],
    [
      { default: { type: 'signed', trustRoot: 'x', identities: [{ issuer: 'x', subjectRegexp: '.*' }] } },
      'default.identities[0]: subjectRegexp is not known',
      'did you mean subjectRegExp?',
    ],
    [
      { default: ACCEPT, registries: { 'org/tool': REJECT } },
      'registries."org/tool": begins with no registry',
      "with Docker's, it is docker.io/org/tool",
    ],
    [
      { default: ACCEPT, registries: { 'ghcr.io/Org': REJECT } },
      'neither a registry nor a path in one',
      undefined,
    ],
    [
      { default: ACCEPT, registries: { 'ghcr.io/x:v1': REJECT } },
      'neither a registry nor a path in one',
      undefined,
    ],
    [
      { default: ACCEPT, registries: { 'ghcr.io/': REJECT } },
      'neither a registry nor a path in one',
      undefined,
    ],
    [
      { default: ACCEPT, registries: { 'https://ghcr.io': REJECT } },
      'neither a registry nor a path in one',
      undefined,
    ],
    [{ default: ACCEPT, registries: { '*.io': REJECT } }, 'neither a registry nor a path in one', undefined],
    [{ default: ACCEPT, registries: { '': REJECT } }, 'neither a registry nor a path in one', undefined],
    [
      { default: ACCEPT, registries: { 'ghcr.io': REJECT, 'GHCR.io:443': ACCEPT } },
      'registries: ghcr.io and GHCR.io:443 are the same',
      undefined,
    ],
  ])('where it says %j', (document, message, hint) => {
    const fail = (): Policy => parse(document);
    expect(fail).toThrow(EcliError);
    expect(fail).toThrow(message);
    if (hint !== undefined) expect(fail).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID', hint }));
  });

  test('or taken, and never fails in another way', () => {
    const rule = fc.record(
      {
        type: fc.oneof(fc.constantFrom('accept', 'signed', 'reject'), fc.anything()),
        keys: fc.anything(),
        identities: fc.anything(),
        trustRoot: fc.string(),
      },
      { requiredKeys: [] },
    );
    const document = fc.record({
      default: rule,
      registries: fc.dictionary(fc.oneof(fc.domain(), fc.string()), rule),
    });
    fc.assert(
      fc.property(fc.oneof(document, fc.json()), (value) => {
        const text =
          typeof value === 'string'
            ? value
            : JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? 0 : each));
        try {
          parsePolicy(Buffer.from(text), 'policy.json');
        } catch (error) {
          expect(error).toMatchObject({ code: 'SETTINGS_INVALID' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('loading', () => {
  let folder: string;
  let environment: NodeJS.ProcessEnv;
  let systemPath: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecli-policy-'));
    mkdirSync(join(folder, 'ecli'));
    environment = { XDG_CONFIG_HOME: folder };
    systemPath = join(folder, 'system.json');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (path: string, document: unknown): void => writeFileSync(path, JSON.stringify(document));

  test('finds none where there is none, and then nothing is asked for', async () => {
    const policy = await loadPolicy(environment, { systemPath });
    expect(policy.requirementFor(parseReference('ghcr.io/x'))).toEqual({ clauses: [] });
  });

  test('asks for what the system and the user ask for: the user weakens nothing', async () => {
    write(systemPath, { default: ACCEPT, registries: { 'ghcr.io': REJECT } });
    write(join(folder, 'ecli', 'policy.json'), { default: REJECT, registries: { 'ghcr.io/org': ACCEPT } });
    const policy = await loadPolicy(environment, { systemPath });
    expect(originsFor(policy, 'ghcr.io/org/tool')).toEqual([`the rule for ghcr.io in ${systemPath}`]);
    expect(originsFor(policy, 'quay.io/x')).toEqual([`the default in ${folder}/ecli/policy.json`]);
    expect(originsFor(policy, 'ghcr.io/x')).toHaveLength(2);
  });

  test('fails where a policy is there and cannot be read', async () => {
    mkdirSync(systemPath);
    await expect(loadPolicy(environment, { systemPath })).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: `${systemPath}: can't be read: a folder, not a file`,
    });
    await expect(loadPolicyFile(join(folder, 'gone.json'))).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: `${folder}/gone.json: no such file`,
    });
    if (process.geteuid?.() === 0) return;
    write(join(folder, 'ecli', 'policy.json'), { default: ACCEPT });
    chmodSync(join(folder, 'ecli'), 0);
    await expect(loadPolicy(environment, { systemPath: '/none' })).rejects.toThrow('permission denied');
  });

  test.each(['file', 'folder'])('fails where a link to the %s of a policy leads nowhere', async (what) => {
    const path = what === 'file' ? systemPath : join(folder, 'linked', 'policy.json');
    symlinkSync(join(folder, 'not-mounted'), what === 'file' ? path : join(folder, 'linked'));
    await expect(loadPolicy(environment, { systemPath: path })).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: `${path}: a link that leads nowhere`,
    });
  });

  test.each(['file', 'folder'])(
    "fails where anybody may write the system's policy, by its %s",
    async (what) => {
      const path = join(folder, 'etc', 'policy.json');
      mkdirSync(join(folder, 'etc'));
      write(path, { default: ACCEPT });
      await loadPolicy(environment, { systemPath: path });
      const open = what === 'file' ? path : join(folder, 'etc');
      chmodSync(open, 0o777);
      await expect(loadPolicy(environment, { systemPath: path })).rejects.toMatchObject({
        code: 'SETTINGS_INVALID',
        message: `${path}: anybody may write to ${open}`,
        hint: `chmod o-w ${open}`,
      });
    },
  );

  test('looks for the user where XDG says', () => {
    expect(userPolicyPath({ XDG_CONFIG_HOME: '/c', HOME: '/h' })).toBe('/c/ecli/policy.json');
    expect(userPolicyPath({ XDG_CONFIG_HOME: 'relative', HOME: '/h' })).toBe('/h/.config/ecli/policy.json');
    expect(userPolicyPath({ XDG_CONFIG_HOME: '', HOME: '/h' })).toBe('/h/.config/ecli/policy.json');
  });
});

import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { type TestRegistry, startRegistry } from '@ecli/oci/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSample } from '../bad-input/sample-program.ts';
import { temporaryFolder } from '../harness/index.ts';
import { type RegistryUser, registryUser } from '../registries/registry-user.ts';
import { type Peer, peerTest, runPeer } from './peers.ts';

describe.each(['htpasswd', 'token'] as const)('credentials, at a registry with auth %s', (auth) => {
  const folder = temporaryFolder();
  let registry: TestRegistry;
  let reference: string;

  beforeAll(async () => {
    registry = await startRegistry({ auth });
    reference = `${registry.host}/org/tool:v1`;
    await buildSample(folder);
  }, 60_000);
  afterAll(() => registry.stop());

  const peer = (name: Peer, user: RegistryUser, ...args: readonly string[]) =>
    runPeer(name, args, { cwd: user.folder, env: user.env });
  const push = (user: RegistryUser) => user.ecli(['push', join(folder, 'package.json'), reference]);

  peerTest(['oras'], 'that oras has stored are used by ecli', async () => {
    const user = registryUser(folder);
    const { username, password } = registry.credentials;
    await peer('oras', user, 'login', '-u', username, '-p', password, registry.host);
    expect(await push(user)).toMatchObject({ code: 0, stderr: '' });
  });

  peerTest(['oras', 'crane'], 'that ecli has stored are used by oras and crane', async () => {
    const user = registryUser(folder);
    const login = ['login', '-u', registry.credentials.username, '--password-stdin', registry.host];
    expect(await user.ecli(login, { input: registry.credentials.password })).toMatchObject({ code: 0 });
    expect(await push(user)).toMatchObject({ code: 0, stderr: '' });
    await peer('oras', user, 'pull', reference);
    expect(readFileSync(join(user.folder, 'package.json'), 'utf8')).toBe(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    await peer('crane', user, 'manifest', reference);
    expect(await user.ecli(['logout', registry.host])).toMatchObject({ code: 0 });
    await expect(peer('oras', user, 'pull', reference)).rejects.toThrow(/unauthorized|credential/i);
  });
});

import { beforeAll, describe, expect } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSample } from '../bad-input/sample-program.ts';
import { temporaryFolder } from '../harness/index.ts';
import { type RegistryUser, registryUser } from '../registries/registry-user.ts';
import { findPeer, peerTest, runPeer } from './peers.ts';
import { describeRegistries } from './places.ts';

/** How each way of signing and verifying is spelled: without a transparency log, since there is none here. */
const WAYS = [
  {
    name: 'cosign 2, as a tag',
    peer: 'cosign2',
    sign: ['--tlog-upload=false', '--yes'],
    verify: ['--insecure-ignore-tlog=true'],
    format: 'tag',
  },
  {
    name: 'cosign 3, as a bundle',
    peer: 'cosign3',
    sign: ['--tlog-upload=false', '--use-signing-config=false', '--yes'],
    verify: ['--insecure-ignore-tlog=true'],
    format: 'bundle',
  },
  {
    name: 'cosign 3, as a tag',
    peer: 'cosign3',
    sign: ['--tlog-upload=false', '--use-signing-config=false', '--new-bundle-format=false', '--yes'],
    verify: ['--insecure-ignore-tlog=true', '--new-bundle-format=false'],
    format: 'tag',
  },
] as const;

const PASSWORD = 'opensesame';

describe('signatures', () => {
  const folder = temporaryFolder();
  let user: RegistryUser;

  beforeAll(async () => {
    await buildSample(folder);
    user = registryUser(folder);
    for (const name of ['right', 'wrong']) {
      mkdirSync(join(folder, name));
      const cosign = findPeer('cosign3') ?? findPeer('cosign2');
      const env = { ...process.env, ...user.env, COSIGN_PASSWORD: PASSWORD };
      if (cosign)
        execFileSync(cosign, ['generate-key-pair'], { cwd: join(folder, name), env, stdio: 'pipe' });
    }
  }, 60_000);

  const key = (name: 'right' | 'wrong', kind: 'key' | 'pub') => join(folder, name, `cosign.${kind}`);
  const ecli = (...args: readonly string[]) => user.ecli(args, { env: { COSIGN_PASSWORD: PASSWORD } });

  describeRegistries((host) => {
    /** Pushes the sample and returns it by its digest. */
    async function push(name: string): Promise<string> {
      const { stdout, code } = await ecli('push', join(folder, 'package.json'), `${host()}/${name}:v1`);
      expect(code).toBe(0);
      return stdout.trim().replace(':v1@', '@');
    }

    for (const { name, peer, sign, verify, format } of WAYS) {
      const cosign = (...args: readonly string[]) =>
        runPeer(peer, args, { cwd: folder, env: { ...user.env, COSIGN_PASSWORD: PASSWORD } });
      const repository = name.replaceAll(/\W+/g, '-');

      peerTest([peer], `of ${name} are verified by ecli`, async () => {
        const image = await push(`theirs/${repository}`);
        expect(await ecli('image', 'verify', '--key', key('right', 'pub'), image)).toMatchObject({ code: 1 });
        await cosign('sign', '--key', key('right', 'key'), ...sign, image);
        const verified = await ecli('image', 'verify', '--key', key('right', 'pub'), image);
        expect(verified).toMatchObject({ code: 0, stderr: '' });
        const refused = await ecli('image', 'verify', '--key', key('wrong', 'pub'), image);
        expect(refused).toMatchObject({ code: 1 });
        const pulled = await ecli('pull', '-o', '-', '--verify-key', key('right', 'pub'), image);
        expect(pulled).toMatchObject({ code: 0 });
      });

      peerTest([peer], `of ecli are verified by ${name}`, async () => {
        const image = await push(`ours/${repository}`);
        const signed = await ecli('image', 'sign', '--format', format, '--key', key('right', 'key'), image);
        expect(signed).toMatchObject({ code: 0 });
        await cosign('verify', '--key', key('right', 'pub'), ...verify, image);
        await expect(cosign('verify', '--key', key('wrong', 'pub'), ...verify, image)).rejects.toThrow();
      });
    }
  });
});

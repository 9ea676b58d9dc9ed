import { beforeAll, describe, expect } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSample } from '../bad-input/sample-program.ts';
import { temporaryFolder } from '../harness/index.ts';
import { type RegistryUser, registryUser } from '../registries/registry-user.ts';
import { wasmModule } from '../registries/wasm-module.ts';
import { type Peer, peerTest, runPeer } from './peers.ts';
import { describeRegistries } from './places.ts';

describe('images', () => {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  let user: RegistryUser;

  beforeAll(async () => {
    await buildSample(folder);
    writeFileSync(file('tool.wasm'), wasmModule(1000));
    user = registryUser(folder);
  }, 60_000);

  async function ecli(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await user.ecli(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  const peer = (name: Peer, ...args: readonly string[]) =>
    runPeer(name, args, { cwd: folder, env: user.env });
  const place = (name: string) => {
    mkdirSync(file(name), { recursive: true });
    return file(name);
  };
  const bytesOf = (path: string) => readFileSync(path).toString('base64');

  describeRegistries((host) => {
    const push = (name: string, path = file('package.json')) => ecli('push', path, `${host()}/${name}`);

    peerTest(['oras'], 'oras pulls what ecli pushed as the file that it was', async () => {
      await push('ours/package:v1');
      await push('ours/wasm:v1', file('tool.wasm'));
      const at = place(`oras-${host()}`);
      await peer('oras', 'pull', '-o', at, `${host()}/ours/package:v1`);
      await peer('oras', 'pull', '-o', at, `${host()}/ours/wasm:v1`);
      expect(bytesOf(join(at, 'package.json'))).toBe(bytesOf(file('package.json')));
      expect(bytesOf(join(at, 'tool.wasm'))).toBe(bytesOf(file('tool.wasm')));
    });

    peerTest(['oras'], 'ecli pulls what oras pushed, whatever oras was told that it is', async () => {
      const labels = ['', ':application/vnd.wasm.content.layer.v1+wasm', ':application/json'];
      for (const [index, label] of labels.entries()) {
        const reference = `${host()}/theirs/package:v${index}`;
        await peer('oras', 'push', reference, `package.json${label}`);
        await ecli('pull', '-o', file('got.json'), reference);
        expect(bytesOf(file('got.json'))).toBe(bytesOf(file('package.json')));
      }
    });

    peerTest(
      ['oras', 'crane'],
      'oras and crane see the manifest, the tags and the digest that ecli sees',
      async () => {
        const pushed = await push('ours/seen:v1');
        const reference = `${host()}/ours/seen:v1`;
        const digest = (await peer('crane', 'digest', reference)).trim();
        expect(pushed).toContain(digest);
        const manifest = await peer('oras', 'manifest', 'fetch', reference);
        expect(await ecli('image', 'inspect', '--raw', reference)).toBe(manifest);
        await peer('crane', 'validate', '--remote', reference);
        expect(await peer('crane', 'ls', `${host()}/ours/seen`)).toBe('v1\n');
        await peer('crane', 'tag', reference, 'v2');
        expect(await ecli('image', 'tags', `${host()}/ours/seen`)).toMatch(/v1[^]*v2/);
      },
    );

    peerTest(['oras'], 'layouts go both ways between oras and ecli', async () => {
      await push('ours/layout:v1');
      const reference = `${host()}/ours/layout:v1`;
      const theirs = `layout-oras-${host().replace(':', '-')}`;
      await peer('oras', 'cp', '--to-oci-layout', reference, `${theirs}:v1`);
      await ecli('image', 'load', '-t', 'localhost/loaded:v1', '-i', file(theirs));
      await ecli('pull', '--pull', 'never', '-o', file('loaded.json'), 'localhost/loaded:v1');
      expect(bytesOf(file('loaded.json'))).toBe(bytesOf(file('package.json')));

      const ours = `layout-ecli-${host().replace(':', '-')}`;
      await ecli('image', 'copy', '-q', reference, `oci:${file(ours)}:v1`);
      await peer('oras', 'cp', '--from-oci-layout', `${ours}:v1`, `${host()}/theirs/layout:v1`);
      expect(await peer('crane', 'digest', `${host()}/theirs/layout:v1`)).toBe(
        await peer('crane', 'digest', reference),
      );
    });

    peerTest(['crane'], 'ecli loads what crane pulled', async () => {
      await push('ours/crane:v1');
      const at = file(`layout-crane-${host().replace(':', '-')}`);
      await peer('crane', 'pull', '--format=oci', `${host()}/ours/crane:v1`, at);
      await ecli('image', 'load', '-t', 'localhost/crane:v1', '-i', at);
      await ecli('pull', '--pull', 'never', '-o', file('crane.json'), 'localhost/crane:v1');
      expect(bytesOf(file('crane.json'))).toBe(bytesOf(file('package.json')));
    });

    peerTest(
      ['oras'],
      'what oras attached goes along where ecli copies, and oras finds it there',
      async () => {
        await push('ours/subject:v1');
        writeFileSync(file('note.txt'), 'a note\n');
        const type = 'application/vnd.example.note';
        const [from, to] = [`${host()}/ours/subject:v1`, `${host()}/copied/subject:v1`];
        const note = 'note.txt:text/plain';
        const attached = await peer('oras', 'attach', '--artifact-type', type, from, note);
        const [digest = 'none'] = /sha256:[0-9a-f]{64}$/m.exec(attached) ?? [];
        await ecli('image', 'copy', '-q', '--referrers', from, to);
        for (const place of [from, to]) {
          const shown = await ecli('image', 'inspect', place);
          expect(shown).toContain(type);
          expect(shown).toContain(digest);
        }
        // go-containerregistry tells oras the config's type.
        expect(await peer('oras', 'discover', to)).toContain(digest);
      },
    );
  });
});

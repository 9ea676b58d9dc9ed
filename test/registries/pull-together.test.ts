import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestRegistry, startRegistry } from '@ecli/oci/testing';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../harness/index.ts';
import { type RegistryUser, registryUser } from './registry-user.ts';
import { wasmModule } from './wasm-module.ts';

const TAGS = Array.from({ length: 20 }, (_, index) => `v${index}`);
const PROCESSES = 8;

describe('processes that pull at once', () => {
  const folder = temporaryFolder();
  let registry: TestRegistry;
  let user: RegistryUser;

  beforeAll(async () => {
    registry = await startRegistry();
    const owner = registryUser(folder);
    for (const tag of TAGS) {
      const file = join(folder, `${tag}.wasm`);
      writeFileSync(file, wasmModule(20_000));
      expect(await owner.ecli(['push', file, `${registry.host}/org/many:${tag}`])).toMatchObject({ code: 0 });
    }
    user = registryUser(folder);
  }, 60_000);
  afterAll(() => registry.stop());

  test('get all, download each layer once, and all stand in the index', async () => {
    const pullAll = async () => {
      for (const tag of TAGS) {
        const pulled = await user.ecli(['pull', '-q', '-o', '-', `${registry.host}/org/many:${tag}`]);
        expect(pulled).toMatchObject({ code: 0, stderr: '' });
      }
    };
    await Promise.all(Array.from({ length: PROCESSES }, pullAll));
    const sent = downloads(registry.log());
    expect(sent.length).toBeGreaterThanOrEqual(TAGS.length);
    expect(new Set(sent).size).toBe(sent.length);
    expect(user.references()).toEqual(TAGS.map((tag) => `${registry.host}/org/many:${tag}`).sort());
    expect(user.wrongInCache()).toEqual([]);
  }, 120_000);
});

/** The digest of each blob that was sent, as often as it was. */
function downloads(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"http.request.method":"GET"') && line.includes('response completed'))
    .flatMap((line) => /\/blobs\/(sha256:[0-9a-f]+)/.exec(line)?.[1] ?? []);
}

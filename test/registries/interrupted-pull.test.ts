import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FaultyServer, stallAfter } from '@ecli/http/testing';
import { type TestRegistry, startRegistry } from '@ecli/oci/testing';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningCli, eventually, temporaryFolder } from '../harness/index.ts';
import { wasmModule } from './wasm-module.ts';
import { type RegistryUser, registryUser } from './registry-user.ts';

const BLOB = { path: /\/blobs\/sha256/ };
const SIZE = 3_000_000;

describe('a pull that is interrupted', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'big.wasm');
  let registry: TestRegistry;
  let slow: FaultyServer;
  let user: RegistryUser;
  let reference: string;

  beforeAll(async () => {
    registry = await startRegistry();
    writeFileSync(file, wasmModule(SIZE));
    const pushed = await registryUser(folder).ecli(['push', file, `${registry.host}/org/big:v1`]);
    expect(pushed).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(() => registry.stop());

  beforeEach(async () => {
    slow = await FaultyServer.start({ upstream: new URL(registry.origin) });
    slow.failAlways(BLOB, stallAfter(SIZE / 2));
    user = registryUser(folder);
    reference = `localhost:${slow.port}/org/big:v1`;
  });
  afterEach(() => slow.close());

  /** Whether the file is there as it was pushed; Jest takes seconds to compare this many bytes. */
  const got = () => readFileSync(join(user.folder, 'big.wasm')).equals(readFileSync(file));
  const pull = () => user.startEcli(['pull', reference]);

  /** Resolves when a part of the layer has come and no more will. */
  async function halfWay(cli: RunningCli): Promise<void> {
    await eventually('a part of the layer', () => {
      if (cli.hasEnded()) throw new Error(`has ended: ${cli.said()}`);
      return user.wrongInCache().length > 0;
    });
  }

  async function expectGood(): Promise<void> {
    slow.reset();
    expect(await pull().result).toMatchObject({ code: 0 });
    expect(got()).toBe(true);
    expect(user.wrongInCache()).toEqual([]);
  }

  test('by Ctrl-C ends at once and leaves nothing half-written', async () => {
    const cli = pull();
    await halfWay(cli);
    const began = performance.now();
    cli.signal('SIGINT');
    const { code, stdout } = await cli.result;
    expect(performance.now() - began).toBeLessThan(1000);
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(user.files()).toEqual([]);
    expect(user.wrongInCache()).toEqual([]);
    await expectGood();
  });

  test('by kill -9 leaves nothing that a later one stumbles over', async () => {
    const cli = pull();
    await halfWay(cli);
    cli.signal('SIGKILL');
    await cli.result;
    expect(user.files()).toEqual([]);
    await expectGood();
  });

  test('by kill -9 while another waits for the same layer leaves it to that one', async () => {
    const first = pull();
    await halfWay(first);
    const second = pull();
    // The second one asks for the manifest, and then sees the layer on its way.
    await eventually(
      'a second user',
      () => slow.requests.filter(({ target }) => target.endsWith('/v1')).length > 1,
    );
    slow.reset();
    first.signal('SIGKILL');
    expect(await second.result).toMatchObject({ code: 0 });
    expect(got()).toBe(true);
    await expectGood();
  });
});

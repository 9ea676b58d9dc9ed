import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf } from '@ecli/core';
import { ImageLayout } from '../../src/index.ts';
import { pushImage, randomBlob, temporaryFolder } from './images.ts';
import { bundlePuller, startPuller, succeeded } from './puller-process.ts';

const TAGS = 20;
const names = Array.from({ length: TAGS }, (_, tag) => `ghcr.io/org/tool:v${tag}`);

let program: ReturnType<typeof temporaryFolder>;
let puller: string;
let folder: ReturnType<typeof temporaryFolder>;
let source: string;
let target: string;
let log: string;

beforeAll(async () => {
  program = temporaryFolder();
  puller = bundlePuller(program.path);
  source = join(program.path, 'source');
  const images = await ImageLayout.open(source, { create: true });
  const shared = randomBlob(3_000_000);
  for (const name of names) await pushImage(images, name, [randomBlob(300_000), shared]);
});
afterAll(() => program.remove());
beforeEach(() => {
  folder = temporaryFolder();
  target = join(folder.path, 'target');
  log = join(folder.path, 'log');
});
afterEach(() => folder.remove());

const blobNames = (): string[] => readdirSync(join(target, 'blobs/sha256'));

/** Looks at the files themselves, not through the layout. */
function expectTrue(): void {
  for (const hex of blobNames()) {
    expect(digestOf(readFileSync(join(target, 'blobs/sha256', hex)))).toBe(`sha256:${hex}`);
  }
}

describe('a layout that processes share', () => {
  test('has all tags of eight that pull at once, and one download of each blob', async () => {
    const orders = Array.from({ length: 8 }, (_, at) => [...names.slice(at * 2), ...names.slice(0, at * 2)]);
    const children = orders.map((order) => startPuller(puller, [source, target, log, ...order]));
    await Promise.all(children.map(succeeded));
    const layout = await ImageLayout.open(target);
    const references = (await layout.list()).map(({ reference }) => reference).sort();
    expect(references).toEqual([...names, ...names.map((name) => `${name}-copied`)].sort());
    const downloads = readFileSync(log, 'utf8').trim().split('\n').sort();
    expect(downloads).toEqual([...new Set(downloads)]);
    expect(downloads).toHaveLength(2 * TAGS + 2);
    expectTrue();
    expect(readdirSync(join(target, 'locks'))).toEqual([]);
    expect(readdirSync(join(target, 'ingest'))).toEqual([]);
  }, 60_000);

  test('survives that they are killed at any time', async () => {
    const startMs = await duration(async () => succeeded(startPuller(puller, [source, target, log])));
    let killed = 0;
    for (let round = 0; round < 40; round++) {
      if (round % 8 === 0) rmSync(target, { recursive: true, force: true });
      const children = [0, 1].map(() => startPuller(puller, [source, target, log, ...names]));
      const ended = children.map((child) => once(child, 'close'));
      await delay(startMs * 0.5 + randomInt(0, 150));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ended);
      killed += children.filter(({ signalCode }) => signalCode === 'SIGKILL').length;
      if (statSync(target, { throwIfNoEntry: false }) === undefined) continue;
      await expectSound();
    }
    expect(killed).toBeGreaterThan(40);
    await succeeded(startPuller(puller, [source, target, log, ...names]));
    expect(await (await ImageLayout.open(target)).list()).toHaveLength(2 * TAGS);
    expect(readdirSync(join(target, 'ingest'))).toEqual([]);
    expect(readdirSync(join(target, 'locks'))).toEqual([]);
  }, 120_000);
});

/** Whatever is named is whole, and needs nobody to repair it. */
async function expectSound(): Promise<void> {
  const warnings: string[] = [];
  const layout = await ImageLayout.open(target, { create: true, warn: (line) => warnings.push(line) });
  for (const { descriptor } of await layout.list()) {
    const bytes = await layout.read(descriptor);
    const { config, layers } = JSON.parse(Buffer.from(bytes ?? []).toString()) as {
      config: typeof descriptor;
      layers: (typeof descriptor)[];
    };
    const lost = [config, ...layers].filter(({ digest }) => !blobNames().includes(digest.slice(7)));
    expect(lost).toEqual([]);
  }
  expectTrue();
  expect(warnings).toEqual([]);
}

async function duration(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

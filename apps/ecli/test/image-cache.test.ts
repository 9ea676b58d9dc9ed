import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry, type TestRegistry } from '@ecli/oci/testing';
import { BIN, buildCommandLine, cleanEnv, outcome, type Outcome, start } from './command-line.ts';

let registry: TestRegistry;
let home: string;
let tool: string;
let digest: string;
let count = 0;

beforeAll(async () => {
  buildCommandLine();
  registry = await startRegistry();
}, 120_000);
afterAll(() => registry.stop());

/** A program in the registry and, by copying, in the cache. */
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'ecli-test-image-'));
  tool = `${registry.host}/org/tool-${++count}`;
  writeFileSync(join(home, 'tool.wasm'), Buffer.from('\0asm\x01\0\0\0', 'latin1'));
  const { stdout } = await ecli('push', 'tool.wasm', `${tool}:v1`);
  digest = stdout.trim().split('@')[1] ?? '';
  await ecli('image', 'copy', `${tool}:v1`, `cache:${tool}:v1`);
}, 30_000);
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** @throws Error with what it said, unless it ended well */
async function ecli(...args: readonly string[]): Promise<Outcome> {
  const ended = await run(args);
  if (ended.code !== 0) throw new Error(ended.stderr);
  return ended;
}

function run(args: readonly string[], stdin?: string): Promise<Outcome> {
  const input = stdin === undefined ? 'ignore' : openSync(stdin, 'r');
  const env = { XDG_CACHE_HOME: join(home, 'cache'), DOCKER_CONFIG: home, HOME: home };
  const ended = outcome(start(args, { cwd: home, env, stdio: [input, 'pipe', 'pipe'] }));
  if (typeof input === 'number') closeSync(input);
  return ended;
}

const listed = async (): Promise<{ reference: string | null; digest: string; type: string }[]> =>
  JSON.parse((await ecli('image', 'list', '--json')).stdout) as never;

describe('ecli image list', () => {
  test('shows what is in the cache', async () => {
    const { stdout } = await ecli('image', 'list');
    const [heading = '', row = ''] = stdout.split('\n');
    expect(heading).toMatch(/^REFERENCE +DIGEST +TYPE +SIZE +CREATED +USED$/);
    expect(row).toMatch(new RegExp(`^${tool}:v1 +${digest.slice(7, 19)} +wasm +\\d+ B +- +now$`));
    expect((await ecli('image', 'list', '-q')).stdout).toBe(`${digest}\n`);
    expect(await listed()).toEqual([
      expect.objectContaining({
        reference: `${tool}:v1`,
        digest,
        type: 'application/vnd.wasm.content.layer.v1+wasm',
      }),
    ]);
  });

  test('of no cache at all is empty, and makes none', async () => {
    rmSync(join(home, 'cache'), { recursive: true });
    expect(await listed()).toEqual([]);
    expect(readdirSync(home)).not.toContain('cache');
  });

  test("doesn't take another user's cache for its own", async () => {
    chownSync(join(home, 'cache/ecli/oci'), 12_345, 12_345);
    const { code, stderr } = await run(['image', 'list']);
    expect(code).toBe(1);
    expect(stderr).toContain('it belongs to another user');
  });
});

describe('ecli image rm', () => {
  test('removes by name, by digest and by the beginning of one, and says what that freed', async () => {
    for (const name of [`${tool}:v1`, digest, digest.slice(7, 19), `${tool}@${digest}`]) {
      const { stdout } = await ecli('image', 'rm', name);
      expect(stdout).toMatch(new RegExp(`^removed ${tool}:v1\nfreed \\d+ B in 3 parts; 0 B are left\n$`));
      await ecli('image', 'copy', `${tool}:v1`, `cache:${tool}:v1`);
    }
  });

  test('removes nothing where one of the names is unknown, and says what is near', async () => {
    const { code, stderr } = await run(['image', 'rm', `${tool}:v1`, `${tool}:v2`]);
    expect(code).toBe(1);
    expect(stderr).toBe(`error: ${tool}:v2: not in the cache\nhint: did you mean ${tool}:v1?\n`);
    expect(await listed()).toHaveLength(1);
  });

  test.each([[[]], [['--all', 'x']]])('refuses %j', async (args) => {
    expect((await run(['image', 'rm', ...args])).code).toBe(2);
  });
});

describe('ecli image prune', () => {
  test('keeps images unless it is told how many, how old or all', async () => {
    await ecli('image', 'prune');
    await ecli('image', 'prune', '--max-size', '1M', '--older-than', '1d');
    expect(await listed()).toHaveLength(1);
    const { stdout } = await ecli('image', 'prune', '--max-size', '10', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      removed: [{ digest, references: [`${tool}:v1`] }],
      keptBytes: 0,
    });
  });
});

describe('ecli image copy', () => {
  test('copies between registries and folders, digests kept', async () => {
    const places = [`${registry.host}/other/tool-${count}:v2`, `oci:${home}/layout:v3`, `cache:${tool}:v4`];
    for (const place of places) {
      const { stdout } = await ecli('image', 'copy', `${tool}:v1`, place);
      expect(stdout.trim()).toBe(`${place.replace(/^cache:/, '')}@${digest}`);
    }
    await ecli('image', 'copy', `oci:${home}/layout`, `${tool}:v5`);
    expect((await ecli('image', 'tags', tool)).stdout).toBe('v1\nv5\n');
  });

  test('says on which end it failed', async () => {
    const away = 'localhost:1/x/y:v1';
    const missing = await run(['image', 'copy', `${tool}:nope`, `${tool}:v2`]);
    expect(missing.stderr).toMatch(new RegExp(`^error: Failed to pull from registry: ${tool}:nope: `));
    const unreachable = await run(['image', 'copy', `${tool}:v1`, away]);
    expect(unreachable.stderr).toMatch(new RegExp(`^error: Failed to push to registry: ${away}: `));
    const uncached = await run(['image', 'copy', `cache:${tool}:nope`, away]);
    expect(uncached.stderr).toMatch(new RegExp(`^error: ${tool}:nope: not in `));
  });
});

describe('ecli image save and load', () => {
  test('take images to a machine without a network, by a file, a folder or a pipe', async () => {
    await ecli('image', 'save', '-o', 'images.tar', `${tool}:v1`);
    await ecli('image', 'save', '-o', 'images/', `${tool}:v1`);
    const { stdout } = await ecli('image', 'save', `${tool}:v1`);
    expect(Buffer.from(stdout)).toEqual(readFileSync(join(home, 'images.tar')));
    expect(statSync(join(home, 'images')).mode & 0o777).toBe(0o755);
    for (const args of [['-i', 'images.tar'], ['--input', 'images'], []]) {
      await ecli('image', 'rm', '--all');
      const loaded = await run(['image', 'load', ...args], join(home, 'images.tar'));
      expect(loaded).toMatchObject({ code: 0, stdout: `loaded ${tool}:v1@${digest}\n` });
      expect(await listed()).toHaveLength(1);
    }
  }, 30_000);

  test('write through no link that somebody left where a file is going to be', async () => {
    const precious = join(home, 'precious');
    writeFileSync(precious, 'precious');
    const script = 'ln -s precious images.tar.$$.part; exec "$@"';
    const env = { ...cleanEnv(), XDG_CACHE_HOME: join(home, 'cache') };
    const args = [BIN, 'image', 'save', '-o', 'images.tar', `${tool}:v1`];
    execFileSync('sh', ['-c', script, 'sh', process.execPath, ...args], { cwd: home, env });
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(lstatSync(join(home, 'images.tar')).isFile()).toBe(true);
  });

  test('leave nothing of a file that could not be written, nor of one that is no archive', async () => {
    const { code, stderr } = await run(['image', 'save', '-o', 'images.tar', `${tool}:v1`, 'nope']);
    expect([code, stderr.split('\n')[0]]).toEqual([1, 'error: nope: not in the cache']);
    expect(readdirSync(home).filter((name) => name.includes('.tar'))).toEqual([]);
    const folder = await run(['image', 'save', '-o', '/proc/none/', `${tool}:v1`]);
    expect(folder.stderr).toBe("error: /proc/none/: can't be written: no such file or folder\n");
    const copying = await run(['image', 'copy', `cache:${tool}:v1`, 'oci:/proc/none:v1']);
    expect(copying.stderr).toBe(
      "error: oci:/proc/none:v1: /proc/none: can't be used: no such file or folder\n",
    );
    const loading = await run(['image', 'load', '-i', 'tool.wasm']);
    expect(loading.stderr).toMatch(
      /^error: tool\.wasm: no tar, or a broken one\nhint: an archive of images is what ecli image save/,
    );
  });
});

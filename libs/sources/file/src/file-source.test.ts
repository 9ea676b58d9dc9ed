import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EcliError, type FetchContext, MediaType } from '@ecli/core';
import { describeSource } from '@ecli/core/testing';
import { FileSource } from './file-source.ts';

const content = Buffer.from('{"bpf_object":"","meta":{}}');
const context: FetchContext = { signal: new AbortController().signal };
const source = new FileSource();

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecli-file-source-'));
  await writeFile(join(folder, 'package.json'), content);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes a file into the folder and returns its path. */
async function file(name: string, bytes: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describeSource('FileSource', async () => ({
  source,
  present: { reference: join(folder, 'package.json'), content, mediaType: MediaType.package },
  missing: join(folder, 'nothing-at-all'),
  foreign: [
    'ghcr.io/eunomia-bpf/sigsnoop:latest',
    'localhost:5000/x',
    'registry.example.com/tools/x.json',
    `ghcr.io/x/y@sha256:${'0'.repeat(64)}`,
    'https://example.com/package.json',
    'HTTP://example.com/x.wasm',
    'oci://ghcr.io/x/y',
    'opens:latest',
    'opens',
    '',
  ],
}));

describe('FileSource takes', () => {
  test.each([
    'pacakge.json',
    'dist/tool.wasm',
    'opens.bpf.c',
    'opens.bpf.o',
    'package.tar',
    './opens',
    '../opens',
    '/opens',
    '~/opens',
    '.',
    '..',
    '-',
    'file:///opens',
  ])('%s, whether or not it exists', (reference) => {
    expect(source.supports(reference)).toBe(true);
  });

  test('a name of any shape, where there is such a file', async () => {
    const path = join('ghcr.io', 'x');
    const before = process.cwd();
    process.chdir(folder);
    try {
      expect(source.supports(path)).toBe(false);
      await mkdir('ghcr.io');
      await writeFile(path, content);
      expect(source.supports(path)).toBe(true);
      expect(source.supports('ghcr.io/y')).toBe(true);
    } finally {
      process.chdir(before);
    }
  });
});

test('FileSource leaves an image to its registry, whatever the folder here holds', async () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const images = ['ghcr.io/org/tool:v1', `ghcr.io/org/tool@${digest}`, 'localhost:5000/org/tool'];
  const before = process.cwd();
  process.chdir(folder);
  try {
    for (const image of images) {
      await mkdir(dirname(image), { recursive: true });
      await file(image, content);
      expect(source.supports(image)).toBe(false);
      expect(source.supports(`./${image}`)).toBe(true);
    }
  } finally {
    process.chdir(before);
  }
});

test('FileSource takes a link that leads nowhere and what is like a name here, to say so', async () => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    await symlink('gone', 'dangling');
    await file('tcp.bpf.c', '//');
    for (const name of ['dangling', 'tcp', 'tcps', 'tcp.bfp.c']) expect(source.supports(name)).toBe(true);
    for (const name of ['udp', 'tcp:latest', 'elsewhere/tcp']) expect(source.supports(name)).toBe(false);
    for (const name of ['tcp', 'tcps', 'tcp.bfp.c']) {
      await expect(source.fetch(name, context)).rejects.toMatchObject({ hint: 'did you mean tcp.bpf.c?' });
    }
  } finally {
    process.chdir(before);
  }
});

describe('FileSource fetches', () => {
  test('the package.json of a folder, and says where it is', async () => {
    const artifact = await source.fetch(folder, context);
    expect(artifact.path).toBe(join(folder, 'package.json'));
    expect(Buffer.from(artifact.content).equals(content)).toBe(true);
  });

  test('a file: URL', async () => {
    const path = await file('with space.json', content);
    const artifact = await source.fetch(pathToFileURL(path).href, context);
    expect(artifact.path).toBe(path);
  });

  test('a FIFO, to its end', async () => {
    const path = join(folder, 'fifo');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    const fetching = source.fetch(path, context);
    const writer = spawn('sh', ['-c', `printf '{"a":' > "$0"`, path]);
    const artifact = await fetching;
    await new Promise((resolve) => (writer.exitCode === null ? writer.once('exit', resolve) : resolve(0)));
    expect(Buffer.from(artifact.content).toString()).toBe('{"a":');
    expect(artifact.path).toBeUndefined();
  });

  test('a file whose size the kernel gives as 0', async () => {
    const artifact = await source.fetch('/proc/self/status', context);
    expect(Buffer.from(artifact.content).toString()).toContain('VmRSS');
  });

  const tar = Buffer.alloc(512);
  tar.write('ustar', 257, 'latin1');
  test.each<[string, Uint8Array, string]>([
    ['opens.bpf.c', Buffer.from('{ odd, but C by its name'), MediaType.source],
    ['thing.bpf.o', Buffer.from('\x7fELF'), MediaType.object],
    ['thing', Buffer.from('\x7fELF'), MediaType.object],
    ['thing.json', Buffer.from('\x7fELF'), MediaType.object],
    ['guest.wasm', Buffer.from('\0asm'), MediaType.wasm],
    ['package.tar', tar, MediaType.tar],
    ['broken.json', Buffer.from('not JSON'), MediaType.package],
    ['broken.wasm', Buffer.from('not Wasm'), MediaType.wasm],
    ['README', Buffer.from('some text'), MediaType.unknown],
  ])('%s by what its bytes, then its name, say', async (name, bytes, mediaType) => {
    const artifact = await source.fetch(await file(name, bytes), context);
    expect(artifact.descriptor.mediaType).toBe(mediaType);
  });
});

describe('FileSource suggests', () => {
  async function hintFor(reference: string): Promise<unknown> {
    return source.fetch(reference, context).catch((error: unknown) => (error as EcliError).hint);
  }

  test('near names in the same folder', async () => {
    const hint = await hintFor(join(folder, 'pacakge.json'));
    expect(hint).toBe(`did you mean ${join(folder, 'package.json')}?`);
  });

  test('near names on the way to it', async () => {
    await mkdir(join(folder, 'examples', 'opens'), { recursive: true });
    await file('examples/opens/opens.bpf.c', '//');
    const hint = await hintFor(join(folder, 'exmaples/opens/open.bpf.c'));
    expect(hint).toBe(`did you mean ${join(folder, 'examples/opens/opens.bpf.c')}?`);
  });

  test('what a stem is the beginning of', async () => {
    await mkdir(join(folder, 'stem'));
    for (const name of ['sched.h', 'sched.bpf.c', 'schedule.bpf.c', 'README'])
      await file(`stem/${name}`, '//');
    const hint = await hintFor(join(folder, 'stem/sched'));
    expect(hint).toBe(`did you mean ${join(folder, 'stem/sched.bpf.c')}?`);
  });

  test('nothing where nothing is near', async () => {
    expect(await hintFor(join(folder, 'zzzzzzzz'))).toBeUndefined();
  });

  test('names with their control characters spelled out', async () => {
    await file('evil\x1b[2J.json', content);
    expect(await hintFor(join(folder, 'evil[2J.json'))).toContain('evil\\x1b[2J.json');
  });

  test('a program of a folder that has no package.json', async () => {
    const path = join(folder, 'only-source');
    await mkdir(path);
    await writeFile(join(path, 'opens.bpf.c'), '//');
    await expect(source.fetch(path, context)).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      message: `${path}: a folder without a package.json`,
      hint: `did you mean ${join(path, 'opens.bpf.c')}?`,
    });
  });
});

describe('FileSource refuses', () => {
  test.each<[string, string, string]>([
    ['a device', '/dev/zero', 'a character device, not a file'],
    ['a path through a file', '/etc/passwd/x', 'no such file or folder'],
    ['a name that is too long', `/${'x'.repeat(300)}`, 'the name is too long'],
    ['the URL of another machine', 'file://elsewhere/x.json', 'not the URL of a file here'],
    ['a URL that is no path', 'file:dist', 'file:dist: not the URL of a file here'],
    ['what only looks like a file', '/proc/self/mem', 'reading it fails (EIO)'],
    ['a URL with a NUL', 'file:///x%00y', 'x\\x00y'],
  ])('%s', async (_what, reference, message) => {
    await expect(source.fetch(reference, context)).rejects.toThrow(message);
  });

  test('a folder in the place of package.json', async () => {
    const path = join(folder, 'nested');
    await mkdir(join(path, 'package.json'), { recursive: true });
    await expect(source.fetch(path, context)).rejects.toThrow('package.json: a folder, not a file');
  });

  test('an empty file', async () => {
    await expect(source.fetch(await file('empty.json', ''), context)).rejects.toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
      message: `${join(folder, 'empty.json')}: empty`,
    });
  });

  test('a link to nothing, saying where it leads', async () => {
    const path = join(folder, 'link.json');
    await symlink('gone.json', path);
    await expect(source.fetch(path, context)).rejects.toThrow(
      `a symbolic link to gone.json, which isn't there`,
    );
  });

  test('a circle of links', async () => {
    await symlink('b', join(folder, 'a'));
    await symlink('a', join(folder, 'b'));
    await expect(source.fetch(join(folder, 'a'), context)).rejects.toThrow(
      'symbolic links that lead in a circle',
    );
  });

  test('a file over the limit, unread', async () => {
    const path = await file('huge.json', '{');
    await truncate(path, 300 * 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    await expect(source.fetch(path, context)).rejects.toMatchObject({
      code: 'ARTIFACT_TOO_LARGE',
      message: `${path}: 300 MiB, more than the 256 MiB that ecli reads`,
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  test('a stream as soon as it passes the limit', async () => {
    const path = join(folder, 'endless');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    const writer = spawn('sh', ['-c', 'exec yes > "$0"', path]);
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    const small = new FileSource({ limitBytes: 1024 * 1024 });
    await expect(small.fetch(path, context)).rejects.toThrow(`${path}: more than the 1 MiB that ecli reads`);
    await ended;
  });

  test('to wait for a FIFO without a writer once the signal is aborted', async () => {
    const path = join(folder, 'silent');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    const controller = new AbortController();
    const fetching = source.fetch(path, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(fetching).rejects.toThrow('enough');
  });
});

const asUser = process.getuid?.() === 0 ? describe : describe.skip;
asUser('FileSource as an ordinary user', () => {
  /** Runs a fetch as user 65534, for whom modes count. */
  function fetchAs(path: string): Promise<unknown> {
    process.seteuid?.(65534);
    return source.fetch(path, context).catch((error: unknown) => error);
  }

  test('says whose a file is that may not be read', async () => {
    const path = await file('secret.json', content);
    await chmod(folder, 0o755);
    await chmod(path, 0o600);
    try {
      expect(await fetchAs(path)).toMatchObject({
        code: 'ARTIFACT_UNREADABLE',
        message: `${path}: permission denied`,
        hint: 'it belongs to user 0 with mode 0600, and you are user 65534',
      });
    } finally {
      process.seteuid?.(0);
    }
  });
});

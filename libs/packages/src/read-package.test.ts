import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type Artifact, descriptorOf, MediaType } from '@ecli/core';
import { readPackage } from './read-package.ts';
import { writeTar } from './tar-writer.ts';

const OBJECT = Buffer.from('an object');
const PACKAGE = Buffer.from(
  JSON.stringify({
    bpf_object: deflateSync(OBJECT).toString('base64'),
    bpf_object_size: OBJECT.length,
    meta: { bpf_skel: { obj_name: 'a_bpf' }, export_types: [] },
  }),
);
const WASM = Buffer.from('\0asm\x01\0\0\0');

describe('readPackage', () => {
  test.each([
    ['a JSON package', PACKAGE, MediaType.package],
    ['a JSON package of no stated type', PACKAGE, MediaType.unknown],
    ['a JSON package under the type of Wasm, as registries have them', PACKAGE, MediaType.wasmLayer],
    ['a tar', tar({ 'package.json': PACKAGE }), MediaType.tar],
    ['a tar of no stated type, with a BTF archive', archive(), MediaType.unknown],
  ])('takes %s', async (_what, content, mediaType) => {
    const { object, meta } = await readPackage(artifact(content, mediaType));
    expect(Buffer.from(object)).toEqual(OBJECT);
    expect(meta.bpf_skel.obj_name).toBe('a_bpf');
  });

  test.each([
    ['Wasm', WASM, MediaType.wasm, 'x.bin: a Wasm module, which this version does not run'],
    [
      'Wasm from a registry',
      WASM,
      MediaType.wasmLayer,
      'x.bin: a Wasm module, which this version does not run',
    ],
    [
      'text',
      Buffer.from('hello'),
      MediaType.unknown,
      'x.bin: neither a JSON package, a BPF object nor a tar',
    ],
    ['nothing', Buffer.alloc(0), MediaType.unknown, 'x.bin: neither a JSON package, a BPF object nor a tar'],
    ['an unknown media type', PACKAGE, 'image/png', 'x.bin: neither a JSON package, a BPF object nor a tar'],
  ])('refuses %s', async (_what, content, mediaType, message) => {
    await expect(readPackage(artifact(content, mediaType))).rejects.toMatchObject({
      code: 'MEDIA_TYPE_UNSUPPORTED',
      message,
    });
  });

  test('refuses a tar without a package', async () => {
    await expect(
      readPackage(artifact(tar({ 'a/package.json': PACKAGE }), MediaType.tar)),
    ).rejects.toMatchObject({
      code: 'PACKAGE_INVALID',
      message: 'x.bin: a tar without a package.json',
    });
  });

  test('carries the BTF archive of a tar, without a copy', async () => {
    const content = archive();
    const { btfArchive } = await readPackage(artifact(content, MediaType.tar));
    const files = btfArchive?.files() ?? [];
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ['btfhub-archive/ubuntu/20.04/x86_64/5.4.0-42.btf', WASM.length],
      ['package.json', PACKAGE.length],
    ]);
    expect(files[0]?.read().buffer).toBe(content.buffer);
  });

  test('names the file in the tar that is broken', async () => {
    await expect(
      readPackage(artifact(tar({ 'package.json': Buffer.from('[]') }), MediaType.tar)),
    ).rejects.toMatchObject({ message: 'x.bin: package.json: expected an object, found an array' });
  });

  test('imports nothing that compiles, except late', () => {
    const reached = importedFrom(fileURLToPath(new URL('index.ts', import.meta.url)));
    expect(reached.size).toBeGreaterThan(5);
    expect([...reached].filter((path) => path.includes('/build/'))).toEqual([]);
  });
});

function artifact(content: Uint8Array, mediaType: string): Artifact {
  return { reference: 'x.bin', content, descriptor: descriptorOf(content, mediaType) };
}

function tar(files: Readonly<Record<string, Buffer>>): Buffer {
  return writeTar(Object.entries(files).map(([path, content]) => ({ path, content })));
}

function archive(): Buffer {
  return tar({ 'btfhub-archive/ubuntu/20.04/x86_64/5.4.0-42.btf': WASM, './package.json': PACKAGE });
}

/** The files of this room that importing `path` loads at once; types are not loaded. */
function importedFrom(path: string, reached = new Set<string>()): ReadonlySet<string> {
  reached.add(path);
  const imports = readFileSync(path, 'utf8').matchAll(
    /^(?:import|export) (?!type )[^;]*? from '(\.[^']+)';/gms,
  );
  for (const [, specifier = ''] of imports) {
    const target = join(dirname(path), specifier);
    if (!reached.has(target)) importedFrom(target, reached);
  }
  return reached;
}

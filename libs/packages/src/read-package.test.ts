import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type Artifact, descriptorOf, EcliError, MediaType } from '@ecli/core';
import fc from 'fast-check';
import { readPackage } from './read-package.ts';
import { readTar } from './tar.ts';

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

describe('readTar', () => {
  test('lists regular files, with what they hold', () => {
    const files = { 'package.json': PACKAGE, 'a/empty': Buffer.alloc(0), 'a/block': Buffer.alloc(512, 7) };
    const entries = [...readTar(tar(files), 'x.tar')];
    expect(Object.fromEntries(entries.map(({ path, content }) => [path, Buffer.from(content)]))).toEqual(
      files,
    );
  });

  test('refuses a tar that is cut off', () => {
    const whole = tar({ 'package.json': PACKAGE });
    expect(() => [...readTar(whole.subarray(0, 600), 'x.tar')]).toThrow('x.tar: package.json: cut off');
  });

  test('refuses a header that was changed', () => {
    const changed = tar({ 'package.json': PACKAGE });
    changed[0] = 0x71;
    expect(() => [...readTar(changed, 'x.tar')]).toThrow(
      'x.tar: broken tar: the header at byte 0 has a wrong checksum',
    );
  });

  test('ends with files or an EcliError, whatever the bytes', () => {
    const whole = archive();
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 16 }), (at, noise) => {
        const changed = Buffer.from(whole);
        changed.set(noise.subarray(0, whole.length - at), at);
        try {
          expect([...readTar(changed, 'x.tar')].length).toBeLessThan(4);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function artifact(content: Uint8Array, mediaType: string): Artifact {
  return { reference: 'x.bin', content, descriptor: descriptorOf(content, mediaType) };
}

/** A tar as ustar has it: a header and blocks for each file, two empty blocks in the end. */
function tar(files: Readonly<Record<string, Buffer>>): Buffer {
  const entries = Object.entries(files).flatMap(([path, content]) => [
    tarHeader(path, content.length),
    content,
    Buffer.alloc((512 - (content.length % 512)) % 512),
  ]);
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

function tarHeader(path: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
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

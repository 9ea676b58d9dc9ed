import { describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { MediaType } from '@ecli/core';
import { programContentOf, programMediaType } from './program-content.ts';

const json = Buffer.from(' {"bpf_object":""}');
const wasm = Buffer.from('\0asm\x01\0\0\0');
const elf = Buffer.from('\x7fELF');
const tar = Buffer.alloc(512);
tar.write('ustar', 257);
const text = Buffer.from('hello');

const WASM_LAYER = 'application/vnd.wasm.content.layer.v1+wasm';
const OCI_TAR = 'application/vnd.oci.image.layer.v1.tar';

describe('programMediaType', () => {
  test.each([
    ['a package that was pushed as Wasm', WASM_LAYER, json, undefined, MediaType.package],
    ['Wasm', WASM_LAYER, wasm, undefined, MediaType.wasm],
    ['a package that oras pushed', OCI_TAR, json, 'package.json', MediaType.package],
    ['a tar', OCI_TAR, tar, undefined, MediaType.tar],
    [
      "a gadget's object",
      'application/vnd.gadget.ebpf.program.v1+binary',
      elf,
      'program.o',
      MediaType.object,
    ],
    ['broken Wasm by its layer', WASM_LAYER, text, undefined, MediaType.wasm],
    ['a broken package by its layer', MediaType.package, text, undefined, MediaType.package],
    ['a broken package by its title', MediaType.unknown, text, 'package.json', MediaType.package],
    ['no source, whatever the title', MediaType.unknown, text, 'x.bpf.c', MediaType.unknown],
    ['nothing known', 'valueOf', text, 'constructor', MediaType.unknown],
  ])('recognises %s', (_, layerMediaType, content, title, expected) => {
    expect(programMediaType(layerMediaType, content, title)).toBe(expected);
  });
});

describe('programContentOf', () => {
  const layer = { descriptor: { mediaType: `${OCI_TAR}+gzip`, digest: 'sha256:00', size: 1 } };

  test('inflates a layer of a container image', async () => {
    const { content, mediaType } = await programContentOf(gzipSync(tar), layer);
    expect(mediaType).toBe(MediaType.tar);
    expect(Buffer.from(content).equals(tar)).toBe(true);
  });

  test('leaves what is not compressed as it came', async () => {
    expect((await programContentOf(json, layer)).content).toBe(json);
  });

  test.each([
    ['broken gzip', gzipSync(tar).subarray(0, 20), 'ARTIFACT_UNREADABLE'],
    ['more than the limit', gzipSync(Buffer.alloc(4096)), 'ARTIFACT_TOO_LARGE'],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), 'MEDIA_TYPE_UNSUPPORTED'],
  ])('refuses %s', async (_, bytes, code) => {
    await expect(programContentOf(bytes, layer, 1024)).rejects.toMatchObject({ code });
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EcliError } from '@ecli/core';
import type { Descriptor } from '../types.ts';
import { programLayerOf } from './program-layer.ts';

const layer = (mediaType: string, title?: string): Descriptor => ({
  mediaType,
  digest: `sha256:${'0'.repeat(64)}`,
  size: 1,
  ...(title !== undefined && { annotations: { 'org.opencontainers.image.title': title } }),
});

const PACKAGE = 'application/vnd.eunomia.package.v1+json';
const WASM = 'application/vnd.wasm.content.layer.v1+wasm';
const TAR = 'application/vnd.oci.image.layer.v1.tar';
const GADGET = 'application/vnd.gadget.ebpf.program.v1+binary';

describe('programLayerOf', () => {
  const chosen: readonly [string, Descriptor[], number][] = [
    ['the only layer', [layer(PACKAGE, 'package.json')], 0],
    ["upstream's, which has no title", [layer(WASM)], 0],
    ['a program beside what is none', [layer('text/markdown', 'README.md'), layer(PACKAGE)], 1],
    ['a program beside a vague layer', [layer(TAR, 'a.json'), layer(GADGET, 'program.o')], 1],
    ['the object of a gadget', [layer('application/vnd.gadget.wasm.program.v1+binary'), layer(GADGET)], 1],
    ["the object of Bumblebee's images", [layer('application/ebpf.oci.image.program.v1+binary')], 0],
    ['what oras pushes a package as', [layer(TAR, 'README.md'), layer(TAR, 'package.json')], 1],
    ['the only layer of a container image', [layer('application/vnd.docker.image.rootfs.diff.tar.gzip')], 0],
    ['octet-stream', [layer('application/octet-stream')], 0],
  ];
  test.each(chosen)('finds %s', (_, layers, index) => {
    expect(programLayerOf({ layers }, 'x').descriptor).toBe(layers[index]);
  });

  test('hands on the title', () => {
    expect(programLayerOf({ layers: [layer(PACKAGE, '../x')] }, 'x').title).toBe('../x');
  });

  const refused: readonly [string, Descriptor[], string][] = [
    [
      'two programs',
      [layer(PACKAGE, 'a'), layer(GADGET)],
      `x: 2 layers that could be the program: a (${PACKAGE}), ${GADGET}`,
    ],
    [
      'the layers of a file system',
      [layer(TAR), layer(TAR)],
      `x: 2 layers that could be the program: ${TAR}, ${TAR}`,
    ],
    ['what is none', [layer('text/x-\x1b[2J')], 'x: no program in it; layers: text/x-\\x1b[2J'],
    ['no layers', [], 'x: no program in it; no layers at all'],
    [
      'media types that are words of JavaScript',
      [layer('constructor')],
      'x: no program in it; layers: constructor',
    ],
  ];
  test.each(refused)('refuses %s', (_, layers, message) => {
    expect(() => programLayerOf({ layers }, 'x')).toThrow(
      expect.objectContaining({ code: 'MEDIA_TYPE_UNSUPPORTED', message }),
    );
  });

  test('says what an image without a program is', () => {
    expect(() => programLayerOf({ layers: [], artifactType: 'application/spdx+json' }, 'x')).toThrow(
      'x: no program in it (it is application/spdx+json); no layers at all',
    );
  });

  test('takes any layers, or refuses them in words of bounded length', () => {
    const types = fc.constantFrom(PACKAGE, WASM, TAR, GADGET, '', 'text/plain');
    const layers = fc.array(
      fc.record({ type: fc.oneof(types, fc.string({ maxLength: 300 })), title: fc.option(fc.string()) }),
    );
    fc.assert(
      fc.property(layers, (records) => {
        const list = records.map(({ type, title }) => layer(type, title ?? undefined));
        try {
          expect(list).toContain(programLayerOf({ layers: list }, 'x').descriptor);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
          // eslint-disable-next-line no-control-regex -- what mustn't be there
          expect((error as EcliError).message).toMatch(/^[^\x00-\x1f]{1,20000}$/);
        }
      }),
    );
  });
});

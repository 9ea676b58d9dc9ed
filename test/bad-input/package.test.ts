import { beforeAll, describe, expect, test } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDeflate, deflateSync } from 'node:zlib';
import { runCli, temporaryFolder } from '../harness/index.ts';
import { expectRefusal } from './refusal.ts';
import { type PackageJson, buildSample, objectOf, writePackage } from './sample-program.ts';

const folder = temporaryFolder();

describe('what is no package is refused with what it should have been', () => {
  const texts: readonly [string, string, RegExp][] = [
    ['an empty file', '', /bad\.json/],
    ['not JSON', '{"bpf_object": ', /JSON/],
    ['an array', '[]', /object/],
    ['null', 'null', /object/],
    ['a number', '42', /object/],
    ['a string', '"text"', /object/],
    ['an empty object', '{}', /bpf_object/],
    ['no meta', '{"bpf_object": "eJwDAAAAAAE=", "bpf_object_size": 1}', /meta/],
    ['a number as the object', '{"bpf_object": 1, "bpf_object_size": 0, "meta": {}}', /bpf_object/],
    ['a null as meta', '{"bpf_object": "eJwDAAAAAAE=", "bpf_object_size": 1, "meta": null}', /meta/],
    ['a text as the size', '{"bpf_object": "", "bpf_object_size": "9", "meta": {}}', /bpf_object_size/],
    ['a negative size', '{"bpf_object": "", "bpf_object_size": -1, "meta": {}}', /bpf_object_size/],
    ['nesting without end', '['.repeat(200_000), /bad\.json/],
  ];
  for (const [name, text, message] of texts) {
    test(name, async () => {
      const path = writePackage(folder, 'bad', text);
      expectRefusal(await runCli(['run', '-p', 'json', path]), { message });
    });
  }

  test('a file that is not there, with the one that is meant', async () => {
    writePackage(folder, 'sensor', '{}');
    const result = await runCli(['run', join(folder, 'sensr.json')]);
    expectRefusal(result, { message: /sensr\.json/, hint: /did you mean .*sensor\.json/ });
  });

  test('bytes that are nothing ecli knows', async () => {
    const path = join(folder, 'picture');
    writeFileSync(path, Buffer.from('GIF89a'));
    expectRefusal(await runCli(['run', path]), { message: /picture/ });
  });
});

describe('a package that was spoiled', () => {
  let sample: PackageJson;

  beforeAll(async () => {
    if (!whyNoKernel()) sample = await buildSample(folder);
  }, 60_000);

  const spoiled: readonly [string, (good: PackageJson) => unknown, RegExp][] = [
    ['base64 with other letters', (good) => ({ ...good, bpf_object: `%%${good.bpf_object}` }), /base64/],
    ['base64 cut short', (good) => ({ ...good, bpf_object: good.bpf_object.slice(0, -5) }), /bpf_object/],
    ['what is not zlib', (good) => ({ ...good, bpf_object: btoa('plain text') }), /zlib|inflate|decompress/],
    ['zlib cut short', cutShort, /zlib|inflate|decompress|end/],
    ['a size that is too small', (good) => ({ ...good, bpf_object_size: 100 }), /bpf_object_size|100 bytes/],
    ['a size that is too great', (good) => ({ ...good, bpf_object_size: 1e8 }), /bpf_object_size|bytes/],
    ['an object that is no ELF', (good) => withBytes(good, Buffer.from('not an ELF file')), /ELF/],
    ['an ELF cut short', (good) => withBytes(good, objectOf(good).subarray(0, 300)), /ELF|section|bytes/],
    ['an ELF of another byte order', foreign, /big-endian|byte order/],
    ['maps that are a text', (good) => withSkeleton(good, { maps: 'many' }), /maps/],
    [
      'a program without a name',
      (good) => withSkeleton(good, { progs: [{ attach: 'xdp' }] }),
      /progs\[0\].*name|name.*progs\[0\]/,
    ],
    ['a program that the object has not', withAnotherProgram, /nobody/],
    ['a map that the object has not', withAnotherMap, /nowhere/],
    ['an event type that BTF has not', (good) => withExport(good, { type_id: 99_999 }), /99999/],
    ['an event type of another name', (good) => withExport(good, { name: 'visit' }), /visit/],
    ['an event type of another size', (good) => withExport(good, { size: 24 }), /24/],
    [
      'an event type with a member too many',
      (good) => withExport(good, { members: members(good, 'extra') }),
      /extra/,
    ],
    ['an event type that lacks a member', (good) => withExport(good, { members: [] }), /member/],
  ];
  for (const [name, spoil, message] of spoiled) {
    kernelTest(name, async () => {
      const path = writePackage(folder, 'spoiled', spoil(sample));
      expectRefusal(await runCli(['run', path]), { message });
    });
  }

  kernelTest('a zip bomb, in flat memory', async () => {
    const usual = await peakOf(writePackage(folder, 'usual', { ...sample, bpf_object_size: 1 }));
    const zeros = await deflatedZeros(400e6);
    expect(zeros.byteLength).toBeLessThan(500e3);
    for (const size of [100, 400e6]) {
      const bomb = { ...sample, bpf_object: zeros.toString('base64'), bpf_object_size: size };
      const peak = await peakOf(writePackage(folder, 'bomb', bomb));
      expect(peak - usual).toBeLessThan(24 << 20);
    }
  });
});

async function peakOf(path: string): Promise<number> {
  const result = await runCli(['run', path]);
  expectRefusal(result, { message: /bpf_object|bytes/ });
  return result.peakBytes ?? NaN;
}

async function deflatedZeros(size: number): Promise<Buffer> {
  const deflate = createDeflate({ level: 9 });
  const block = Buffer.alloc(1e6);
  for (let written = 0; written < size; written += block.length) deflate.write(block);
  deflate.end();
  const parts: Buffer[] = [];
  for await (const part of deflate) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function withBytes(good: PackageJson, bytes: Uint8Array): unknown {
  return { ...good, bpf_object: deflateSync(bytes).toString('base64'), bpf_object_size: bytes.length };
}

function cutShort(good: PackageJson): unknown {
  const zipped = Buffer.from(good.bpf_object, 'base64');
  return { ...good, bpf_object: zipped.subarray(0, zipped.length - 20).toString('base64') };
}

/** Byte 5 of an ELF file is its byte order: 1 is little-endian, 2 big-endian. */
function foreign(good: PackageJson): unknown {
  const object = objectOf(good);
  object[5] = 3 - (object[5] ?? 0);
  return withBytes(good, object);
}

function withSkeleton(good: PackageJson, changes: object): unknown {
  return { ...good, meta: { ...good.meta, bpf_skel: { ...good.meta.bpf_skel, ...changes } } };
}

function withAnotherProgram(good: PackageJson): unknown {
  return withSkeleton(good, {
    progs: [...good.meta.bpf_skel.progs, { name: 'nobody', attach: 'xdp', link: true }],
  });
}

function withAnotherMap(good: PackageJson): unknown {
  return withSkeleton(good, { maps: [...good.meta.bpf_skel.maps, { name: 'nowhere', ident: 'nowhere' }] });
}

function withExport(good: PackageJson, changes: object): unknown {
  return {
    ...good,
    meta: { ...good.meta, export_types: good.meta.export_types.map((type) => ({ ...type, ...changes })) },
  };
}

function members(good: PackageJson, name: string): object[] {
  return [...(good.meta.export_types[0]?.members ?? []), { name, type: 'int' }];
}

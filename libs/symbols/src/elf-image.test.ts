import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { MemorySource } from './byte-source.ts';
import { ElfImage, findBuildId, parseDebugLink } from './elf-image.ts';

const C_LIBRARY =
  /\/\S*\/libc\.so\.6$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? process.execPath;

function note(type: number, name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(name.length + 1, 0);
  header.writeUInt32LE(content.length, 4);
  header.writeUInt32LE(type, 8);
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  return Buffer.concat([header, padded(Buffer.from(`${name}\0`)), padded(content)]);
}

describe('findBuildId', () => {
  const id = Buffer.from('0123456789abcdef', 'hex');

  test('finds it behind other notes', () => {
    const notes = [note(1, 'GNU', Buffer.alloc(16)), note(3, 'Go', Buffer.alloc(7)), note(3, 'GNU', id)];
    expect(findBuildId(Buffer.concat(notes))).toBe('0123456789abcdef');
  });

  test('finds it among any other notes', () => {
    const anyNote = fc
      .tuple(fc.nat(5), fc.stringMatching(/^[A-Z]{1,9}$/), fc.uint8Array({ maxLength: 40 }))
      .filter(([type, name]) => type !== 3 || name !== 'GNU')
      .map(([type, name, content]) => note(type, name, Buffer.from(content)));
    fc.assert(
      fc.property(fc.array(anyNote), fc.array(anyNote), (before, after) => {
        expect(findBuildId(Buffer.concat([...before, note(3, 'GNU', id), ...after]))).toBe(
          id.toString('hex'),
        );
        expect(findBuildId(Buffer.concat(before))).toBeUndefined();
      }),
    );
  });

  test('reads any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void findBuildId(Buffer.from(bytes))));
  });
});

describe('parseDebugLink', () => {
  const link = (name: string) => {
    const text = Buffer.from(`${name}\0`);
    const crc = Buffer.from([0x78, 0x56, 0x34, 0x12]);
    return Buffer.concat([text, Buffer.alloc(-text.length & 3), crc]);
  };

  test('reads any name with its CRC', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,9}\.debug$/), (name) => {
        expect(parseDebugLink(link(name))).toEqual({ name, crc: 0x12345678 });
      }),
    );
  });

  test.each(['', '..', '.', '../../etc/shadow', '/etc/shadow'])('refuses the name %p', (name) => {
    expect(parseDebugLink(link(name))).toBeUndefined();
  });

  test('reads any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseDebugLink(Buffer.from(bytes))));
  });
});

describe('ElfImage', () => {
  const library = readFileSync(C_LIBRARY);

  test('is nothing for what is no ELF file', () => {
    expect(ElfImage.open(new MemorySource(Buffer.from('#!/bin/sh\n')))).toBeUndefined();
    expect(ElfImage.open(new MemorySource(Buffer.alloc(0)))).toBeUndefined();
    expect(ElfImage.open(new MemorySource(library.subarray(0, 63)))).toBeUndefined();
  });

  test('looks for a build id in as many notes as programs have, however many sections share them', () => {
    const source = new MemorySource(sectionsOfNotes(1000, 2 << 20));
    const read = jest.spyOn(source, 'read');
    expect(ElfImage.open(source)?.buildId).toBeUndefined();
    expect(read.mock.calls.filter(([, length]) => length === 2 << 20)).toHaveLength(2);
  });

  test('reads a file cut off anywhere', () => {
    const anyLength = fc.integer({ min: 0, max: library.length });
    fc.assert(
      fc.property(anyLength, (length) => exercise(library.subarray(0, length))),
      { numRuns: 50 },
    );
  });

  test('reads a file whose headers say anything', () => {
    const small = Buffer.from(library.subarray(0, 1 << 16));
    const anyChange = fc.tuple(fc.nat(4096), fc.nat(255));
    fc.assert(
      fc.property(fc.array(anyChange, { minLength: 1, maxLength: 20 }), (changes) => {
        const changed = Buffer.from(small);
        // Section headers of a file of its own, made of its first bytes.
        changed.writeBigUInt64LE(64n, 40);
        for (const [at, value] of changes) changed[at] = value;
        changed.writeUInt32BE(0x7f454c46, 0);
        exercise(changed);
      }),
      { numRuns: 300 },
    );
  });
});

/** An ELF file whose `count` sections are all notes, of the same `size` bytes of nothing. */
function sectionsOfNotes(count: number, size: number): Buffer {
  const start = 64 + size;
  const file = Buffer.alloc(start + count * 64);
  file.write('\x7fELF\x02\x01', 'latin1');
  file.writeBigUInt64LE(BigInt(start), 40);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(count, 60);
  file.writeUInt16LE(count, 62); // nothing has their names
  for (let at = start; at < file.length; at += 64) {
    file.writeUInt32LE(7, at + 4);
    file.writeBigUInt64LE(64n, at + 24);
    file.writeBigUInt64LE(BigInt(size), at + 32);
  }
  return file;
}

function exercise(bytes: Buffer): void {
  const image = ElfImage.open(new MemorySource(bytes));
  image?.symbols()?.find(0x1000);
  image?.dynamicSymbols()?.find(0x1000);
  image?.addressOf(0x1000);
  expect([image?.buildId, image?.debugLink, image?.miniDebugInfo]).toHaveLength(3);
}

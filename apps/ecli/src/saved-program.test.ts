import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { MediaType } from '@ecli/core';
import { fileNameOf, saveProgram } from './saved-program.ts';

const root = mkdtempSync(join(tmpdir(), 'ecli-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'folder-'));
});

const content = Buffer.from('{"bpf_object":"","meta":{}}');
const program = {
  mediaType: MediaType.package,
  name: 'tool',
  open: pieces,
};

async function* pieces() {
  yield content.subarray(0, 5);
  yield content.subarray(5);
}

describe('fileNameOf', () => {
  const { package: json, object, wasm, tar, unknown } = MediaType;
  test.each([
    [json, 'package.json', 'package.json'],
    [json, 'opens.json', 'opens.json'],
    [json, 'dist/deep/opens.json', 'opens.json'],
    [json, '../../etc/cron.d/x.json', 'x.json'],
    [json, 'C:\\Windows\\x.json', 'x.json'],
    [json, 'Makefile', 'package.json'],
    [json, '.bashrc', 'package.json'],
    [json, '.json', 'package.json'],
    [json, '-rf.json', 'package.json'],
    [json, 'a\nb.json', 'package.json'],
    [json, '\u202egnp.json', 'package.json'],
    [json, 'opens.bpf.o', 'package.json'],
    [json, '', 'package.json'],
    [object, 'opens.bpf.o', 'opens.bpf.o'],
    [object, '..', 'tool.bpf.o'],
    [wasm, undefined, 'tool.wasm'],
    [tar, 'x'.repeat(300) + '.tar', 'tool.tar'],
    [unknown, 'x.sh', 'tool'],
    ['constructor', 'x.json', 'tool'],
  ])('of %s titled %j is %s', (mediaType, title, expected) => {
    expect(fileNameOf({ mediaType, title, name: 'tool' })).toBe(expected);
  });

  test('is a plain name whatever the title', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (title) => {
        expect(fileNameOf({ mediaType: MediaType.package, title: `${title}.json`, name: 'tool' })).toMatch(
          /^[\p{L}\p{N}_][\p{L}\p{N}_.+-]*\.json$/u,
        );
      }),
    );
  });
});

describe('saveProgram', () => {
  test('makes the folder that it is to be saved in', async () => {
    const { path } = await saveProgram(program, join(folder, 'a/b/'));
    expect(path).toBe(join(folder, 'a/b/package.json'));
    expect(readFileSync(path)).toEqual(content);
  });

  test('saves in a folder under its own name, and says whether one was there', async () => {
    const path = join(folder, 'package.json');
    expect(await saveProgram(program, folder)).toEqual({
      path,
      sizeBytes: content.byteLength,
      replaced: false,
    });
    expect(await saveProgram(program, `${folder}/`)).toEqual({
      path,
      sizeBytes: content.byteLength,
      replaced: true,
    });
    expect(readFileSync(path)).toEqual(content);
    expect(readdirSync(folder)).toEqual(['package.json']);
  });

  test('copies the file that holds the bytes, with the rights of a new one', async () => {
    const path = join(folder, 'blob');
    writeFileSync(path, content, { mode: 0o600 });
    const saved = await saveProgram({ ...program, path }, folder);
    expect(saved.sizeBytes).toBe(content.byteLength);
    expect(readFileSync(saved.path)).toEqual(content);
    writeFileSync(join(folder, 'other'), '');
    expect(lstatSync(saved.path).mode).toBe(lstatSync(join(folder, 'other')).mode);
  });

  test('leaves a package.json alone that is no program, unless it is named', async () => {
    const path = join(folder, 'package.json');
    writeFileSync(path, '{"name":"mine"}');
    await expect(saveProgram(program, folder)).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: `${path}: is there, and is no program`,
    });
    expect(readFileSync(path, 'utf8')).toBe('{"name":"mine"}');
    await saveProgram(program, path);
    expect(readFileSync(path)).toEqual(content);
  });

  test('replaces a link, and not what it leads to', async () => {
    const precious = join(folder, 'precious');
    const path = join(folder, 'package.json');
    writeFileSync(precious, '{"bpf_object":"other"}');
    symlinkSync(precious, path);
    await saveProgram(program, folder);
    expect(lstatSync(path).isSymbolicLink()).toBe(false);
    expect(readFileSync(precious, 'utf8')).toBe('{"bpf_object":"other"}');
  });

  test('writes into a device, which stays one', async () => {
    await saveProgram(program, '/dev/null');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('leaves what was there where the bytes fail on the way', async () => {
    const failing = async function* () {
      yield content;
      throw new Error('cut off');
    };
    const path = join(folder, 'package.json');
    writeFileSync(path, '{"bpf_object":"old"}');
    await expect(saveProgram({ ...program, open: failing }, folder)).rejects.toThrow('cut off');
    expect(readFileSync(path, 'utf8')).toBe('{"bpf_object":"old"}');
    expect(readdirSync(folder)).toEqual(['package.json']);
  });

  test('says why it can not, and leaves nothing behind', async () => {
    mkdirSync(join(folder, 'taken.json'));
    await expect(saveProgram(program, join(folder, 'missing/x.json'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: `${folder}/missing/x.json: can't be written: no such folder`,
    });
    expect(readdirSync(folder)).toEqual(['taken.json']);
  });
});

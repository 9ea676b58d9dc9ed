import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Chunk, Chunks } from './chunks.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ecli-chunks-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('chunks', () => {
  test('are run once, when the first asks for them', () => {
    const chunks = write({
      './a.js': "exports.b = require('./b.js'); exports.again = require('./b.js');",
      './b.js': 'exports.made = {};',
    });
    const a = chunks.require('./a.js') as { b: object; again: object };
    expect(a.again).toBe(a.b);
    expect(chunks.require('./b.js')).toBe(a.b);
  });

  test('may require what Node finds', () => {
    const chunks = write({ './a.js': "exports.sep = require('node:path').sep;" });
    expect(chunks.require('./a.js')).toEqual({ sep: '/' });
  });

  test('are still those of the same build once another has replaced it', () => {
    const chunks = write({ './a.js': 'exports.a = 1;' });
    rmSync(folder, { recursive: true });
    expect(chunks.require('./a.js')).toEqual({ a: 1 });
  });

  test('name their line in the file when they fail', () => {
    const chunks = write({ './a.js': 'exports.a = 1;', './b.js': "\nthrow new Error('b');" });
    expect(stackOf(() => chunks.require('./b.js'))).toContain(`${join(folder, 'code.js')}:3:`);
  });

  test.each([
    ['is missing', undefined],
    ['is empty', new Uint8Array()],
    ['is cut off', compiled('exports.a = 1;').subarray(0, 40)],
    ['is of other code', compiled('exports.other = "code";')],
  ])('run without V8 code that %s', (_, cache) => {
    expect(write({ './a.js': 'exports.a = 1;' }, cache).require('./a.js')).toEqual({ a: 1 });
  });

  test('leave other names to Node', () => {
    expect(() => write({}).require('./none.js')).toThrow("Cannot find module './none.js'");
  });
});

/** A file of these modules, and the V8 code `cache` for all of them beside it. */
function write(bodies: Readonly<Record<string, string>>, cache?: Uint8Array): Chunks {
  const path = join(folder, 'code.js');
  const chunks: Record<string, Chunk> = {};
  let code = '';
  for (const [name, body] of Object.entries(bodies)) {
    const text = asFunction(body);
    chunks[name] = [code.split('\n').length - 1, code.length, text.length, 0, cache?.length ?? 0];
    code += text;
  }
  writeFileSync(path, code);
  if (cache) writeFileSync(`${path}.cache`, cache);
  return new Chunks(path, chunks);
}

function asFunction(body: string): string {
  return `(function (exports, require, module, __filename, __dirname) {${body}});\n`;
}

function compiled(body: string): Buffer {
  return new Script(asFunction(body)).createCachedData();
}

function stackOf(fail: () => unknown): string {
  try {
    fail();
  } catch (error) {
    return (error as Error).stack ?? '';
  }
  return '';
}

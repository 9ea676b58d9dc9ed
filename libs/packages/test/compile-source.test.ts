import { chmodSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { descriptorOf, MediaType } from '@ecli/core';
import { type CompileOptions, compileSource, readPackage } from '../src/index.ts';
import { failure, HEADER, META, SOURCE, useClientProgram } from './client-program.ts';

const client = useClientProgram();

describe('compileSource', () => {
  test('compiles once, and again when the source, a header or an option is another', async () => {
    expect(await compiles()).toBe(true);
    expect(await compiles()).toBe(false);
    expect(await compiles({ exportType: 'event' })).toBe(true);
    client.write('client.h', HEADER.replace('COMM_SIZE 16', 'COMM_SIZE 32'));
    expect(await compiles()).toBe(true);
    client.write('client.bpf.c', `${SOURCE}\n`);
    expect(await compiles()).toBe(true);
    expect(await compiles()).toBe(false);
  });

  test('gives the same from the cache as from the compiler', async () => {
    const compiled = await compileSource(client.source);
    expect(await compileSource(client.source)).toEqual(compiled);
    expect(compiled.meta).toMatchObject(META);
  });

  test('takes a header that only its time has changed for the same', async () => {
    await compileSource(client.source);
    utimesSync(client.header, 1000, 1000);
    expect(await compiles()).toBe(false);
  });

  test('makes a corrupt entry again', async () => {
    process.env['XDG_CACHE_HOME'] = join(client.folder, 'cache');
    await compileSource(client.source);
    const cache = join(client.folder, 'cache', 'ecli', 'build');
    const entries = readdirSync(cache);
    expect(entries).toHaveLength(1);
    for (const corrupt of ['', '{"inputs": [', 'null', '{"inputs": [], "value": {"meta": 1}}']) {
      writeFileSync(join(cache, entries[0] ?? ''), corrupt);
      expect(await compiles()).toBe(true);
      expect(await compiles()).toBe(false);
    }
  });

  test('keeps its cache for its user alone, and does without one that others may write to', async () => {
    process.env['XDG_CACHE_HOME'] = join(client.folder, 'cache');
    await compileSource(client.source);
    const cache = join(client.folder, 'cache', 'ecli', 'build');
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    chmodSync(cache, 0o777);
    expect(await compiles()).toBe(true);
    expect(await compiles()).toBe(true);
  });

  test.each(['/proc/none', '/dev/null', '/dev/null/x'])('does without a cache in %s', async (place) => {
    process.env['XDG_CACHE_HOME'] = place;
    await expect(compileSource(client.source)).resolves.toMatchObject({ meta: META });
  });
});

describe('readPackage', () => {
  test('compiles a source by its path', async () => {
    const content = readFileSync(client.source);
    const artifact = {
      reference: client.source,
      path: client.source,
      content,
      descriptor: descriptorOf(content, MediaType.source),
    };
    expect(await readPackage(artifact)).toMatchObject({ meta: META });
  });

  test('compiles a source without a file', async () => {
    const content = Buffer.from(SOURCE.replace('#include "client.h"', HEADER));
    const artifact = { reference: '-', content, descriptor: descriptorOf(content, MediaType.source) };
    const { meta } = await readPackage(artifact, { exportType: 'event' });
    expect(meta.bpf_skel.obj_name).toBe('stdin_bpf');
    expect(meta.export_types).toMatchObject(META.export_types);
  });

  test('lists the structs of the headers beside the source when it can not tell which the events are', async () => {
    client.write('types.h', HEADER);
    client.write('client.bpf.c', SOURCE.replace('client.h', 'types.h'));
    rmSync(client.header);
    const { hint } = await failure(compileSource(client.source));
    expect(hint).toMatch(/^say which struct it is: --export STRUCT, one of: event\nmark the struct/);
  });

  test('names the place of an error in a source without a file', async () => {
    const content = Buffer.from('int x\n');
    const artifact = { reference: '-', content, descriptor: descriptorOf(content, MediaType.source) };
    const { message, details } = await failure(readPackage(artifact));
    expect(message).toBe('<stdin>: does not compile');
    expect(details).toMatch(/^<stdin>:1:6: error: expected ';'/);
  });
});

/** Whether compiling `source` for a run starts clang. */
async function compiles(options: CompileOptions = {}): Promise<boolean> {
  const commands: string[] = [];
  await compileSource(client.source, { ...options, diagnose: (line) => commands.push(line) });
  return commands.some((command) => command.includes('clang'));
}

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Frame, Symbolizer } from '../src/index.ts';
import { CHAIN, CHAIN_FLAGS, name, symbols, Workshop } from './programs.ts';

const CALLS = ['gamma_', 'beta_', 'alpha_', 'main'];
const workshop = new Workshop();
const symbolizer = new Symbolizer<Frame>({ render: (frame) => frame });
afterAll(() => symbolizer.close());

describe('a program of C', () => {
  test.each([
    ['position-independent', ['-pie', '-fPIE']],
    ['at a fixed place', ['-no-pie']],
    ['static', ['-static', '-no-pie']],
    ['static and position-independent', ['-static-pie']],
  ])('%s: names its calls as nm has them', async (what, flags) => {
    const path = workshop.compileChain(`chain ${what}`, flags);
    const { pid, addresses, end } = await workshop.start(path);
    const frames = name(symbolizer, pid, addresses);
    expect(symbols(frames).slice(0, 4)).toEqual(CALLS);
    const table = new Map(
      workshop
        .run('nm', path)
        .split('\n')
        .map((line) => line.split(' '))
        .map(([address, , symbol]) => [symbol, Number.parseInt(address ?? '', 16)]),
    );
    for (const frame of frames.slice(0, 4)) {
      expect(frame).toMatchObject({ space: 'user', path });
      const linked = ((table.get(frame.symbol ?? '') ?? 0) + (frame.offset ?? 0)).toString(16);
      expect(workshop.run('addr2line', '-f', '-e', path, linked)).toContain(frame.symbol);
    }
    await end();
  });

  test('stripped: tells the file and where in it an address lies', async () => {
    const path = workshop.compileChain('stripped');
    const linked = workshop.run('nm', path);
    workshop.run('strip', path);
    const { pid, addresses, end } = await workshop.start(path);
    const [frame] = name(symbolizer, pid, addresses);
    expect(frame).toMatchObject({ path });
    expect(frame?.symbol).toBeUndefined();
    const start = Number.parseInt(/^(\S+) T gamma_$/m.exec(linked)?.[1] ?? '', 16);
    expect(frame?.offset).toBeGreaterThan(start);
    expect(frame?.offset).toBeLessThan(start + 200);
    await end();
  });

  test('in a shared library: names both sides of the call', async () => {
    const library = workshop.compile('libchain.so', CHAIN.replace('int main(void)', 'int chain(void)'), [
      '-DNAME(x)=',
      ...CHAIN_FLAGS,
      '-shared',
      '-fPIC',
      '-Wl,-soname,libchain.so',
    ]);
    const main = 'int chain(void); int main(void) { return chain() == 0; }';
    const source = workshop.path('main.c');
    writeFileSync(source, main);
    const path = workshop.path('with-library');
    workshop.run('clang', '-O0', source, library, `-Wl,-rpath,${workshop.folder}`, '-o', path);
    const { pid, addresses, end } = await workshop.start(path);
    const frames = name(symbolizer, pid, addresses);
    expect(symbols(frames).slice(0, 5)).toEqual(['gamma_', 'beta_', 'alpha_', 'chain', 'main']);
    expect(frames[0]?.path).toBe(library);
    expect(frames[4]?.path).toBe(path);
    await end();
  });
});

describe('names in other files', () => {
  test('of .gnu_debuglink, if the CRC is the right one', async () => {
    const path = workshop.compileChain('linked', ['-Wl,--build-id=none']);
    workshop.run('objcopy', '--only-keep-debug', path, 'linked.debug');
    workshop.run('objcopy', '--strip-all', '--add-gnu-debuglink=linked.debug', path);
    mkdirSync(workshop.path('.debug'));
    renameSync(workshop.path('linked.debug'), workshop.path('.debug/linked.debug'));
    const right = await workshop.start(path);
    expect(symbols(name(symbolizer, right.pid, right.addresses)).slice(0, 4)).toEqual(CALLS);
    await right.end();

    const other = workshop.path('other');
    copyFileSync(path, other);
    writeFileSync(workshop.path('.debug/linked.debug'), '\0', { flag: 'a' });
    const wrong = await workshop.start(other);
    expect(symbols(name(symbolizer, wrong.pid, wrong.addresses)).slice(0, 4)).toEqual(['?', '?', '?', '?']);
    await wrong.end();
  });

  test('of MiniDebugInfo', async () => {
    const path = workshop.compileChain('mini');
    workshop.run('objcopy', '--strip-all', path, 'mini.stripped');
    workshop.run('objcopy', '--only-keep-debug', path, 'mini.symbols');
    workshop.run('xz', '-f', 'mini.symbols');
    workshop.run('objcopy', '--add-section', '.gnu_debugdata=mini.symbols.xz', 'mini.stripped');
    const { pid, addresses, end } = await workshop.start(workshop.path('mini.stripped'));
    expect(symbols(name(symbolizer, pid, addresses)).slice(0, 4)).toEqual(CALLS);
    await end();
  });
});

describe('mangled names', () => {
  test('of C++', async () => {
    const source = CHAIN.replace('NAME("gamma_")', '')
      .replace('NAME("beta_")', '')
      .replace(/gamma_/g, 'inner')
      .replace(/beta_/g, 'middle');
    const inSpace = source
      .replace('LOUD int inner', 'namespace deep { LOUD int inner')
      .replace('int main', '} int main')
      .replace('return alpha_', 'return deep::alpha_');
    const path = workshop.compile('cpp', inSpace, CHAIN_FLAGS, 'c++');
    const { pid, addresses, end } = await workshop.start(path);
    expect(symbols(name(symbolizer, pid, addresses)).slice(0, 4)).toEqual([
      'deep::inner(int)',
      'deep::middle(int)',
      'deep::alpha_(int)',
      'main',
    ]);
    await end();
  });

  test('of Rust, both manglings', async () => {
    const source = CHAIN.replace(
      'NAME("gamma_")',
      '__asm__("_ZN4core3fmt5write17h05af221e174051e9E")',
    ).replace('NAME("beta_")', '__asm__("_RNvNtCs1234_7mycrate3foo3bar")');
    const path = workshop.compile('rust', source, CHAIN_FLAGS);
    const { pid, addresses, end } = await workshop.start(path);
    expect(symbols(name(symbolizer, pid, addresses)).slice(0, 3)).toEqual([
      'core::fmt::write',
      'mycrate::foo::bar',
      'alpha_',
    ]);
    await end();
  });
});

describe('a file that changed', () => {
  test('is named after it was deleted', async () => {
    const path = workshop.compileChain('deleted');
    const { pid, addresses, end } = await workshop.start(path);
    rmSync(path);
    const frames = name(symbolizer, pid, addresses);
    expect(symbols(frames).slice(0, 4)).toEqual(CALLS);
    expect(frames[0]?.path).toBe(path);
    await end();
  });

  test('is named by its own symbols after another took its place', async () => {
    const path = workshop.compileChain('replaced');
    const { pid, addresses, end } = await workshop.start(path);
    const other = workshop.compile(
      'replacement',
      'int decoy(void) { return 1; } int main(void) { return decoy(); }',
    );
    renameSync(other, path);
    expect(symbols(name(symbolizer, pid, addresses)).slice(0, 4)).toEqual(CALLS);
    await end();
  });
});

describe('a process', () => {
  let chain: string;
  beforeAll(() => {
    chain = workshop.compileChain('chain');
  });

  test('that ended keeps the names that were known, also of its files', async () => {
    const { pid, addresses, end } = await workshop.start(chain);
    const [first, ...rest] = addresses;
    expect(symbols(name(symbolizer, pid, first === undefined ? [] : [first]))).toEqual(['gamma_']);
    await end();
    expect(symbols(name(symbolizer, pid, rest)).slice(0, 3)).toEqual(['beta_', 'alpha_', 'main']);
  });

  test('that ended before its first stack came has addresses', async () => {
    const { pid, addresses, end } = await workshop.start(chain);
    await end();
    const [frame] = name(symbolizer, pid, addresses);
    expect(frame).toEqual({ space: 'user', address: addresses[0]?.toString(16).padStart(16, '0') });
  });

  test('that ends while it is named does no harm', async () => {
    for (let round = 0; round < 10; round++) {
      const { pid, addresses, end } = await workshop.start(chain);
      const ended = end();
      while (statSync(`/proc/${pid}`, { throwIfNoEntry: false })) {
        name(new Symbolizer<Frame>({ render: (frame) => frame }), pid, addresses);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await ended;
    }
  });

  test('that executes another program is looked at again', async () => {
    const shell = await workshop.start('/bin/sh', ['-c', `echo 0; read line; exec ${chain}`]);
    const [before] = name(symbolizer, shell.pid, [executableAddress(shell.pid)]);
    expect(before?.path).toBe(realpathSync('/bin/sh'));
    shell.send('go\n');
    const addresses = await shell.nextAddresses();
    // A process is looked at again after some milliseconds.
    let names: string[] = [];
    while (names[0] !== 'gamma_') names = symbols(name(symbolizer, shell.pid, addresses));
    expect(names.slice(0, 4)).toEqual(CALLS);
    await shell.end();
  });

  test('in a mount namespace and root of its own is named by its own files', async () => {
    const root = workshop.path('root');
    mkdirSync(join(root, 'bin'), { recursive: true });
    const path = workshop.compileChain('chrooted', [
      '-static',
      '-no-pie',
      '-Wl,--build-id=0x00112233445566778899',
    ]);
    workshop.run('objcopy', '--only-keep-debug', path, 'chrooted.debug');
    workshop.run('strip', path);
    renameSync(path, join(root, 'bin/chrooted'));
    const debug = join(root, 'usr/lib/debug/.build-id/00/112233445566778899.debug');
    mkdirSync(dirname(debug), { recursive: true });
    renameSync(workshop.path('chrooted.debug'), debug);
    const { pid, addresses, end } = await workshop.start('unshare', ['-m', 'chroot', root, '/bin/chrooted']);
    const frames = name(symbolizer, pid, addresses);
    expect(symbols(frames).slice(0, 4)).toEqual(CALLS);
    await end();
  });
});

describe('code that no file holds', () => {
  test('of the kernel in [vdso] is named', () => {
    const line = /^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$/m.exec(readFileSync('/proc/self/maps', 'latin1'));
    const start = BigInt(`0x${line?.[1]}`);
    const end = BigInt(`0x${line?.[2]}`);
    const addresses = Array.from(
      { length: Number(end - start) / 16 },
      (_, index) => start + 16n * BigInt(index),
    );
    const frames = name(symbolizer, process.pid, addresses);
    expect(frames.every(({ path }) => path === '[vdso]')).toBe(true);
    expect(symbols(frames)).toContain('__vdso_clock_gettime');
  });

  test('of a just-in-time compiler is named by its perf map', async () => {
    const script =
      "function hotLoop(n){let s=0;for(let i=0;i<n;i++)s+=i;return s} for(let i=0;i<1e5;i++)hotLoop(100); console.log('1'); process.stdin.resume()";
    const { pid, end } = await workshop.start(process.execPath, ['--perf-basic-prof', '-e', script]);
    const map = `/tmp/perf-${pid}.map`;
    try {
      const [, start] = /^([0-9a-f]+) [0-9a-f]+ \w+:[*^]hotLoop.*$/m.exec(readFileSync(map, 'latin1')) ?? [];
      const [frame] = name(symbolizer, pid, [BigInt(`0x${start}`) + 4n]);
      expect(frame).toMatchObject({ symbol: expect.stringContaining('hotLoop'), offset: 4 });
    } finally {
      await end();
      rmSync(map, { force: true });
    }
  });
});

/** An address inside the first file that the process executes. */
function executableAddress(pid: number): bigint {
  const [, start = '0'] =
    /^([0-9a-f]+)-\S+ r-xp .*\/.*$/m.exec(readFileSync(`/proc/${pid}/maps`, 'latin1')) ?? [];
  return BigInt(`0x${start}`) + 16n;
}

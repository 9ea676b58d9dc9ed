import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { appendFileSync, readFileSync } from 'node:fs';
import { Decoder } from '../src/decoder.ts';
import { FileCache } from '../src/file-cache.ts';
import { BareAddresses, type Frame, Symbolizer } from '../src/index.ts';
import { type Mapping, parseMaps } from '../src/process-maps.ts';
import { name, symbols, Workshop } from './programs.ts';

const workshop = new Workshop();

/** The mapping of `path` in a process. */
function mappingOf(pid: number, path: string): Mapping {
  const mapping = parseMaps(readFileSync(`/proc/${pid}/maps`, 'utf8')).find((one) => one.path === path);
  if (!mapping) throw new Error(`${path} isn't mapped`);
  return mapping;
}

describe('FileCache', () => {
  const chain = workshop.compileChain('shared');

  test('reads a file once for all processes that map it', async () => {
    const cache = new FileCache(new Decoder());
    const [first, second] = await Promise.all([workshop.start(chain), workshop.start(chain)]);
    const symbolsOf = (pid: number) => cache.get(`/proc/${pid}`, mappingOf(pid, chain));
    expect(symbolsOf(first.pid)).toBeDefined();
    expect(symbolsOf(second.pid)).toBe(symbolsOf(first.pid));
    expect(cache.size).toBe(1);
    await Promise.all([first.end(), second.end()]);
  });

  test('reads a file again that changed', async () => {
    const path = workshop.compileChain('changing');
    const program = await workshop.start(path);
    const mapping = mappingOf(program.pid, path);
    await program.end();
    const cache = new FileCache(new Decoder());
    const before = cache.get('/proc/self', mapping);
    appendFileSync(path, '\0');
    expect(before).toBeDefined();
    expect(cache.get('/proc/self', mapping)).not.toBe(before);
    expect(cache.size).toBe(1);
  });

  test('keeps what was used last, as many files and bytes as it may', async () => {
    const program = await workshop.start(chain);
    const paths = parseMaps(readFileSync(`/proc/${program.pid}/maps`, 'utf8')).filter(
      ({ inode }) => inode > 0,
    );
    expect(paths.length).toBeGreaterThan(1);
    for (const [files, bytes] of [
      [1, Infinity],
      [Infinity, 1],
    ] as const) {
      const cache = new FileCache(new Decoder(), files, bytes);
      for (const mapping of paths) {
        expect(cache.get(`/proc/${program.pid}`, mapping)).toBeDefined();
        expect(cache.size).toBe(1);
      }
    }
    await program.end();
  });

  test('does not take another file that has the path', async () => {
    const program = await workshop.start(chain);
    const mapping = { ...mappingOf(program.pid, chain), inode: 1, range: '1-2' };
    expect(new FileCache(new Decoder()).get(`/proc/${program.pid}`, mapping)).toBeUndefined();
    await program.end();
  });
});

describe('Symbolizer', () => {
  test('renders an address once, and again when too many others came between', async () => {
    const program = await workshop.start(workshop.compileChain('few'));
    let rendered = 0;
    const symbolizer = new Symbolizer<Frame>({
      render: (frame) => {
        rendered++;
        return frame;
      },
      mostFrames: 100,
    });
    name(symbolizer, program.pid, program.addresses);
    const once = rendered;
    expect(symbols(name(symbolizer, program.pid, program.addresses))[0]).toBe('gamma_');
    expect(rendered).toBe(once);
    for (let low = 0; low < 1000; low++) symbolizer.kernel(low, -1);
    name(
      symbolizer,
      1,
      Array.from({ length: 1000 }, (_, low) => BigInt(low)),
    );
    const before = rendered;
    expect(symbols(name(symbolizer, program.pid, program.addresses))[0]).toBe('gamma_');
    expect(rendered).toBeGreaterThan(before);
    symbolizer.close();
    await program.end();
  });

  test.each([
    ['with names', (render: (frame: Frame) => Frame) => new Symbolizer<Frame>({ render })],
    ['without', (render: (frame: Frame) => Frame) => new BareAddresses<Frame>(render)],
  ])('gives each address its own digits, %s', (_what, make) => {
    const frames = make((frame) => frame);
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.integer(), word, word, (pid, low, high) => {
        const address = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
        const digits = address.toString(16).padStart(16, '0');
        expect(frames.kernel(low, high)).toMatchObject({ space: 'kernel', address: digits });
        expect(frames.process(pid).frame(low, high)).toMatchObject({ space: 'user', address: digits });
      }),
    );
  });

  test('never confuses addresses that one number stands for', () => {
    const frames = new BareAddresses((frame) => frame.address);
    expect(frames.kernel(1, 0x7fffffff)).toBe('7fffffff00000001');
    expect(frames.kernel(2, 0x7fffffff)).toBe('7fffffff00000002');
  });
});

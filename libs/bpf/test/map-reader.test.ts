import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { bindings } from '../src/bindings.ts';
import { type BpfMap, type BpfObject, type MapEntries, readEntries, type ReadOptions } from '../src/index.ts';
import { possibleCpus } from '../src/cpus.ts';
import { kernelTest } from '../src/testing/index.ts';
import { COUNTING_PROGRAM, Getppid } from './getppid.ts';
import { expectNothingLeftOpen, mapOf, open, setFirstInt } from './harness.ts';

interface Definition {
  readonly type: string;
  readonly key?: string;
  readonly value?: string;
  readonly entries?: number;
  readonly flags?: string;
}

const define = ({ type, key = '__u32', value = '__u64', entries = 1000, flags }: Definition): string =>
  `struct { __uint(type, BPF_MAP_TYPE_${type}); __uint(max_entries, ${entries});
  ${key === '' ? '' : `__type(key, ${key});`} ${value === '' ? '' : `__type(value, ${value});`}
  ${flags === undefined ? '' : `__uint(map_flags, ${flags});`} } map SEC(".maps");
char LICENSE[] SEC("license") = "GPL";`;

function load(definition: Definition): BpfMap {
  const object = open(define(definition));
  object.load();
  return mapOf(object, 'map');
}

/** As the kernel wants it: bytes whose address stays. */
function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
}

function update(map: BpfMap, key: Buffer | undefined, value: Buffer): void {
  const { libbpf, addressOf } = bindings();
  const result = libbpf.bpf_map_update_elem(map.fd, key ? addressOf(key) : 0, addressOf(value), 0);
  if (result < 0) throw new Error(`update: ${result}`);
}

function remove(map: BpfMap, key: Buffer): void {
  const { libbpf, addressOf } = bindings();
  libbpf.bpf_map_delete_elem(map.fd, addressOf(key));
}

interface Read {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Copies every record of one reading; batches are lent. */
async function all(entries: MapEntries): Promise<Read[]> {
  const read: Read[] = [];
  for await (const { memory, count } of entries.batches()) {
    for (let index = 0; index < count; index++) {
      const record = Buffer.from(memory.u8.subarray(index * entries.stride, (index + 1) * entries.stride));
      read.push({
        key: record.subarray(0, entries.keySize),
        value: record.subarray(entries.valueOffset),
      });
    }
  }
  return read;
}

/** Key and value as numbers, by key. */
async function pairs(map: BpfMap, options?: ReadOptions): Promise<(readonly [number, number])[]> {
  return (await all(readEntries(map, options)))
    .map(({ key, value }) => [key.readUInt32LE(0), value.readUInt32LE(0)] as const)
    .toSorted(([a], [b]) => a - b);
}

const WAYS = [
  ['in batches', true],
  ['one at a time', false],
] as const;

describe('readEntries', () => {
  expectNothingLeftOpen();

  for (const [way, batch] of WAYS) {
    for (const type of ['HASH', 'LRU_HASH']) {
      kernelTest(`reads a ${type} ${way}, more than once`, async () => {
        const map = load({ type, entries: 5000 });
        const expected = Array.from({ length: 3000 }, (_, index) => [index, index * 7] as const);
        for (const [key, value] of expected) update(map, words(key), words(value, 0));
        if (type === 'HASH') expect(await pairs(map, { batch })).toEqual(expected);
        // An LRU map may drop entries long before it is full.
        const present = await pairs(map, { batch });
        expect(await pairs(map, { batch })).toEqual(present);
        expect(present.every(([key, value]) => value === key * 7)).toBe(true);
      });
    }

    kernelTest(`reads an array ${way}, entries of zero too`, async () => {
      const map = load({ type: 'ARRAY', entries: 300 });
      update(map, words(7), words(70, 0));
      const expected = Array.from({ length: 300 }, (_, index) => [index, index === 7 ? 70 : 0]);
      expect(await pairs(map, { batch })).toEqual(expected);
    });

    for (const type of ['PERCPU_HASH', 'LRU_PERCPU_HASH', 'PERCPU_ARRAY']) {
      kernelTest(`reads all CPUs' values of a ${type} ${way}, eight bytes apart`, async () => {
        const map = load({ type, entries: 10, value: '__u32' });
        const cpus = possibleCpus();
        const values = words(...Array.from({ length: cpus }, (_, cpu) => [cpu + 1, 0]).flat());
        update(map, words(3), values);
        const entries = readEntries(map, { batch });
        expect(entries).toMatchObject({
          keySize: 4,
          valueSize: 4,
          valueOffset: 8,
          cpus,
          stride: 8 + cpus * 8,
        });
        const read = (await all(entries)).find(({ key }) => key.readUInt32LE(0) === 3);
        expect(read?.value).toEqual(values);
      });
    }

    kernelTest(`takes entries of a hash out ${way}`, async () => {
      const map = load({ type: 'HASH' });
      for (let key = 0; key < 500; key++) update(map, words(key), words(key, 0));
      expect(await pairs(map, { batch, clear: true })).toHaveLength(500);
      expect(await pairs(map, { batch })).toEqual([]);
    });

    kernelTest(`sets an array to zero ${way}`, async () => {
      const map = load({ type: 'ARRAY', entries: 4 });
      update(map, words(2), words(9, 9));
      expect((await pairs(map, { batch, clear: true }))[2]).toEqual([2, 9]);
      expect((await all(readEntries(map))).every(({ value }) => value.every((byte) => byte === 0))).toBe(
        true,
      );
    });

    kernelTest(`reads keys and values of odd sizes ${way}`, async () => {
      const map = load({ type: 'HASH', key: 'struct { char c[5]; }', value: 'struct { char c[3]; }' });
      const key = Buffer.from(new Uint8Array([1, 2, 3, 4, 5]).slice().buffer);
      update(map, key, Buffer.from(new Uint8Array([7, 8, 9]).slice().buffer));
      const entries = readEntries(map, { batch });
      expect(entries).toMatchObject({
        keySize: 5,
        valueOffset: 8,
        stride: 16,
        entryBytes: 8,
        cpus: undefined,
      });
      expect(await all(entries)).toEqual([
        { key: Buffer.from([1, 2, 3, 4, 5]), value: Buffer.from([7, 8, 9, 0, 0, 0, 0, 0]) },
      ]);
    });

    kernelTest(`reads values larger than a batch ${way}`, async () => {
      const map = load({ type: 'HASH', entries: 100, value: 'struct { char c[20000]; }' });
      const value = Buffer.from(new ArrayBuffer(20_000));
      for (let key = 0; key < 100; key++) {
        value.fill(key);
        update(map, words(key), value);
      }
      const read = await all(readEntries(map, { batch }));
      expect(read).toHaveLength(100);
      expect(read.every(({ key, value: [first] }) => first === key.readUInt32LE(0))).toBe(true);
    });

    kernelTest(`an empty map gives nothing ${way}`, async () => {
      expect(await pairs(load({ type: 'HASH' }), { batch })).toEqual([]);
    });
  }

  kernelTest('a bucket with more entries than a batch makes the batch grow', async () => {
    const map = load({ type: 'HASH', entries: 1024 });
    const expected = Array.from({ length: 1024 }, (_, index) => [index, index]);
    for (const [key = 0] of expected) update(map, words(key), words(key, 0));
    const entries = readEntries(map, { batchEntries: 1 });
    const counts: number[] = [];
    for await (const { count } of entries.batches()) counts.push(count);
    expect(Math.max(...counts)).toBeGreaterThan(1);
    expect(await pairs(map, { batchEntries: 1 })).toEqual(expected);
    expect(await pairs(map, { batchEntries: 1, clear: true })).toEqual(expected);
    expect(await pairs(map)).toEqual([]);
  });

  kernelTest('a reading that is given up half-way leaves the next one whole', async () => {
    const map = load({ type: 'HASH', entries: 1024 });
    const expected = Array.from({ length: 1000 }, (_, index) => [index, index]);
    for (const [key = 0] of expected) update(map, words(key), words(key, 0));
    const entries = readEntries(map, { batchEntries: 64 });
    for (let reading = 0; reading < 20; reading++) {
      for await (const { count } of entries.batches()) {
        expect(count).toBeGreaterThan(0);
        break;
      }
    }
    const keys = (await all(entries)).map(({ key }) => key.readUInt32LE(0)).toSorted((a, b) => a - b);
    expect(keys).toEqual(expected.map(([key]) => key));
  });

  kernelTest('reads what bpftool dumps', async () => {
    const map = load({ type: 'HASH', key: '__u32', value: '__u64' });
    for (let key = 0; key < 200; key++) update(map, words(key * 3), words(key, key));
    const id = /map_id:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${map.fd}`, 'utf8'))?.[1] ?? '';
    const dump = JSON.parse(
      execFileSync('bpftool', ['-j', 'map', 'dump', 'id', id], { encoding: 'utf8' }),
    ) as {
      key: string[];
      value: string[];
    }[];
    const hex = (bytes: readonly string[]) => bytes.map((byte) => byte.slice(2)).join('');
    const dumped = dump.map(({ key, value }) => `${hex(key)} ${hex(value)}`);
    const read = (await all(readEntries(map))).map(
      ({ key, value }) => `${key.toString('hex')} ${value.toString('hex')}`,
    );
    expect(read.toSorted()).toEqual(dumped.toSorted());
  });

  kernelTest('reads a trie, and takes its entries out', async () => {
    const map = load({
      type: 'LPM_TRIE',
      key: 'struct { __u32 bits; __u32 ip; }',
      flags: 'BPF_F_NO_PREALLOC',
    });
    for (let key = 0; key < 200; key++) update(map, words(32, key * 65_537), words(key, 0));
    expect(
      (await all(readEntries(map))).map(({ value }) => value.readUInt32LE(0)).toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 200 }, (_, index) => index));
    expect(await all(readEntries(map, { clear: true }))).toHaveLength(200);
    expect(await all(readEntries(map))).toEqual([]);
  });

  kernelTest('shows the next value of a queue and of a stack, or takes all out in their order', async () => {
    for (const [type, order] of [
      ['QUEUE', [1, 2, 3]],
      ['STACK', [3, 2, 1]],
    ] as const) {
      const map = load({ type, key: '' });
      for (const value of [1, 2, 3]) update(map, undefined, words(value, 0));
      const head = readEntries(map);
      expect(head).toMatchObject({ keySize: 0, valueOffset: 0, stride: 8 });
      expect(head.limitation).toContain('clear_map');
      expect((await all(head)).map(({ value }) => value.readUInt32LE(0))).toEqual([order[0]]);
      const taking = readEntries(map, { clear: true });
      expect((await all(taking)).map(({ value }) => value.readUInt32LE(0))).toEqual(order);
      expect(await all(taking)).toEqual([]);
    }
  });

  kernelTest('reads what userspace put into a map of maps, and refuses to clear it', async () => {
    const object = open(`
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); } one SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 4); __type(key, __u32); __array(values, struct inner); } map SEC(".maps") = { .values = { [2] = &one } };
char LICENSE[] SEC("license") = "GPL";`);
    object.load();
    const map = mapOf(object, 'map');
    const read = await pairs(map);
    expect(read.map(([key]) => key)).toEqual([2]);
    expect(read[0]?.[1]).toBeGreaterThan(0);
    expect(() => readEntries(map, { clear: true })).toThrow('are not to be cleared');
  });

  test.each([
    ['RINGBUF', 'its samples are taken as they come'],
    ['SK_STORAGE', 'its values belong to sockets'],
    ['TASK_STORAGE', 'its values belong to tasks'],
    ['CGRP_STORAGE', 'its values belong to cgroups'],
    ['BLOOM_FILTER', 'does not keep its values'],
    ['99', 'does not know this type'],
  ])('refuses a %s, naming the type and why', (type, reason) => {
    const map = { name: 'm', type: `BPF_MAP_TYPE_${type}`, keySize: 4, valueSize: 4, maxEntries: 1, fd: -1 };
    expect(() => readEntries(map)).toThrow(`map m: the entries of a BPF_MAP_TYPE_${type} can't be read`);
    expect(() => readEntries(map)).toThrow(reason);
  });

  kernelTest('a descriptor that is none is an error that names the map', async () => {
    const map = {
      name: 'm',
      type: 'BPF_MAP_TYPE_HASH',
      keySize: 4,
      valueSize: 4,
      maxEntries: 1,
      fd: 999_999,
    };
    await expect(all(readEntries(map))).rejects.toThrow(
      "map m (BPF_MAP_TYPE_HASH): its entries can't be read: EBADF",
    );
  });
});

const STABLE = 2000;

/** Keys from STABLE on come and go all the time; those below stay. */
const CHURNING = (type: string): string => `${COUNTING_PROGRAM}
struct { __uint(type, BPF_MAP_TYPE_${type}); __uint(max_entries, 8192); ${
  type === 'LPM_TRIE'
    ? '__uint(map_flags, BPF_F_NO_PREALLOC); __type(key, struct { __u32 a; __u32 b; });'
    : '__type(key, __u32);'
} __type(value, __u64); } map SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_getppid") int on_getppid(void *ctx)
{
  if (!wanted()) return 0;
  __u64 number = next++;
  for (int i = 0; i < 16; i++) {
    __u32 random = bpf_get_prandom_u32();
    __u32 key[2] = { ${STABLE} + random % 2000, 0 };
    ${type === 'LPM_TRIE' ? 'key[1] = __builtin_bswap32(key[0]); key[0] = 32;' : ''}
    if (random & 0x10000) bpf_map_update_elem(&map, key, &number, BPF_ANY);
    else bpf_map_delete_elem(&map, key);
  }
  return 0;
}`;

describe('readEntries while a program inserts and deletes', () => {
  expectNothingLeftOpen();

  let churner: Getppid | undefined;
  afterEach(() => churner?.close());

  async function churn(type: string): Promise<{ object: BpfObject; ended: Promise<void> }> {
    const generator = await Getppid.start(100_000_000);
    churner = generator;
    const object = open(CHURNING(type));
    setFirstInt(object, '.rodata', generator.pid);
    object.load();
    for (const program of object.programs) program.attach();
    return { object, ended: generator.run() };
  }

  for (const [type, batch] of [
    ['HASH', true],
    ['HASH', false],
    ['LPM_TRIE', false],
  ] as const) {
    kernelTest(
      `a ${type} read ${batch ? 'in batches' : 'one at a time'} loses none that stays and doubles none`,
      async () => {
        const { object, ended } = await churn(type);
        const map = mapOf(object, 'map');
        const isTrie = type === 'LPM_TRIE';
        const swapped = (key: number) => Buffer.from(words(key)).swap32().readUInt32LE(0);
        for (let key = 0; key < STABLE; key++) {
          update(map, isTrie ? words(32, swapped(key)) : words(key), words(1, 0));
        }
        const entries = readEntries(map, { batch });
        for (let reading = 0; reading < (batch ? 40 : 6); reading++) {
          const keys = (await all(entries)).map(({ key }) =>
            isTrie ? key.readUInt32BE(4) : key.readUInt32LE(0),
          );
          expect(new Set(keys).size).toBe(keys.length);
          expect(keys.filter((key) => key < STABLE)).toHaveLength(STABLE);
        }
        churner?.close();
        await ended;
      },
    );
  }

  for (const [way, batch] of WAYS) {
    kernelTest(
      `what is added to a hash between readings that take it out is not lost ${way}`,
      async () => {
        const count = 200_000;
        const generator = await Getppid.start(count);
        churner = generator;
        const object = open(`${COUNTING_PROGRAM}
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4096); __type(key, __u64); __type(value, __u64); } map SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_getppid") int on_getppid(void *ctx)
{
  if (!wanted()) return 0;
  __u64 key = next++ % 512, number = next;
  bpf_map_update_elem(&map, &key, &number, BPF_ANY);
  return 0;
}`);
        setFirstInt(object, '.rodata', generator.pid);
        object.load();
        for (const program of object.programs) program.attach();
        const entries = readEntries(mapOf(object, 'map'), { batch, clear: true });
        const ended = generator.run().then(() => 'ended');
        const last = new Map<bigint, bigint>();
        const take = async () => {
          for (const { key, value } of await all(entries))
            last.set(key.readBigUInt64LE(0), value.readBigUInt64LE(0));
        };
        while (
          (await Promise.race([ended, new Promise((resolve) => void setImmediate(resolve))])) !== 'ended'
        )
          await take();
        await take();
        // The last number that went to each key arrived, though keys were deleted all the time.
        expect([...last.values()].reduce((most, number) => (number > most ? number : most), 0n)).toBe(
          BigInt(count),
        );
        const lastOf = (key: bigint) => (key < 320n ? 390n * 512n : 389n * 512n) + key + 1n;
        expect([...last].filter(([key, number]) => number !== lastOf(key))).toEqual([]);
        expect(last.size).toBe(512);
      },
      60_000,
    );
  }
});

kernelTest('any set of entries reads the same in batches and one at a time', async () => {
  const object = open(
    define({ type: 'HASH', key: 'struct { __u32 w[2]; }', value: 'struct { __u32 w[3]; }' }),
  );
  object.load();
  const map = mapOf(object, 'map');
  const word = fc.integer({ min: 0, max: 0xffffffff });
  const entry = fc.record({ key: fc.tuple(word, word), value: fc.tuple(word, word, word) });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(entry, { selector: ({ key }) => key.join(), maxLength: 300 }),
      async (entries) => {
        for (const { key, value } of entries) update(map, words(...key), words(...value));
        const read = async (batch: boolean) =>
          (await all(readEntries(map, { batch })))
            .map(({ key, value }) => `${key.toString('hex')} ${value.subarray(0, 12).toString('hex')}`)
            .toSorted();
        const expected = entries
          .map(({ key, value }) => `${words(...key).toString('hex')} ${words(...value).toString('hex')}`)
          .toSorted();
        const [inBatches, oneAtATime] = [await read(true), await read(false)];
        for (const { key } of entries) remove(map, words(...key));
        expect(inBatches).toEqual(expected);
        expect(oneAtATime).toEqual(expected);
      },
    ),
    { numRuns: 50 },
  );
  object.close();
});

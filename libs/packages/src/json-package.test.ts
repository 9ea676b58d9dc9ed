import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createDeflate, deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { EcliError } from '@ecli/core';
import fc from 'fast-check';
import { MAX_OBJECT_SIZE, parseJsonPackage, stringifyJsonPackage } from './json-package.ts';

const OBJECT = Buffer.from('any bytes will do: this room does not look into the object');

const SKELETON = {
  obj_name: 'opens_bpf',
  data_sections: [
    { name: '.rodata', variables: [{ name: 'targ_pid', type: 'int', cmdarg: { long: 'pid', default: 0 } }] },
  ],
  maps: [{ name: 'events', ident: 'events' }],
  progs: [
    { name: 'on_enter', attach: 'tp/syscalls/sys_enter_openat', link: true },
    { name: 'on_exit', attach: 'tp/syscalls/sys_exit_openat', link: true },
  ],
};

const META = {
  bpf_skel: SKELETON,
  export_types: [{ name: 'event', size: 4, type_id: 7, members: [{ name: 'pid', type: 'int' }] }],
};

function packageJson(changes: object = {}): Record<string, unknown> {
  return {
    bpf_object: deflateSync(OBJECT).toString('base64'),
    bpf_object_size: OBJECT.length,
    meta: META,
    ...changes,
  };
}

function parse(json: unknown) {
  return parseJsonPackage(Buffer.from(JSON.stringify(json)), 'package.json');
}

function skeleton(changes: object) {
  return packageJson({ meta: { ...META, bpf_skel: { ...SKELETON, ...changes } } });
}

describe('parseJsonPackage', () => {
  test('gives the object and the meta with the defaults of what is absent', () => {
    const { object, meta } = parse(packageJson());
    expect(Buffer.from(object)).toEqual(OBJECT);
    expect(meta).toMatchObject(META);
    expect(meta).toMatchObject({
      perf_buffer_pages: 64,
      perf_buffer_time_ms: 10,
      poll_timeout_ms: 100,
      debug_verbose: false,
      print_header: false,
      enable_multiple_export_types: false,
    });
    expect(meta.bpf_skel.maps[0]).toEqual({
      name: 'events',
      ident: 'events',
      mmaped: false,
      export_config: 'no_export',
      intepreter: 'default_struct',
    });
  });

  test('takes null for an empty list of maps and programs', () => {
    const { meta } = parse(skeleton({ maps: null, progs: null, data_sections: null }));
    expect(meta.bpf_skel).toMatchObject({ maps: [], progs: [], data_sections: [] });
  });

  test('keeps keys that it does not know, everywhere', () => {
    const { meta, extra } = parse(
      packageJson({
        author: 'someone',
        meta: {
          ...META,
          note: [1],
          bpf_skel: { ...SKELETON, maps: [{ name: 'm', ident: 'm', pinned: { path: null } }] },
        },
      }),
    );
    expect(extra).toEqual({ author: 'someone' });
    expect(meta).toMatchObject({ note: [1], bpf_skel: { maps: [{ pinned: { path: null } }] } });
  });

  test('takes "interpreter" for "intepreter"', () => {
    const stack = { stack_trace: { field_map: { pid: 'tgid' } } };
    for (const key of ['interpreter', 'intepreter']) {
      const { meta } = parse(skeleton({ maps: [{ name: 'm', ident: 'm', [key]: stack }] }));
      expect(meta.bpf_skel.maps[0]?.intepreter).toEqual({
        stack_trace: { field_map: { pid: 'tgid' }, with_symbols: true },
      });
    }
  });

  test('fills in a sampled map', () => {
    const { meta } = parse(skeleton({ maps: [{ name: 'm', ident: 'm', sample: { interval: 1000 } }] }));
    expect(meta.bpf_skel.maps[0]?.sample).toEqual({
      interval: 1000,
      type: 'default_kv',
      unit: '(unit)',
      clear_map: false,
    });
  });

  test('takes a key named __proto__ for any other', () => {
    const text = JSON.stringify(packageJson()).replace(
      '"meta":{',
      '"meta":{"__proto__":{"print_header":true},',
    );
    const { meta } = parseJsonPackage(Buffer.from(text), 'package.json');
    expect(meta.print_header).toBe(false);
    expect(Object.getPrototypeOf(meta)).toBe(Object.prototype);
  });

  test.each([
    ['nothing', '', 'package.json: empty, expected a JSON package'],
    ['white space', ' \n', 'package.json: empty, expected a JSON package'],
    ['a cut off text', '{"meta": {\n  "a": 1', 'package.json: line 2, column 9: not JSON'],
    ['a bare word', '{"meta": nil}', 'package.json: line 1, column 10: not JSON'],
    ['an array', '[]', 'package.json: expected an object, found an array'],
    ['null', 'null', 'package.json: expected an object, found null'],
    [
      'an empty object',
      '{}',
      'package.json: bpf_object_size: expected a whole number from 1 to 67108864, found nothing',
    ],
  ])('refuses %s', (_what, text, message) => {
    expect(refusal(() => parseJsonPackage(Buffer.from(text), 'package.json'))).toBe(message);
  });

  test.each<[object, string]>([
    [{ meta: undefined }, 'meta: expected an object, found nothing'],
    [{ meta: {} }, 'meta.bpf_skel: expected an object, found nothing'],
    [{ bpf_object: undefined }, 'bpf_object: expected a string, found nothing'],
    [{ bpf_object_size: '12' }, 'bpf_object_size: expected a whole number from 1 to 67108864, found "12"'],
    [{ bpf_object: 'eJx%' }, 'bpf_object: character 4: expected base64, found "%"'],
    [{ bpf_object: 'eJ-_' }, 'bpf_object: character 3: expected base64, found "-"'],
    [{ bpf_object: 'eJxzz' }, 'bpf_object: 5 characters are no base64: it is cut off'],
    [{ bpf_object: 'AAAA' }, 'bpf_object: broken zlib data'],
    [{ bpf_object_size: 59 }, 'bpf_object: 58 bytes once inflated, bpf_object_size is 59'],
    [{ bpf_object_size: 57 }, 'bpf_object: more than bpf_object_size (57) bytes once inflated'],
  ])('refuses %j', (changes, problem) => {
    expect(refusal(() => parse(packageJson(changes)))).toBe(`package.json: ${problem}`);
  });

  test.each<[object, string]>([
    [{ obj_name: 7 }, 'obj_name: expected a string, found 7'],
    [{ maps: {} }, 'maps: expected an array, found an object'],
    [{ progs: [SKELETON.progs[0], { name: null }] }, 'progs[1].name: expected a string, found null'],
    [{ progs: [{ name: 'p', attach: 'tc', link: 1 }] }, 'progs[0].link: expected true or false, found 1'],
    [
      { maps: [{ name: 'm', ident: 'm', sample: { interval: 1, type: 'pie' } }] },
      'maps[0].sample.type: expected "log2_hist" or "linear_hist" or "default_kv", found "pie"',
    ],
    [
      { maps: [{ name: 'm', ident: 'm', export_config: 'all' }] },
      'maps[0].export_config: expected "no_export", "default", {"btf_type_id": …} or {"custom_members": […]}, found "all"',
    ],
    [
      { maps: [{ name: 'm', ident: 'm', intepreter: {} }] },
      'maps[0].intepreter: expected "default_struct" or {"stack_trace": {…}}, found an object',
    ],
    [
      { data_sections: [{ name: '.rodata', variables: [{ name: 'x', type: 'int', cmdarg: 'x' }] }] },
      'data_sections[0].variables[0].cmdarg: expected an object, found "x"',
    ],
  ])('refuses the skeleton %j', (changes, problem) => {
    expect(refusal(() => parse(skeleton(changes)))).toBe(`package.json: meta.bpf_skel.${problem}`);
  });

  test('shows no control character of what it refuses', () => {
    const bad = skeleton({ progs: [{ name: 'p', attach: 'tc', link: '\u001b[2J' }] });
    expect(() => parse(bad)).toThrow(/found "\\u001b\[2J"/);
  });

  test('inflates no further than the stated size, in flat memory, whatever the data hold', async () => {
    const zeros = 400 << 20;
    const bomb = (await deflateZeros(zeros)).toString('base64');
    expect(bomb.length).toBeLessThan(1 << 20);
    const peakBefore = process.resourceUsage().maxRSS;
    expect(() => parse(packageJson({ bpf_object: bomb, bpf_object_size: 1 << 20 }))).toThrow(
      'bpf_object: more than bpf_object_size (1048576) bytes once inflated',
    );
    expect(() => parse(packageJson({ bpf_object: bomb, bpf_object_size: zeros }))).toThrow(
      `bpf_object_size: expected a whole number from 1 to ${MAX_OBJECT_SIZE}, found ${zeros}`,
    );
    expect(process.resourceUsage().maxRSS - peakBefore).toBeLessThan(32 << 10); // KiB
  });

  test('gives an EcliError for any JSON of another shape', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(() => parse(json)).toThrow(EcliError);
      }),
    );
  });

  test('gives a package or an EcliError for a package with any one value replaced', () => {
    fc.assert(
      fc.property(fc.nat(), fc.jsonValue(), (seed, replacement) => {
        onlyEcliErrors(() => parse(replaceNth(packageJson(), seed, replacement)));
      }),
      { numRuns: 1000 },
    );
  });

  test('gives a package or an EcliError for a package with any bytes replaced', () => {
    const bytes = Buffer.from(JSON.stringify(packageJson()));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.uint8Array({ minLength: 1, maxLength: 4 }), (at, noise) => {
        const mutated = Buffer.from(bytes);
        mutated.set(noise.subarray(0, bytes.length - at), at);
        onlyEcliErrors(() => parseJsonPackage(mutated, 'package.json'));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('stringifyJsonPackage', () => {
  test('writes what parses to the same package, unknown keys included', () => {
    const unknownKeys = fc.dictionary(
      fc.string().map((key) => `x-${key}`),
      fc.jsonValue(),
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(unknownKeys, unknownKeys, unknownKeys, (top, inMeta, inMap) => {
        const maps = [{ ...inMap, name: 'events', ident: 'events' }];
        const parsed = parse(
          packageJson({ ...top, meta: { ...META, ...inMeta, bpf_skel: { ...SKELETON, maps } } }),
        );
        const written = Buffer.from(stringifyJsonPackage(parsed));
        expect(parseJsonPackage(written, 'package.json')).toEqual(parsed);
        expect(parsed.meta).toMatchObject(JSON.parse(JSON.stringify(inMeta)) as object);
      }),
    );
  });

  test('writes the same bytes for the same package', () => {
    const parsed = parse(packageJson());
    expect(stringifyJsonPackage(parsed)).toBe(stringifyJsonPackage(parse(packageJson())));
  });
});

async function deflateZeros(size: number): Promise<Buffer> {
  const chunk = Buffer.alloc(1 << 20);
  const chunks = Array.from({ length: size / chunk.length }, () => chunk);
  return buffer(Readable.from(chunks).pipe(createDeflate({ level: 9 })));
}

/** The message of the PACKAGE_INVALID that `action` throws. */
function refusal(action: () => void): string {
  try {
    action();
  } catch (error) {
    if (error instanceof EcliError && error.code === 'PACKAGE_INVALID') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

function onlyEcliErrors(action: () => void): void {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(EcliError);
  }
}

/** Replaces one of all values in a document, the nth in depth-first order. */
function replaceNth(document: unknown, n: number, replacement: unknown): unknown {
  let left = n % countValues(document);
  return JSON.parse(
    JSON.stringify(document, (_key, value: unknown) => (left-- === 0 ? replacement : value)),
  ) as unknown;
}

function countValues(document: unknown): number {
  let count = 0;
  JSON.stringify(document, (_key, value: unknown) => {
    count++;
    return value;
  });
  return count;
}

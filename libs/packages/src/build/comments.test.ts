import { describe, expect, test } from '@jest/globals';
import { EcliError } from '@ecli/core';
import fc from 'fast-check';
import { addCommentKeys, exportedStructs } from './comments.ts';

const SKELETON = {
  obj_name: 'opens_bpf',
  data_sections: [{ name: '.rodata', variables: [{ name: 'targ', type: 'int' }] }],
  maps: [
    { name: 'events', ident: 'events' },
    { name: 'opens_bp.rodata', ident: 'rodata', mmaped: true as const },
  ],
  progs: [{ name: 'ingress', attach: 'tc', link: true }],
};

/** What `text` adds to the skeleton, by place. */
function keys(text: string): Record<string, unknown> {
  const skeleton = addCommentKeys(SKELETON, { name: 'src/opens.bpf.c', text }) as typeof SKELETON & {
    doc?: unknown;
  };
  const { name, type, ...variable } = skeleton.data_sections[0]?.variables[0] ?? { name: '', type: '' };
  const { name: mapName, ident, ...map } = skeleton.maps[0] ?? { name: '', ident: '' };
  const {
    name: programName,
    attach,
    link,
    ...program
  } = skeleton.progs[0] ?? { name: '', attach: '', link: true };
  expect([name, type, mapName, ident, programName, attach]).toEqual([
    ...['targ', 'int', 'events', 'events', 'ingress', 'tc'],
  ]);
  expect(skeleton.maps[1]).toEqual(SKELETON.maps[1]);
  return { variable, map, program, link, doc: skeleton.doc };
}

function variableKeys(comment: string): unknown {
  return keys(`${comment}\nconst volatile int targ = 0;`)['variable'];
}

function failure(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof EcliError && error.code === 'BUILD_FAILED') return error.message;
    throw error;
  }
  throw new Error('nothing failed');
}

describe('addCommentKeys', () => {
  test('gives variables, maps, programs and the license what stands above them', () => {
    const source = `
      /// @version 0.1
      /// @brief Opens
      /// of files
      char LICENSE[] SEC("license") = "GPL";
      /** @cmdarg {"default": 1, "short": "t", "long": "target"}
       *  @description only this
       */
      const volatile int targ = 1;
      /// @sample {"interval": 1000, "type": "log2_hist"}
      struct { __uint(type, BPF_MAP_TYPE_HASH); } events SEC(".maps");
      /// @tchook {"ifindex": 1, "attach_point": "BPF_TC_INGRESS"}
      /// @ifindex 1
      /// @traced
      SEC("tc") int BPF_PROG(ingress, struct __sk_buff *ctx) { return 0; }`;
    expect(keys(source)).toEqual({
      doc: { version: '0.1', brief: 'Opens of files' },
      variable: {
        cmdarg: { default: 1, short: 't', long: 'target' },
        description: 'only this',
      },
      map: { sample: { interval: 1000, type: 'log2_hist' } },
      program: {
        tchook: { ifindex: 1, attach_point: 'BPF_TC_INGRESS' },
        ifindex: 1,
        traced: true,
      },
      link: true,
    });
  });

  test.each([
    ['/// plain text\n/// in two lines', { description: 'plain text in two lines' }],
    ['/// @description 42', { description: '42' }],
    ['/// @description {not json', { description: '{not json' }],
    ['/// @description', {}],
    ['/// @note [x] is text', { note: '[x] is text' }],
    ['/// @list [1, 2]', { list: [1, 2] }],
    ['/// mail me@example.org', { description: 'mail me@example.org' }],
    ['/// @a 1\n///\n/// text after', { a: 1, description: 'text after' }],
    ['/// @cmdarg {"short": "t"}\n/// @cmdarg {"long": "to"}', { cmdarg: { short: 't', long: 'to' } }],
    ['/// @cmdarg {\n///\n///   "short": "t"\n/// }', { cmdarg: { short: 't' } }],
    ['/// @__proto__ {"x": 1}', Object.fromEntries([['__proto__', { x: 1 }]])],
  ])('reads %j', (comment, expected) => {
    expect(variableKeys(comment)).toEqual(expected);
  });

  test.each([
    ['/// @cmdarg {"default": 0', 'src/opens.bpf.c:1: @cmdarg: its JSON is not complete'],
    ['\n/// x\n/// @cmdarg {\n///  "a": b }', 'src/opens.bpf.c:4: @cmdarg: its JSON breaks at b }'],
    ['/// @cmdarg {} trailing', 'src/opens.bpf.c:1: @cmdarg: its JSON breaks at trailing'],
    ['/// @cmdarg text', 'src/opens.bpf.c:1: @cmdarg: expected an object, found "text"'],
    ['/// @cmdarg {"long": 1}', 'src/opens.bpf.c:1: @cmdarg.long: expected a string, found 1'],
    ['/// @type int', 'src/opens.bpf.c:2: @type is not for comments to say'],
  ])('refuses %j, naming the line', (comment, message) => {
    expect(failure(() => variableKeys(comment))).toBe(message);
  });

  test('takes text after a JSON value for the description', () => {
    expect(variableKeys('/// @cmdarg {"default": 5}\n/// how many\n/// of them')).toEqual({
      cmdarg: { default: 5 },
      description: 'how many of them',
    });
  });

  test('keeps 64-bit values as they are', () => {
    expect(variableKeys('/// @cmdarg {"default": 18446744073709551615}')).toEqual({
      cmdarg: { default: '18446744073709551615' },
    });
  });

  test('takes a comment between a section and a name for the same program', () => {
    const source = '/// @tchook {"ifindex": 2}\nSEC("tc")\n/** of packets */\nint ingress(void *ctx) {}';
    expect(keys(source)['program']).toEqual({ tchook: { ifindex: 2 }, description: 'of packets' });
  });

  test('shows no control character of what it refuses', () => {
    expect(failure(() => variableKeys('/// @cmdarg {\u001b[2J'))).toMatch(/breaks at \\x1b\[2J$/);
  });

  test('gives keys or an EcliError, whatever the comment', () => {
    const piece = fc.constantFrom(
      '@cmdarg',
      '@sample',
      ' ',
      '\n/// ',
      '{',
      '}',
      '"a"',
      ':',
      '1',
      '\\',
      '[',
      'text',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }), (parts) => {
        try {
          variableKeys(`/// ${parts.join('')}`);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('exportedStructs', () => {
  test('lists what @export stands above, in order', () => {
    const text = `
      /// @export
      struct event { int x; };
      /** what is sent
       * @export */
      typedef struct other { int y; } other_t;
      /// about the @export command
      struct third { int z; };`;
    expect(exportedStructs({ name: 'a.bpf.c', text })).toEqual(['event', 'other']);
  });

  test('refuses a struct without a name', () => {
    const text = '\n/// @export\ntypedef struct { int x; } event_t;';
    expect(failure(() => exportedStructs({ name: 'a.bpf.c', text }))).toBe(
      'a.bpf.c:3: @export is for a struct with a name',
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scanTokens } from './c-scanner.ts';
import { definedStructs, readDeclarations } from './declarations.ts';

function tokens(source: string): string[] {
  return [...scanTokens(source)].map(({ kind, text }) => `${kind} ${text}`);
}

function comments(source: string): [head: string, comment: string[] | undefined][] {
  return readDeclarations(source).map(({ head, comment }) => [
    head.join(' '),
    comment?.lines.map(({ text }) => text),
  ]);
}

describe('scanTokens', () => {
  test.each([
    ['int x;', ['identifier int', 'identifier x', 'punctuator ;']],
    ['"a//b" x', ['literal "a//b"', 'identifier x']],
    ["\"\\\"\" '\"' '\\''", ['literal "\\""', "literal '\"'", "literal '\\''"]],
    ['/* "a */ x', ['comment /* "a */', 'identifier x']],
    ['// a \\\nb\nc', ['comment // a b', 'identifier c']],
    ['in\\\nt', ['identifier int']],
    ["#error don't\nx", ["directive #error don't", 'identifier x']],
    ['#define A /* 1\n2 */ b\nx', ['directive #define A /* 1\n2 */ b', 'identifier x']],
    ['a # b', ['identifier a', 'punctuator #', 'identifier b']],
    ['"open\nx', ['literal "open', 'identifier x']],
    ['/* open', ['comment /* open']],
    ['0x1fULL .5e1', ['number 0x1fULL', 'number .5e1']],
  ])('splits %j', (source, expected) => {
    expect(tokens(source)).toEqual(expected);
  });

  test('counts spliced lines', () => {
    const lines = [...scanTokens('a\\\n\\\nb\nc /* \n */ d\r\ne')].map(({ text, line }) => [text, line]);
    expect(lines).toEqual([
      ['ab', 1],
      ['c', 4],
      ['/* \n */', 4],
      ['d', 5],
      ['e', 6],
    ]);
  });

  test('gives back all but white space, whatever the text', () => {
    fc.assert(
      fc.property(sourceLike(), (source) => {
        const squeeze = (text: string) => text.replace(/\s/g, '');
        const expected = source.replace(/\r\n?/g, '\n').replace(/\\[^\S\n]*\n/g, '');
        expect(squeeze([...scanTokens(source)].map(({ text }) => text).join(''))).toBe(squeeze(expected));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('readDeclarations', () => {
  test('gives each declaration the comment right above it', () => {
    const source = `
      /// of a
      /// and more
      const volatile int a = 1;
      int b; /// not of what follows
      int c;
      /** of the map
       *  in a block */
      struct { int x; /// not of the member
      } map SEC(".maps");
      /// @tchook {}
      SEC("tc") int BPF_PROG(ingress, struct sk *ctx) { int d = '}'; { } return 0; }
      struct __attribute__((packed)) event { int e; } f;
      int list[] = { 1, { 2 } }, g;
    `;
    expect(comments(source)).toEqual([
      ['const volatile int a = 1', ['of a', 'and more']],
      ['int b', undefined],
      ['int c', undefined],
      ['struct { map SEC ( ".maps" )', ['of the map', 'in a block']],
      ['SEC ( "tc" ) int BPF_PROG ( ingress , struct sk * ctx ) {', ['@tchook {}']],
      ['struct __attribute__ ( ( packed ) ) event { f', undefined],
      ['int list [ ] = { , g', undefined],
    ]);
  });

  test.each([
    ['a ruler', '//// x\nint a;'],
    ['a ruler of stars', '/*** x */\nint a;'],
    ['an ordinary comment', '/* x */ // y\nint a;'],
    ['an empty comment', '/**/\nint a;'],
    ['a comment on what is before', '///< x\nint a;'],
    ['a comment apart by a directive', '/// x\n#define Y\nint a;'],
  ])('passes over %s', (_what, source) => {
    expect(comments(source)).toEqual([['int a', undefined]]);
  });

  test('takes the nearest of two comments', () => {
    expect(comments('/// far\n\n/// near\nint a;')).toEqual([['int a', ['near']]]);
  });

  test('stays at file scope when the branches of a condition open a brace each', () => {
    const source = '#if A\nint f() {\n#else\nint g() {\n#endif\n}\n/// x\nint a;';
    expect(comments(source).at(-1)).toEqual(['int a', ['x']]);
  });

  test('takes any text', () => {
    fc.assert(
      fc.property(sourceLike(), (source) => void readDeclarations(source)),
      { numRuns: 1000 },
    );
  });
});

test('definedStructs lists named structs in order, not those in comments and strings', () => {
  const header = `
    // struct no { };
    /* struct never { */ char *s = "struct neither {";
    typedef struct event { struct inner { int x; } y; struct other *z; } event_t;
    struct __attribute__((packed)) last
    { int a; };
    struct event; struct { int b; } c;`;
  expect(definedStructs(header)).toEqual(['event', 'inner', 'last']);
});

/** Text made of what matters to a scanner of C. */
function sourceLike(): fc.Arbitrary<string> {
  const pieces = ['"', "'", '\\', '\n', '\r', '/', '*', '//', '/*', '*/', '///', '/**', '#', '#if', '#else'];
  const piece = fc.oneof(fc.constantFrom(...pieces, '{', '}', ';', '(', ' ', 'struct', 'a1'), fc.string());
  return fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(''));
}

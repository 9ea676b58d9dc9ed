import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseChallenges } from './challenge.ts';

function spelled(header: string): unknown[] {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('parseChallenges reads', () => {
  test.each<[string, unknown[]]>([
    ['', []],
    ['Basic realm="Registry"', [['basic', { realm: 'Registry' }]]],
    ['Negotiate', [['negotiate', {}]]],
    [
      'Negotiate, Basic realm=x',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Negotiate YII+/Q==, Basic realm=x',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.example/token',
            service: 'registry.example',
            scope: 'repository:a/b:pull,push',
          },
        ],
      ],
    ],
    [
      'Basic realm="a, b=c", Bearer realm="https://x/", error="insufficient_scope"',
      [
        ['basic', { realm: 'a, b=c' }],
        ['bearer', { realm: 'https://x/', error: 'insufficient_scope' }],
      ],
    ],
    ['BEARER Realm = "x" , SERVICE= y', [['bearer', { realm: 'x', service: 'y' }]]],
    ['bearer realm="say \\"hi\\" \\\\"', [['bearer', { realm: 'say "hi" \\' }]]],
    ['bearer realm=""', [['bearer', { realm: '' }]]],
    ['bearer realm="never closed', [['bearer', { realm: 'never closed' }]]],
    [',, bearer ,, realm=x ,,', [['bearer', { realm: 'x' }]]],
    ['realm=lost, bearer realm=x', [['bearer', { realm: 'x' }]]],
    [
      'bearer realm=https://auth.example/token,service=a',
      [['bearer', { realm: 'https://auth.example/token', service: 'a' }]],
    ],
    ['bearer realm=one, realm=two', [['bearer', { realm: 'two' }]]],
    [
      '"quoted" (odd) bearer realm=x',
      [
        ['quoted', {}],
        ['odd', {}],
        ['bearer', { realm: 'x' }],
      ],
    ],
  ])('%s', (header, challenges) => {
    expect(spelled(header)).toEqual(challenges);
  });
});

describe('parseChallenges', () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);

  test('reads what was written, however it is quoted and spaced', () => {
    const challenge = fc.tuple(token, fc.array(fc.tuple(token, fc.string()), { minLength: 1, maxLength: 4 }));
    const gap = fc.constantFrom(',', ', ', ' , ', ',\t', ',, ');
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), gap, (challenges, comma) => {
        const header = challenges
          .map(([scheme, parameters]) => {
            const list = parameters.map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&')}"`);
            return `${scheme} ${list.join(comma)}`;
          })
          .join(comma);
        expect(spelled(header)).toEqual(
          challenges.map(([scheme, parameters]) => [
            scheme.toLowerCase(),
            Object.fromEntries(parameters.map(([name, value]) => [name.toLowerCase(), value])),
          ]),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('reads anything, soon', () => {
    const piece = fc.constantFrom('a', '=', '"', '\\', ',', ' ', '\t', 'Basic', 'realm', '/', '\u0000', 'é');
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(header, (text) => {
        for (const { scheme } of parseChallenges(text)) expect(scheme).toMatch(/^\S+$/);
      }),
      { numRuns: 2000 },
    );
    const started = performance.now();
    for (const unit of ['a', 'a=', '"', '\\"', 'a="', ',', 'a ', 'é', 'a a/='])
      parseChallenges(unit.repeat(16_384));
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

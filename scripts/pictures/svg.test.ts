import { describe, expect, test } from '@jest/globals';
import { flameGraphSvg } from './flame-graph-svg.mjs';
import { terminalSvg } from './terminal-svg.mjs';

/** Frames of a drawn graph: what each says, and where it is. */
function framesOf(
  svg: string,
): { readonly name: string; readonly x: number; readonly y: number; readonly width: number }[] {
  const pattern = /<title>(.*?): .*?<rect x="(.*?)" y="(.*?)" width="(.*?)"/g;
  return [...svg.matchAll(pattern)].map(([, name = '', x, y, width]) => ({
    name,
    x: Number(x),
    y: Number(y),
    width: Number(width),
  }));
}

describe('flameGraphSvg', () => {
  const svg = flameGraphSvg('p;main;a 30\np;main;b;write_[k] 60\np;main 10\n', { title: '<t>' });

  test('draws a frame as wide as its samples, on what called it', () => {
    const [p, main, a, b, kernel] = framesOf(svg);
    expect([p, main, a, b, kernel].map((frame) => frame?.name)).toEqual(['p', 'main', 'a', 'b', 'write_[k]']);
    expect((b?.width ?? 0) / (main?.width ?? 1)).toBeCloseTo(0.6, 1);
    expect((a?.width ?? 0) / (main?.width ?? 1)).toBeCloseTo(0.3, 1);
    expect((main?.y ?? 0) - (b?.y ?? 0)).toBe((b?.y ?? 0) - (kernel?.y ?? 0));
    expect(b?.x).toBe(kernel?.x);
  });

  test('spells out what has a meaning in XML, and leaves out what would be a speck', () => {
    expect(svg).toContain('aria-label="&lt;t&gt;"');
    const names = framesOf(flameGraphSvg('p;std::vector<int> 999\np;rare 1\n', { title: 't' })).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['p', 'std::vector&lt;int&gt;']);
  });
});

test('terminalSvg draws characters in their columns and colours', () => {
  const plain = { color: undefined, isBold: false, isDim: false };
  const svg = terminalSvg(
    [
      [
        { ...plain, x: 0, text: 'a<b' },
        { ...plain, x: 5, text: '-2', color: 1 },
      ],
      [],
    ],
    {
      columns: 10,
      title: 'x',
    },
  );
  const texts = [...svg.matchAll(/<text x="(.*?)".*?(?:fill="(.*?)")?>(.*?)<\/text>/g)];
  expect(texts.map(([, x, fill, text]) => [Number(x), fill, text])).toEqual([
    [16, undefined, 'a&lt;b'],
    [58, '#ff7b72', '-2'],
  ]);
});

import { BACKGROUND, escaped, MONOSPACE } from './svg.mjs';

/**
 * A function, and how many samples were taken in it and in what it called.
 *
 * @typedef {{ name: string, samples: number, callees: Map<string, Frame> }} Frame
 */

const WIDTH_PX = 980;
const MARGIN_PX = 16;
const ROW_PX = 18;
const FONT_PX = 11;
const CHARACTER_PX = 6.65;
/** Narrower frames would be specks. */
const NARROWEST_PX = 3;
/** As `--folded` marks the kernel's functions. */
const KERNEL_MARK = /_\[k\]$/;

/**
 * Draws folded stacks (`outermost;…;innermost count` a line) as a flame graph: a row for each depth, outermost
 * below, and the wider a function, the more samples were taken in it.
 *
 * @param {string} folded
 * @param {{ title: string }} options
 * @returns {string} an SVG document
 */
export function flameGraphSvg(folded, { title }) {
  const all = countFrames(folded);
  const scale = (WIDTH_PX - 2 * MARGIN_PX) / all.samples;
  const height = depthOf(all, scale) * ROW_PX + 2 * MARGIN_PX;
  const frames = drawCallees(all, { x: MARGIN_PX, y: height - MARGIN_PX - ROW_PX, scale, all: all.samples });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH_PX}" height="${height}" viewBox="0 0 ${WIDTH_PX} ${height}" role="img" aria-label="${escaped(title)}">
<rect width="${WIDTH_PX}" height="${height}" rx="8" fill="${BACKGROUND}"/>
<g font-family="${MONOSPACE}" font-size="${FONT_PX}" fill="#1c1306">
${frames.join('\n')}
</g>
</svg>
`;
}

/** @param {string} folded */
function countFrames(folded) {
  const all = frameOf('all');
  for (const line of folded.trimEnd().split('\n')) {
    const [, stack = '', count = '0'] = /^(.*) (\d+)$/.exec(line) ?? [];
    const samples = Number(count);
    let frame = all;
    frame.samples += samples;
    for (const name of stack.split(';')) {
      const callee = frame.callees.get(name) ?? frameOf(name);
      frame.callees.set(name, callee);
      callee.samples += samples;
      frame = callee;
    }
  }
  return all;
}

/**
 * @param {string} name
 * @returns {Frame}
 */
function frameOf(name) {
  return { name, samples: 0, callees: new Map() };
}

/**
 * @param {Frame} frame
 * @param {number} scale
 * @returns {number} rows that it and what it calls take above it
 */
function depthOf(frame, scale) {
  const depths = wideCallees(frame, scale).map((callee) => 1 + depthOf(callee, scale));
  return Math.max(0, ...depths);
}

/**
 * @param {Frame} frame
 * @param {number} scale pixels a sample
 */
function wideCallees(frame, scale) {
  return [...frame.callees.values()]
    .filter(({ samples }) => samples * scale >= NARROWEST_PX)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * @param {Frame} frame
 * @param {{ x: number, y: number, scale: number, all: number }} place where its callees begin
 * @returns {string[]}
 */
function drawCallees(frame, { x, y, scale, all }) {
  let left = x;
  return wideCallees(frame, scale).flatMap((callee) => {
    const start = left;
    left += callee.samples * scale;
    return [
      drawFrame(callee, { x: start, y, width: callee.samples * scale, share: callee.samples / all }),
      ...drawCallees(callee, { x: start, y: y - ROW_PX, scale, all }),
    ];
  });
}

/**
 * @param {Frame} frame
 * @param {{ x: number, y: number, width: number, share: number }} box
 */
function drawFrame({ name, samples }, { x, y, width, share }) {
  const box = `x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, width - 1).toFixed(1)}" height="${ROW_PX - 1}"`;
  const label = labelOf(name.replace(KERNEL_MARK, ''), Math.floor((width - 8) / CHARACTER_PX));
  const text = label && `<text x="${(x + 4).toFixed(1)}" y="${y + 12.5}">${escaped(label)}</text>`;
  const tip = `<title>${escaped(name)}: ${samples} samples, ${(share * 100).toFixed(1)} %</title>`;
  return `<g>${tip}<rect ${box} rx="2" fill="${colorOf(name)}"/>${text}</g>`;
}

/**
 * @param {string} name
 * @param {number} characters
 */
function labelOf(name, characters) {
  if (name.length <= characters) return name;
  return characters < 4 ? '' : `${name.slice(0, characters - 1)}…`;
}

/**
 * The same for the same name: yellow to orange, and of the kernel's functions violet to red.
 *
 * @param {string} name
 */
function colorOf(name) {
  const hash = [...name].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 1009, 7);
  const [hue, spread] = KERNEL_MARK.test(name) ? [8, 14] : [32, 22];
  return `hsl(${hue + (hash % spread)},${72 + (hash % 17)}%,${62 + (hash % 9)}%)`;
}

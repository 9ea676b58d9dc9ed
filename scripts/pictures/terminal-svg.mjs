import { BACKGROUND, escaped, MONOSPACE } from './svg.mjs';

/** @typedef {import('./recording.mjs').Run} Run */

const FONT_PX = 14;
/** Of one character; `textLength` keeps columns straight whatever font a reader has. */
const WIDTH_PX = 8.4;
const HEIGHT_PX = 19;
const MARGIN_PX = 16;
/** Up to the line on which characters stand. */
const ASCENT_PX = 14;

const FOREGROUND = '#c9d1d9';
const BOLD = '#f0f6fc';
const DIM = '#8b949e';
/** The eight colours of terminals, then their bright ones. */
const PALETTE = [
  ...['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'],
  ...['#6e7681', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#f0f6fc'],
];

/**
 * Draws what stood on a screen.
 *
 * @param {readonly (readonly Run[])[]} lines
 * @param {{ columns: number, title: string }} options `title` is for readers who see no pictures
 * @returns {string} an SVG document
 */
export function terminalSvg(lines, { columns, title }) {
  const width = Math.ceil(columns * WIDTH_PX + 2 * MARGIN_PX);
  const height = lines.length * HEIGHT_PX + 2 * MARGIN_PX;
  const texts = lines.flatMap((runs, y) => runs.map((run) => textOf(run, y)));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>
<g font-family="${MONOSPACE}" font-size="${FONT_PX}" fill="${FOREGROUND}" xml:space="preserve" style="white-space:pre">
${texts.join('\n')}
</g>
</svg>
`;
}

/**
 * @param {Run} run
 * @param {number} line
 */
function textOf({ x, text, color, isBold, isDim }, line) {
  const length = [...text].length;
  const fill = color === undefined ? (isBold ? BOLD : isDim ? DIM : undefined) : PALETTE[color];
  const attributes = [
    `x="${rounded(MARGIN_PX + x * WIDTH_PX)}"`,
    `y="${MARGIN_PX + line * HEIGHT_PX + ASCENT_PX}"`,
    `textLength="${rounded(length * WIDTH_PX)}"`,
    ...(fill === undefined ? [] : [`fill="${fill}"`]),
    ...(isBold ? ['font-weight="bold"'] : []),
  ];
  return `<text ${attributes.join(' ')}>${escaped(text)}</text>`;
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 10) / 10;
}

/** What a terminal is told, as ECMA-48 has it; `?2026` is the one that terminals agreed on for whole pictures. */
export const HIDE_CURSOR = '\x1b[?25l';
export const SHOW_CURSOR = '\x1b[?25h';
/** Nothing is painted between the two; terminals that don't know them ignore them. */
export const BEGIN_UPDATE = '\x1b[?2026h';
export const END_UPDATE = '\x1b[?2026l';
export const ERASE_BELOW = '\x1b[J';
export const ERASE_LINE_END = '\x1b[K';
export const RESET = '\x1b[0m';

export function up(lines: number): string {
  return lines > 0 ? `\x1b[${lines}A` : '';
}

export type Style = 'bold' | 'dim' | 'red';

const STYLES: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31 };

export function styled(text: string, style: Style): string {
  return `\x1b[${STYLES[style]}m${text}${RESET}`;
}

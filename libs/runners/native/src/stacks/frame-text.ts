import type { Frame } from '@ecli/symbols';

/**
 * The most bytes of one frame in any notation: names of 256 characters each (three bytes a character, or two
 * where JSON escapes it), and what stands around them.
 */
export const LONGEST_FRAME_BYTES = 2 * 256 * 3 + 128;

/** `[<ffffffff81000010>] do_idle+0x1bb [mod]`, less what is unknown. */
export function frameText({ address, symbol, offset, path }: Frame): string {
  const place = offset === undefined ? symbol : `${symbol ?? ''}+0x${offset.toString(16)}`;
  return [`[<${address}>]`, place, path].filter((part) => part !== undefined).join(' ');
}

/** `{"address":"0xffffffff81000010","symbol":"do_idle","offset":443}`, less what is unknown. */
export function frameJson({ address, symbol, offset, path }: Frame): string {
  return JSON.stringify({ address: `0x${address}`, symbol, offset, path });
}

/**
 * One word of a folded stack: the symbol, or the file that it must be in, or `[unknown]`. Without symbols the
 * address.
 */
export function frameWord(frame: Frame, withSymbols: boolean): string {
  if (!withSymbols) return `0x${frame.address}`;
  const { symbol, path } = frame;
  if (symbol !== undefined) return symbol.replaceAll(';', ':');
  if (path === undefined) return '[unknown]';
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.startsWith('[') ? file : `[${file}]`;
}

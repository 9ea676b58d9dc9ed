import type { Frame } from '@ecli/symbols';

/**
 * The most bytes of one frame in any notation: a symbol of 512 and a path of 256 characters, each of at most three
 * bytes (JSON escapes only such as have one, by two), and what stands around them.
 */
export const LONGEST_FRAME_BYTES = (512 + 256) * 3 + 128;

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
  return (frame.symbol ?? fileWord(frame.path)).replaceAll(';', ':');
}

function fileWord(path: string | undefined): string {
  if (path === undefined) return '[unknown]';
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.startsWith('[') ? file : `[${file}]`;
}

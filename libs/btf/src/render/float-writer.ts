import { writeBytes } from './byte-writer.ts';

/** The longest is `-0.0000012345678901234567`: exponents begin at 1e-7. */
export const FLOAT_BYTES = 25;

/** Writes the shortest decimal that reads back as the same double; what JSON has no number for is `null`. */
export function writeJsonDouble(out: DataView, position: number, value: number): number {
  return writeAscii(out, position, Number.isFinite(value) ? spellDouble(value) : 'null');
}

/** As `writeJsonDouble`, for a value that was a 32-bit float. */
export function writeJsonFloat(out: DataView, position: number, value: number): number {
  return writeAscii(out, position, Number.isFinite(value) ? spellFloat(value) : 'null');
}

/** Writes the shortest decimal that reads back as the same double, `NaN`, `inf` or `-inf`. */
export function writeTextDouble(out: DataView, position: number, value: number): number {
  return writeAscii(out, position, Number.isFinite(value) ? spellDouble(value) : spellNonFinite(value));
}

/** As `writeTextDouble`, for a value that was a 32-bit float. */
export function writeTextFloat(out: DataView, position: number, value: number): number {
  return writeAscii(out, position, Number.isFinite(value) ? spellFloat(value) : spellNonFinite(value));
}

function spellDouble(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Nine significant digits tell any two 32-bit floats apart, and six always survive (FLT_DIG in C). */
function spellFloat(value: number): string {
  if (value === 0) return spellDouble(value);
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return spellDouble(rounded);
  }
  return spellDouble(Number(value.toPrecision(9)));
}

function spellNonFinite(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'inf' : '-inf';
}

function writeAscii(out: DataView, position: number, text: string): number {
  return writeBytes(out, position, Buffer.from(text, 'latin1'));
}

/** A number as it is written, exactly. */
export interface NumberLiteral {
  /** The greatest integer that isn't above it. */
  readonly floor: bigint;
  /** Whether it is `floor`. */
  readonly isWhole: boolean;
  /** The nearest double. */
  readonly double: number;
}

const INTEGER = /^([-+]?)(0x[\da-f]+|0o[0-7]+|0b[01]+|0|[1-9]\d*)$/i;
const DECIMAL = /^([-+]?)(\d+)(?:\.(\d*))?(?:e([-+]?\d{1,3}))?$/i;

/** Reads a number: decimal, hexadecimal, octal after `0o`, binary after `0b`, or with a point or an exponent. */
export function parseNumber(text: string): NumberLiteral | undefined {
  const [, sign, digits] = INTEGER.exec(text) ?? [];
  if (digits !== undefined) {
    const floor = sign === '-' ? -BigInt(digits) : BigInt(digits);
    return { floor, isWhole: true, double: Number(floor) };
  }
  return parseDecimal(text);
}

function parseDecimal(text: string): NumberLiteral | undefined {
  const [, sign, whole, fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  if (whole === undefined || /^0\d/.test(whole)) return undefined;
  const double = Number(text);
  if (!Number.isFinite(double)) return undefined;
  const magnitude = BigInt(whole + fraction);
  const value = sign === '-' ? -magnitude : magnitude;
  const power = Number(exponent) - fraction.length;
  if (power >= 0) return { floor: value * 10n ** BigInt(power), isWhole: true, double };
  const divisor = 10n ** BigInt(-power);
  const isWhole = value % divisor === 0n;
  const truncated = value / divisor;
  return { floor: isWhole || value >= 0n ? truncated : truncated - 1n, isWhole, double };
}

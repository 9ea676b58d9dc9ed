const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** Says how large something is in as many digits as a person needs: `2 B`, `9.8 KiB`, `55 MiB`. */
export function spellBytes(bytes: number): string {
  let value = bytes;
  let unit = 'B';
  for (const next of UNITS) {
    // What would be rounded up to 1024 is one of the next unit.
    if (Math.round(value) < 1024) break;
    value /= 1024;
    unit = next;
  }
  const digits = unit === 'B' || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, '')} ${unit}`;
}

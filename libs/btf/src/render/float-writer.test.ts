import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  FLOAT_BYTES,
  writeJsonDouble,
  writeJsonFloat,
  writeTextDouble,
  writeTextFloat,
} from './float-writer.ts';

function spelled(write: typeof writeTextDouble, value: number): string {
  const out = Buffer.alloc(FLOAT_BYTES);
  const end = write(new DataView(out.buffer, out.byteOffset, out.length), 0, value);
  return out.toString('latin1', 0, end);
}

test.each([
  [0, '0', '0'],
  [-0, '-0', '-0'],
  [1.5, '1.5', '1.5'],
  [-1e21, '-1e+21', '-1e+21'],
  [Number.MIN_VALUE, '5e-324', '5e-324'],
  [-1.2345678901234567e-308, '-1.2345678901234567e-308', '-1.2345678901234567e-308'],
  [-1.2345678901234567e-6, '-0.0000012345678901234567', '-0.0000012345678901234567'],
  [NaN, 'NaN', 'null'],
  [Infinity, 'inf', 'null'],
  [-Infinity, '-inf', 'null'],
])('the double %d is %s in text and %s in JSON', (value, inText, inJson) => {
  expect(spelled(writeTextDouble, value)).toBe(inText);
  expect(spelled(writeJsonDouble, value)).toBe(inJson);
});

test('32-bit floats have no more digits than they need', () => {
  expect(spelled(writeTextFloat, Math.fround(0.1))).toBe('0.1');
  expect(spelled(writeJsonFloat, Math.fround(16777217))).toBe('16777216');
  expect(spelled(writeTextFloat, -0)).toBe('-0');
  expect(spelled(writeTextFloat, -Infinity)).toBe('-inf');
  expect(spelled(writeJsonFloat, NaN)).toBe('null');
});

test('every number reads back as itself', () => {
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (value) =>
      expect(JSON.parse(spelled(writeJsonDouble, value))).toBe(value),
    ),
  );
  fc.assert(
    fc.property(fc.float({ noDefaultInfinity: true, noNaN: true }), (value) =>
      expect(Math.fround(JSON.parse(spelled(writeJsonFloat, value)) as number)).toBe(value),
    ),
  );
});

import { endianness } from 'node:os';

/** This machine's byte order. Objects and BTF of the other are refused: no kernel here could load them. */
export const LITTLE_ENDIAN = endianness() === 'LE';

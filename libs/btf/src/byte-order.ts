import { endianness } from 'node:os';

/**
 * This machine's byte order. Objects and BTF of the other are refused, since no kernel here could load them;
 * samples are of this one, since a kernel here made them.
 */
export const LITTLE_ENDIAN = endianness() === 'LE';

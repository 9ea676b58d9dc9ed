/**
 * Names of addresses: what a stack that a program recorded holds, in the kernel's words and in those of the
 * process it came from.
 */
export {};

/**
 * What a program package is, and whether a kernel takes it, without running it.
 */
export {};

/**
 * For tests: a server that misbehaves as it is told to.
 */
export {};

/**
 * For tests: registries on loopback.
 */
export {};

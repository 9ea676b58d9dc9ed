/**
 * For tests: registries on loopback, real ones where they can be had.
 *
 * `startRegistry` runs Debian's docker-registry: open, with passwords, over TLS, or with a token service.
 */
export { type TestCertificates, createTestCertificates } from './certificates.ts';
export { type RegistryOptions, type TestRegistry, type TokenRealm, startRegistry } from './registry.ts';

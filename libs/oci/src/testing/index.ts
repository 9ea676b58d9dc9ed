/**
 * For tests: registries on loopback, real ones where they can be had.
 *
 * `startRegistry` runs Debian's docker-registry: open, with passwords, over TLS, or with `startTokenService`'s
 * tokens.
 */
export { type TestCertificates, createTestCertificates } from './certificates.ts';
export type { Access } from './json-web-token.ts';
export { type RegistryOptions, type TestRegistry, startRegistry } from './registry.ts';
export {
  type TokenManners,
  type TokenRealm,
  type TokenRequest,
  type TokenService,
  startTokenService,
} from './token-service.ts';

/**
 * For tests: registries on loopback, real ones where they can be had.
 *
 * `startRegistry` runs Debian's docker-registry: open, with passwords, over TLS, or with `startTokenService`'s
 * tokens.
 * `startMemoryRegistry` is one of our own, for what that one lacks: referrers, pages, chunks with limits.
 */
export type { Access } from './json-web-token.ts';
export type { MemoryRegistryOptions } from './memory-answers.ts';
export { type MemoryRegistry, type RecordedRequest, startMemoryRegistry } from './memory-registry.ts';
export { type RegistryOptions, type TestRegistry, startRegistry } from './registry.ts';
export {
  type TokenManners,
  type TokenRealm,
  type TokenRequest,
  type TokenService,
  startTokenService,
} from './token-service.ts';

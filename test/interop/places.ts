import { afterAll, beforeAll, describe } from '@jest/globals';
import { startRegistry } from '@ecli/oci/testing';
import { findPeer, startReferrersRegistry } from './peers.ts';

const REGISTRIES = [
  { name: 'at docker-registry, which lacks referrers', start: () => startRegistry(), peer: undefined },
  {
    name: 'at go-containerregistry, which has referrers',
    start: startReferrersRegistry,
    peer: 'referrers-registry',
  },
] as const;

/** Describes the same at either kind of registry; `host` is known once the tests run. */
export function describeRegistries(tests: (host: () => string) => void): void {
  for (const { name, start, peer } of REGISTRIES) {
    const isThere = peer === undefined || findPeer(peer) !== undefined;
    (isThere ? describe : describe.skip)(name, () => {
      let registry: { host: string; stop(): Promise<void> };
      beforeAll(async () => {
        registry = await start();
      });
      afterAll(() => registry.stop());
      tests(() => registry.host);
    });
  }
}

import { refused } from './refused.ts';
import type { RegistryOptions } from './registry-options.ts';
import { RegistrySession } from './registry-session.ts';
import { Repository } from './repository.ts';

/**
 * A registry, spoken to by https://github.com/opencontainers/distribution-spec. Registries on this machine are spoken
 * to over http where they don't speak https; others only when that is asked for.
 */
export class Registry {
  private readonly session: RegistrySession;

  /** @throws REFERENCE_UNSUPPORTED when http is asked for where it may not be spoken */
  constructor(
    readonly host: string,
    options: RegistryOptions,
  ) {
    this.session = new RegistrySession(host, options);
  }

  /**
   * Checks that the registry lets the user in.
   *
   * @returns false when it lets in anybody, so that nothing was checked
   * @throws REGISTRY_DENIED, and ARTIFACT_NOT_FOUND or REMOTE_FAILED for what is no registry
   */
  async checkLogin(signal?: AbortSignal): Promise<boolean> {
    const response = await this.session.send({ url: '/v2/', scopes: [], signal });
    if (response.status !== 200) {
      const identity = await this.session.authorizer.identityOf(undefined);
      throw await refused(response, { subject: this.host, registry: this.host, action: 'log in', identity });
    }
    response.discard();
    return this.session.authorizer.isNeeded;
  }

  repository(name: string): Repository {
    return new Repository(this.session, name);
  }
}

import type { HttpResponse } from '@ecli/http';
import type { Authorization } from './auth/authorizer.ts';
import { type Scope, scopes } from './auth/scope.ts';
import { refused, type Undertaking } from './refused.ts';
import type { RegistryError } from './registry-error.ts';
import type { RegistryRequest, RegistrySession } from './registry-session.ts';

export type Action = 'read' | 'write' | 'delete';

const SCOPES: Readonly<Record<Action, (repository: string) => Scope>> = {
  read: scopes.pull,
  write: scopes.push,
  delete: scopes.delete,
};

export interface RepositoryRequest extends Partial<RegistryRequest> {
  readonly action: Action;
}

/** Asks a registry about one of its repositories. */
export class RepositoryClient {
  constructor(
    readonly session: RegistrySession,
    readonly name: string,
  ) {}

  /** `ghcr.io/org/tool` */
  get spelled(): string {
    return `${this.session.registry}/${this.name}`;
  }

  /** Names a tag or digest here, for messages. */
  spell(tagOrDigest: string): string {
    return `${this.spelled}${tagOrDigest.includes(':') ? '@' : ':'}${tagOrDigest}`;
  }

  /** Sends a request for what is at `path` in the repository, unless the request has a URL. */
  send(path: string, { action, ...request }: RepositoryRequest): Promise<HttpResponse> {
    return this.session.send({
      url: `/v2/${this.name}/${path}`,
      scopes: [SCOPES[action](this.name)],
      repository: this.name,
      ...request,
    });
  }

  /** Reads where an answer leads; see RegistrySession. */
  resolve(location: string, { url }: HttpResponse): URL {
    return this.session.resolve(location, url);
  }

  /** The error of an answer that isn't the one hoped for. */
  async refused(
    response: HttpResponse,
    { subject = this.spelled, action, hint }: Pick<RepositoryRequest, 'action'> & Partial<Undertaking>,
  ): Promise<RegistryError> {
    const identity: Authorization['identity'] = await this.session.authorizer.identityOf(this.name);
    const { registry, origin } = this.session;
    const sentTo = response.url.origin === origin.origin ? undefined : response.url.host;
    return refused(response, { subject, registry, action, identity, sentTo, hint });
  }
}

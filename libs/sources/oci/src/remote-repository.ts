import type { FetchContext } from '@ecli/core';
import { findCredentialStore, type ImageReference, Registry, type Repository, transportOf } from '@ecli/oci';
import type { HttpClient } from '@ecli/http';

/** The repository of a reference, made when it is first asked for: what is in the cache needs none. */
export class RemoteRepository {
  private http: HttpClient | undefined;
  private repository: Promise<Repository> | undefined;

  constructor(
    private readonly reference: ImageReference,
    private readonly context: FetchContext,
    private readonly environment: Readonly<Record<string, string | undefined>>,
  ) {}

  open(): Promise<Repository> {
    return (this.repository ??= this.create());
  }

  close(): void {
    this.http?.close();
  }

  private async create(): Promise<Repository> {
    const { network, warn, diagnose, credentials, signal } = this.context;
    const { registry, repository, scheme, credentials: written } = this.reference;
    const { HttpClient } = await import('@ecli/http');
    const listeners = { ...(warn && { warn }), ...(diagnose && { diagnose }) };
    this.http = new HttpClient({ ...network, ...listeners, environment: this.environment });
    const inline = written ?? credentials;
    return new Registry(registry, {
      http: this.http,
      credentials: findCredentialStore(this.environment, { ...listeners, signal }),
      ...listeners,
      ...(inline && { inline }),
      ...transportOf(scheme, network?.plainHttp),
    }).repository(repository);
  }
}

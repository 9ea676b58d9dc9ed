import type { PolicyPlaces } from '@ecli/trust';

export interface OciSourceOptions {
  /** Where proxies, the cache's folder, credentials and policies are found; the process's own by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where the system's policy is, for tests. */
  readonly policyPlaces?: PolicyPlaces;
  /** The largest image taken, in bytes; 256 MiB by default. */
  readonly limitBytes?: number;
}

export type PullSettings = OciSourceOptions & Required<Pick<OciSourceOptions, 'environment'>>;

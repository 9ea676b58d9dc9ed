import type { HttpClientOptions } from '@ecli/http';

export interface UrlSourceOptions {
  /** Where proxies and the cache's folder are found; the process's own by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The largest file taken, in bytes; 256 MiB by default. */
  readonly limitBytes?: number;
  /** How large the cache may grow, in bytes; 1 GiB by default. */
  readonly cacheBytes?: number;
  /** How long a server may take to say whether a file has changed that the cache has; 5 seconds by default. */
  readonly revalidationMs?: number;
  /** How servers are waited for, where not as HttpClient does by itself. */
  readonly http?: Pick<HttpClientOptions, 'connectTimeoutMs' | 'stallTimeoutMs' | 'retries' | 'pause'>;
}

export type UrlSettings = UrlSourceOptions & Required<Pick<UrlSourceOptions, 'environment'>>;

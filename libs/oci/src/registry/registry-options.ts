import type { Credentials } from '@ecli/core';
import type { HttpClient } from '@ecli/http';
import type { CredentialStore } from '../content.ts';

export interface RegistryOptions {
  readonly http: Pick<HttpClient, 'request'>;
  readonly credentials: CredentialStore;
  /** Those the user gave for this call; nothing stored is looked at then. */
  readonly inline?: Credentials;
  /** Speaks http where https would be spoken. */
  readonly plainHttp?: boolean;
  /** As the reference says; without it registries on this machine are asked over http, then over https. */
  readonly scheme?: 'http' | 'https';
  /** Waits before a cut transfer goes on, or a list is looked at again; by timers by default. Rejects with the signal's reason. */
  readonly pause?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly warn?: (line: string) => void;
  readonly diagnose?: (line: string) => void;
}

/**
 * What a reference's scheme and the user's wish come to: `http://` must be allowed for other machines than this one,
 * and `https://` excludes http there, but not on this machine, whose registries seldom have certificates.
 */
export function transportOf(
  scheme: 'http' | 'https' | undefined,
  plainHttp = false,
): Pick<RegistryOptions, 'plainHttp' | 'scheme'> {
  return { plainHttp: plainHttp && scheme !== 'https', ...(scheme === 'http' && { scheme }) };
}

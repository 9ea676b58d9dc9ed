import { EcliError, type EcliErrorOptions } from '@ecli/core';

/** On which step of a request it failed. */
export type NetworkStep =
  'name resolution' | 'connect' | 'TLS' | 'proxy' | 'redirect' | 'timeout' | 'transfer';

/** No answer came, or not all of it. */
export class NetworkError extends EcliError {
  override readonly name = 'NetworkError';

  constructor(
    readonly step: NetworkStep,
    message: string,
    options: EcliErrorOptions = {},
  ) {
    super('NETWORK_FAILED', message, options);
  }

  /**
   * Whether it is as if nobody were there, so that what was fetched before may do. Somebody with a wrong certificate
   * is there, and so is who redirects in circles.
   */
  get meansAway(): boolean {
    return this.step !== 'TLS' && this.step !== 'redirect';
  }
}

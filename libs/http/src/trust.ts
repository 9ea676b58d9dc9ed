import { readFile } from 'node:fs/promises';
import { EcliError, printable, systemReason } from '@ecli/core';

type Environment = Readonly<Record<string, string | undefined>>;

export interface TrustOptions {
  readonly caFile?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly environment: Environment;
}

/** Where Linux distributions keep the authorities that their users trust. */
const SYSTEM_BUNDLES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** What `tls.connect` is told of whom to trust. */
export interface TrustedAuthorities {
  readonly ca?: string[];
  readonly rejectUnauthorized: boolean;
}

/**
 * Which authorities may vouch for servers, asked in two circles, because OpenSSL takes 50 ms to read all there are.
 * The narrow one is the user's own file where there is one, else what Node brings along with NODE_EXTRA_CA_CERTS.
 * The wide one, for servers that nobody in the narrow one vouches for, is all of these and the system's: an authority
 * that a company puts on its machines holds for ecli as it does for curl, docker and skopeo.
 */
export class Trust {
  private authorities: Promise<TrustedAuthorities> | undefined;
  /** Whether the wide circle is asked. */
  wide = false;

  constructor(private readonly options: TrustOptions) {}

  /** @throws SETTINGS_INVALID when the user's file can't be read */
  get(): Promise<TrustedAuthorities> {
    return (this.authorities ??= this.load());
  }

  /** From now on asks the wide circle. Tells whether that helps. */
  widen(): boolean {
    if (this.wide || this.options.insecure) return false;
    this.wide = true;
    this.authorities = undefined;
    return true;
  }

  private async load(): Promise<TrustedAuthorities> {
    if (this.options.insecure) return { rejectUnauthorized: false };
    const own = await this.loadOwn();
    if (this.wide) return { ca: [...(await this.loadOthers()), ...own], rejectUnauthorized: true };
    return own.length > 0 ? { ca: own, rejectUnauthorized: true } : { rejectUnauthorized: true };
  }

  private async loadOwn(): Promise<string[]> {
    const { caFile } = this.options;
    return caFile === undefined ? [] : [await readCertificates(caFile)];
  }

  private async loadOthers(): Promise<string[]> {
    const { rootCertificates } = await import('node:tls');
    const { SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = this.options.environment;
    const system = await firstReadable(SSL_CERT_FILE ? [SSL_CERT_FILE] : SYSTEM_BUNDLES);
    const extra = await firstReadable(NODE_EXTRA_CA_CERTS ? [NODE_EXTRA_CA_CERTS] : []);
    return [...rootCertificates, ...system, ...extra];
  }
}

async function readCertificates(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new EcliError('SETTINGS_INVALID', `${printable(path)}: can't be read: ${systemReason(error)}`, {
      hint: '--ca-file takes a file of certificates in PEM',
      cause: error,
    });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new EcliError('SETTINGS_INVALID', `${printable(path)}: holds no certificate in PEM`, {
    hint: 'turn DER into PEM: openssl x509 -inform der -in FILE -out FILE.pem',
  });
}

/** The first of the files that can be read, if any: their absence is no fault of the user's. */
async function firstReadable(paths: readonly string[]): Promise<string[]> {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return [text];
  }
  return [];
}

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A server's key and certificate. */
export interface ServerCertificate {
  /** In PEM, as node:tls takes them. */
  readonly key: string;
  readonly cert: string;
  /** The same as files. */
  readonly keyFile: string;
  readonly certFile: string;
}

export interface CertificateOptions {
  /** Subject alternative names; this machine's by default. */
  readonly names?: readonly string[];
  /** Whether it was over yesterday. */
  readonly expired?: boolean;
}

const THIS_MACHINE: readonly string[] = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'];

/** A certificate authority for tests, in a folder of the test's own. */
export interface CertificateAuthority {
  /** Its certificate, for `--ca-file`. */
  readonly caFile: string;
  readonly ca: string;
  /** Issues a certificate; `name` tells its files from others. */
  issue(name: string, options?: CertificateOptions): Promise<ServerCertificate>;
}

export interface Certificates extends CertificateAuthority {
  /** A certificate for `localhost`, 127.0.0.1 and ::1. */
  readonly server: ServerCertificate;
}

/**
 * Makes a certificate authority in `folder`, and a certificate by it for servers on this machine. Uses openssl(1).
 *
 *     const { caFile, server } = await createCertificates(folder);
 *     await using faulty = await FaultyServer.start({ tls: server });
 */
export async function createCertificates(folder: string): Promise<Certificates> {
  const caFile = join(folder, 'ca.crt');
  const caKey = join(folder, 'ca.key');
  await openssl('req', '-x509', ...NEW_KEY, '-keyout', caKey, '-out', caFile, '-days', '2', ...CA_SUBJECT);
  const issue: CertificateAuthority['issue'] = async (
    name,
    { names = THIS_MACHINE, expired = false } = {},
  ) => {
    const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
    const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
    await openssl('req', ...NEW_KEY, '-keyout', keyFile, '-out', request, '-subj', `/CN=${name}`);
    await writeFile(extensions, `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth\n`);
    const signer = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-extfile', extensions];
    await openssl('x509', '-req', '-in', request, '-out', certFile, '-days', expired ? '-1' : '2', ...signer);
    return {
      keyFile,
      certFile,
      key: await readFile(keyFile, 'utf8'),
      cert: await readFile(certFile, 'utf8'),
    };
  };
  return { caFile, ca: await readFile(caFile, 'utf8'), issue, server: await issue('server') };
}

const NEW_KEY: readonly string[] = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const CA_SUBJECT: readonly string[] = [
  '-subj',
  '/CN=authority of a test',
  '-addext',
  'keyUsage=critical,keyCertSign,cRLSign',
];

async function openssl(...args: readonly string[]): Promise<void> {
  await run('openssl', args);
}

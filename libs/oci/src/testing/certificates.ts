import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A server's certificate for localhost and 127.0.0.1, and the authority that signed it: PEM files. */
export interface TestCertificates {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

const run = promisify(execFile);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes an authority and a certificate in `folder`. They are good for two days. */
export async function createTestCertificates(folder: string): Promise<TestCertificates> {
  const path = (name: string) => join(folder, name);
  const files = {
    caFile: path('ca.pem'),
    certificateFile: path('certificate.pem'),
    keyFile: path('key.pem'),
  };
  const authority = ['-subj', '/CN=ecli test authority', '-addext', 'keyUsage=critical,keyCertSign'];
  await request(...authority, '-keyout', path('ca-key.pem'), '-out', files.caFile);
  const signedBy = ['-CA', files.caFile, '-CAkey', path('ca-key.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  await request(...signedBy, ...names, ...leaf, '-keyout', files.keyFile, '-out', files.certificateFile);
  return files;
}

async function request(...args: readonly string[]): Promise<void> {
  await run('openssl', ['req', '-x509', '-days', '2', ...KEY, ...args]);
}

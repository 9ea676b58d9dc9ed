import { execFileSync } from 'node:child_process';
import { createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeLog, sha256, START } from './fake-log.ts';
import { IN_TOTO_PAYLOAD, preAuthEncoding } from '../src/signature/envelope.ts';
import { SimpleSigning } from '../src/signature/simple-signing.ts';

/** A certificate for a few days, and its key. */
export interface TestCertificate {
  readonly pem: string;
  readonly key: KeyObject;
}

export interface TestIdentity {
  readonly issuer: string;
  /** As openssl spells it: `email:me@example.com`, `URI:https://…`. */
  readonly subject: string;
}

/** Fulcio's, https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md; the older one is no DER, and read too. */
const ISSUER_OID = '1.3.6.1.4.1.57264.1.8';
const OLDER_ISSUER_OID = '1.3.6.1.4.1.57264.1.1';

/**
 * Sigstore in a folder: an authority that gives a certificate to any identity that is asked for, and a log with one
 * entry whose promise and proof it signs. It models no certificate transparency.
 */
export class FakeSigstore {
  /** Also stands for a log of certificates. */
  readonly log = new FakeLog();
  private count = 0;

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    const usage = ['-addext', 'keyUsage=critical,keyCertSign'];
    this.openssl('-subj', '/O=example/CN=authority', ...usage, '-keyout', 'ca.key', '-out', 'ca.pem');
  }

  /** A trust root that names authority and log; `change` makes another of it. */
  trustRoot(name: string, change: (root: Record<string, unknown>) => object = (root) => root): string {
    const path = join(this.folder, `${name}.json`);
    writeFileSync(path, JSON.stringify(change(this.trustRootDocument())));
    return path;
  }

  certificate({ issuer, subject }: TestIdentity): TestCertificate {
    const name = `leaf-${this.count++}`;
    this.openssl(
      ...[
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-subj',
        '/O=leaf',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
      ],
      ...[
        '-addext',
        `subjectAltName=critical,${subject}`,
        '-addext',
        `${ISSUER_OID}=ASN1:UTF8String:${issuer}`,
        '-addext',
        `${OLDER_ISSUER_OID}=DER:${Buffer.from(issuer).toString('hex')}`,
      ],
      ...['-addext', 'extendedKeyUsage=codeSigning', '-addext', 'basicConstraints=critical,CA:FALSE'],
    );
    const read = (suffix: string): string => readFileSync(join(this.folder, `${name}.${suffix}`), 'utf8');
    return { pem: read('pem'), key: createPrivateKey(read('key')) };
  }

  /** The bundle that cosign makes of a statement. */
  bundle(payload: Buffer, { pem, key }: TestCertificate, integratedTime = now()): Record<string, unknown> {
    const signature = sign('sha256', preAuthEncoding(IN_TOTO_PAYLOAD, payload), key).toString('base64');
    const entry = this.log.enter(
      {
        apiVersion: '0.0.1',
        kind: 'dsse',
        spec: {
          envelopeHash: { algorithm: 'sha256', value: sha256(Buffer.from(signature)).toString('hex') },
          payloadHash: { algorithm: 'sha256', value: sha256(payload).toString('hex') },
          signatures: [{ signature, verifier: Buffer.from(pem).toString('base64') }],
        },
      },
      integratedTime,
    );
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        certificate: { rawBytes: new X509Certificate(pem).raw.toString('base64') },
        tlogEntries: [this.log.bundledEntry(entry)],
      },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: IN_TOTO_PAYLOAD,
        signatures: [{ sig: signature }],
      },
    };
  }

  /** The annotations that cosign has in the older layout. */
  annotations(
    payload: Buffer,
    { pem, key }: TestCertificate,
    integratedTime = now(),
  ): Record<string, string> {
    const signature = sign('sha256', payload, key).toString('base64');
    const { body, logIndex, signedEntryTimestamp } = this.log.enter(
      {
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: {
          data: { hash: { algorithm: 'sha256', value: sha256(payload).toString('hex') } },
          signature: { content: signature, publicKey: { content: Buffer.from(pem).toString('base64') } },
        },
      },
      integratedTime,
    );
    const logID = this.log.id;
    return {
      [SimpleSigning.signature]: signature,
      [SimpleSigning.certificate]: pem,
      [SimpleSigning.chain]: readFileSync(join(this.folder, 'ca.pem'), 'utf8'),
      [SimpleSigning.logEntry]: JSON.stringify({
        SignedEntryTimestamp: signedEntryTimestamp,
        Payload: { body: body.toString('base64'), integratedTime, logIndex, logID },
      }),
    };
  }

  /**
   * The bundle that cosign makes where a time stamp authority says when, and no log is asked (RFC 3161). Its trust
   * root is of `timestampRoot`.
   */
  timestampedBundle(payload: Buffer, certificate: TestCertificate): Record<string, unknown> {
    const bundle = this.bundle(payload, certificate) as {
      verificationMaterial: object;
      dsseEnvelope: { signatures: [{ sig: string }] };
    };
    const [{ sig }] = bundle.dsseEnvelope.signatures;
    const signedTimestamp = this.timestamp(Buffer.from(sig, 'base64')).toString('base64');
    return {
      ...bundle,
      verificationMaterial: {
        ...bundle.verificationMaterial,
        tlogEntries: [],
        timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp }] },
      },
    };
  }

  timestampRoot(name: string): string {
    const usage = ['-addext', 'extendedKeyUsage=critical,timeStamping'];
    this.openssl(
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-subj',
      '/CN=clock',
      ...usage,
      '-keyout',
      'tsa.key',
      '-out',
      'tsa.pem',
    );
    const certificates = ['tsa.pem', 'ca.pem'].map((file) => {
      const { raw } = new X509Certificate(readFileSync(join(this.folder, file)));
      return { rawBytes: raw.toString('base64') };
    });
    const authority = { uri: 'https://tsa.example.com', certChain: { certificates }, validFor: START };
    return this.trustRoot(name, (root) => ({ ...root, tlogs: [], timestampAuthorities: [authority] }));
  }

  private timestamp(signature: Buffer): Buffer {
    const settings = [
      '[tsa]',
      'serial = serial',
      'signer_digest = sha256',
      'default_policy = 1.2.3.4',
      'digests = sha256',
      'ess_cert_id_alg = sha256',
    ];
    const write = (name: string, content: string | Buffer): void =>
      writeFileSync(join(this.folder, name), content);
    write('tsa.cnf', settings.join('\n'));
    write('serial', '01');
    write('signature', signature);
    const run = (...args: readonly string[]): void =>
      void execFileSync('openssl', ['ts', ...args], { cwd: this.folder, stdio: 'pipe' });
    run('-query', '-data', 'signature', '-sha256', '-cert', '-out', 'query');
    const signer = ['-signer', 'tsa.pem', '-inkey', 'tsa.key', '-chain', 'ca.pem'];
    run('-reply', '-config', 'tsa.cnf', '-section', 'tsa', '-queryfile', 'query', ...signer, '-out', 'reply');
    return readFileSync(join(this.folder, 'reply'));
  }

  private trustRootDocument(): Record<string, unknown> {
    const { raw } = new X509Certificate(readFileSync(join(this.folder, 'ca.pem')));
    return {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [this.log.document()],
      certificateAuthorities: [
        {
          subject: { organization: 'example', commonName: 'authority' },
          uri: 'https://fulcio.example.com',
          certChain: { certificates: [{ rawBytes: raw.toString('base64') }] },
          validFor: START,
        },
      ],
      ctlogs: [],
      timestampAuthorities: [],
    };
  }

  private openssl(...args: readonly string[]): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...args], {
      cwd: this.folder,
      stdio: 'pipe',
    });
  }
}

/** Later than the certificate, which was made this very second. */
function now(): number {
  return Math.ceil(Date.now() / 1000) + 1;
}

import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export interface LogEntry {
  readonly body: Buffer;
  readonly logIndex: number;
  readonly integratedTime: number;
  readonly signedEntryTimestamp: string;
}

/** The last of eight entries: on the way to the root, each hash is of what is left of it (RFC 6962, 2.1.1). */
const LOG_INDEX = 7;
const LOG_SIZE = 8;
const LEFT_HASHES = ['leaf', 'two leaves', 'four leaves'].map((name) => sha256(Buffer.from(name)));

const ORIGIN = 'rekor.example.com';

/** From when on what a trust root names is valid. */
export const START = { start: '2020-01-01T00:00:00Z' };

/** A log of signatures with one entry, whose promise and proof it signs. */
export class FakeLog {
  private readonly log = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  private readonly logKey = this.log.publicKey.export({ type: 'spki', format: 'der' });
  private readonly logId = createHash('sha256').update(this.logKey).digest();

  /** The log's name for itself, in hex. */
  get id(): string {
    return this.logId.toString('hex');
  }

  /** Signs the promise that an entry is in the log. */
  enter(entry: object, integratedTime: number): LogEntry {
    const body = Buffer.from(JSON.stringify(entry));
    // As RFC 8785 orders the names.
    const promise = {
      body: body.toString('base64'),
      integratedTime,
      logID: this.logId.toString('hex'),
      logIndex: LOG_INDEX,
    };
    const signedEntryTimestamp = this.signByLog(JSON.stringify(promise)).toString('base64');
    return { body, logIndex: LOG_INDEX, integratedTime, signedEntryTimestamp };
  }

  /** As a bundle has it, with its proof. */
  bundledEntry({ body, integratedTime, signedEntryTimestamp }: LogEntry): object {
    const leaf = sha256(Buffer.concat([Buffer.from([0]), body]));
    const join = (right: Buffer, left: Buffer): Buffer =>
      sha256(Buffer.concat([Buffer.from([1]), left, right]));
    const rootHash = LEFT_HASHES.reduce(join, leaf).toString('base64');
    const note = `${ORIGIN}\n${LOG_SIZE}\n${rootHash}\n`;
    const signature = Buffer.concat([this.logId.subarray(0, 4), this.signByLog(note)]).toString('base64');
    return {
      logIndex: String(LOG_INDEX),
      logId: { keyId: this.logId.toString('base64') },
      kindVersion: { kind: 'dsse', version: '0.0.1' },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp },
      inclusionProof: {
        logIndex: String(LOG_INDEX),
        rootHash,
        treeSize: String(LOG_SIZE),
        hashes: LEFT_HASHES.map((hash) => hash.toString('base64')),
        checkpoint: { envelope: `${note}\n\u2014 ${ORIGIN} ${signature}\n` },
      },
      canonicalizedBody: body.toString('base64'),
    };
  }

  private signByLog(text: string): Buffer {
    return sign('sha256', Buffer.from(text), this.log.privateKey);
  }

  /** As a trust root has it; of a log of certificates it would be the same. */
  document(): object {
    return {
      baseUrl: `https://${ORIGIN}`,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: this.logKey.toString('base64'),
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        validFor: START,
      },
      logId: { keyId: this.logId.toString('base64') },
    };
  }
}

export function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

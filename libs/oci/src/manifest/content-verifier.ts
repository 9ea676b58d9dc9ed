import type { Hash } from 'node:crypto';
import { EcliError } from '@ecli/core';
import { isDigest } from '../reference/grammar.ts';
import type { Descriptor } from '../types.ts';

/** Checks content against a descriptor while it passes by. */
export class ContentVerifier {
  private readonly hash: Hash;
  private count = 0;

  /** @throws MANIFEST_INVALID for a digest of an algorithm that isn't known */
  constructor(private readonly descriptor: Pick<Descriptor, 'digest' | 'size'>) {
    this.hash = createHashOf(descriptor.digest);
  }

  /** How many bytes have passed. */
  get bytes(): number {
    return this.count;
  }

  /** @throws DIGEST_MISMATCH as soon as more has come than was promised */
  take(piece: Uint8Array): void {
    this.count += piece.length;
    if (this.count > this.descriptor.size) {
      throw mismatch(`${this.descriptor.digest}: more than the ${this.descriptor.size} bytes promised`);
    }
    this.hash.update(piece);
  }

  /** Says that all has passed; may be called once. @throws DIGEST_MISMATCH when it wasn't what was promised */
  finish(): void {
    const { digest, size } = this.descriptor;
    if (this.count !== size) throw mismatch(`${digest}: ${this.count} bytes came, ${size} were promised`);
    const found = `${algorithmOf(digest)}:${this.hash.digest('hex')}`;
    if (found !== digest) throw mismatch(`${digest}: the content has digest ${found}`);
  }

  /** Passes all of `content` on while it is checked. @throws DIGEST_MISMATCH as `take` and `finish` do */
  async *pass(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const piece of content) {
      this.take(piece);
      yield piece;
    }
    this.finish();
  }
}

/** Computes the digest of `content` by the algorithm that `like`, a digest, is of. */
export function digestLike(content: Uint8Array, like: string): string {
  return `${algorithmOf(like)}:${createHashOf(like).update(content).digest('hex')}`;
}

function createHashOf(digest: string): Hash {
  if (!isDigest(digest))
    throw new EcliError('MANIFEST_INVALID', `${digest}: not a digest that is known here`);
  // Not imported: crypto takes 1.5 ms to load, and whoever parses a reference alone needs none of it.
  return process.getBuiltinModule('node:crypto').createHash(algorithmOf(digest));
}

function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'));
}

function mismatch(message: string): EcliError {
  return new EcliError('DIGEST_MISMATCH', message, {
    hint: 'nothing of it was kept; if trying again gives the same, ask whoever runs the registry',
  });
}

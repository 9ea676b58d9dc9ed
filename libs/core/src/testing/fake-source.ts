/**
 * A source that holds its contents in memory. It does not model: partial reads, sizes that aren't known
 * before the end, limits, redirects, credentials, and anything that changes between two fetches.
 */
import { descriptorOf, sniff, type Artifact } from '../artifact.ts';
import { EcliError } from '../errors.ts';
import type { FetchContext, Source } from '../source.ts';

/** Takes references that begin with `fake:`. */
export class FakeSource implements Source {
  readonly name = 'fake';
  readonly takes = 'what begins with fake:';

  constructor(private readonly contents: ReadonlyMap<string, Uint8Array> = new Map()) {}

  supports(reference: string): boolean {
    return reference.startsWith('fake:');
  }

  async fetch(reference: string, context: FetchContext): Promise<Artifact> {
    context.signal.throwIfAborted();
    const held = this.contents.get(reference);
    if (!held) throw new EcliError('ARTIFACT_NOT_FOUND', `${reference}: not held by this fake`);
    const content = Uint8Array.from(held);
    context.progress?.({ id: reference, name: reference, bytes: content.byteLength, state: 'done' });
    return { reference, content, descriptor: descriptorOf(content, context.mediaType ?? sniff(content)) };
  }
}

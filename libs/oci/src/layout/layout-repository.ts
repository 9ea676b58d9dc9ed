import type { Pusher, Target } from '../content.ts';
import { isDigest } from '../reference/grammar.ts';
import type { Descriptor } from '../types.ts';

/** One repository's images among all of a layout: its tags are names as `TAG`, as in a registry. */
export class LayoutRepository implements Target {
  constructor(
    private readonly layout: Target,
    /** With its registry: `ghcr.io/org/tool`. */
    readonly name: string,
  ) {}

  fetch(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.layout.fetch(descriptor, signal);
  }

  resolve(tagOrDigest: string, signal?: AbortSignal): Promise<Descriptor> {
    return this.layout.resolve(this.spell(tagOrDigest), signal);
  }

  exists(descriptor: Descriptor, signal?: AbortSignal): Promise<boolean> {
    return this.layout.exists(descriptor, signal);
  }

  push(...[descriptor, open, options]: Parameters<Pusher['push']>): Promise<void> {
    return this.layout.push(descriptor, open, options);
  }

  tag(descriptor: Descriptor, tag: string, signal?: AbortSignal): Promise<void> {
    return this.layout.tag(descriptor, this.spell(tag), signal);
  }

  referrers(
    descriptor: Descriptor,
    artifactType?: string,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[]> {
    return this.layout.referrers(descriptor, artifactType, signal);
  }

  private spell(tagOrDigest: string): string {
    return isDigest(tagOrDigest) ? `${this.name}@${tagOrDigest}` : `${this.name}:${tagOrDigest}`;
  }
}

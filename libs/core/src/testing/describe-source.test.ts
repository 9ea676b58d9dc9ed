import { describe, expect, test } from '@jest/globals';
import { MediaType, type Artifact } from '../artifact.ts';
import type { FetchContext, Source } from '../source.ts';
import { describeSource } from './describe-source.ts';
import { FakeSource } from './fake-source.ts';
import { type SourceFixture, sourceContract } from './source-contract.ts';

const content = Buffer.from('{"bpf_object":""}');
const present = { reference: 'fake:present', content, mediaType: MediaType.package };

function fixtureOf(source: Source): SourceFixture {
  return {
    source,
    present,
    missing: 'fake:missing',
    foreign: ['https://example.com/x', 'ghcr.io/x/y:latest'],
  };
}

describeSource('FakeSource', async () => fixtureOf(new FakeSource(new Map([['fake:present', content]]))));

/** FakeSource with one thing changed. */
class Broken extends FakeSource {
  constructor(private readonly damage: (artifact: Artifact, context: FetchContext) => Artifact) {
    super(new Map([['fake:present', content]]));
  }

  override async fetch(reference: string, context: FetchContext): Promise<Artifact> {
    return this.damage(await super.fetch(reference, context), context);
  }
}

class Deaf extends FakeSource {
  override fetch(reference: string, context: FetchContext): Promise<Artifact> {
    return super.fetch(reference, { ...context, signal: new AbortController().signal });
  }
}

class Greedy extends FakeSource {
  override supports(): boolean {
    return true;
  }
}

class Knowing extends FakeSource {
  override supports(reference: string): boolean {
    return reference === 'fake:present';
  }
}

class Vague extends FakeSource {
  override fetch(reference: string, context: FetchContext): Promise<Artifact> {
    return super.fetch(reference, context).catch(() => {
      throw new Error('something went wrong');
    });
  }
}

const contents = new Map([['fake:present', content]]);
const shared = new Broken((artifact) => ({ ...artifact, content }));

describe('the contract of a source finds', () => {
  test.each<[string, Source, string]>([
    ['a source that takes everything', new Greedy(contents), 'leaves the references of other sources alone'],
    [
      'a source that only takes what it has',
      new Knowing(contents),
      'supports its references, whether or not',
    ],
    ['a source that ignores the signal', new Deaf(contents), 'stops with the reason of an aborted signal'],
    ['a source whose failures are bare errors', new Vague(contents), 'says not found, naming the reference'],
    ['a source that is silent about progress', new Broken((a) => a), 'reports progress that grows'],
    ['a source that shares its bytes', shared, 'gives each fetch its own bytes'],
    [
      'a source whose bytes differ from the descriptor',
      new Broken((artifact) => ({ ...artifact, content: Buffer.from('{}') })),
      'fetches the bytes, with a descriptor that is true of them',
    ],
    [
      'a source that knows better than the user',
      new Broken((a) => ({ ...a, descriptor: { ...a.descriptor, mediaType: MediaType.package } })),
      'believes a stated media type',
    ],
  ])('%s', async (_what, source, sentence) => {
    const silent = source instanceof Broken && sentence.startsWith('reports progress');
    const fixture = fixtureOf(silent ? withoutProgress(source) : source);
    const rule = sourceContract.find(({ name }) => name.startsWith(sentence));
    await expect(rule?.check(fixture)).rejects.toThrow();
  });
});

function withoutProgress(source: Source): Source {
  return {
    name: source.name,
    takes: source.takes,
    supports: (reference) => source.supports(reference),
    fetch: (reference, { signal }) => source.fetch(reference, { signal }),
  };
}

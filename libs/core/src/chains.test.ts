import { describe, expect, test } from '@jest/globals';
import {
  descriptorOf,
  MediaType,
  RunnerChain,
  SourceChain,
  type LoadSpec,
  type Runner,
  type Source,
} from './index.ts';
import { FakeRunner, FakeSource } from './testing/index.ts';

const context = { signal: new AbortController().signal };

/** A source that takes everything and remembers what it was asked. */
class Witness implements Source {
  readonly name = 'witness';
  readonly takes = 'anything';
  readonly asked: string[] = [];

  supports(reference: string): boolean {
    this.asked.push(reference);
    return true;
  }

  fetch(reference: string): Promise<never> {
    return Promise.reject(new Error(`witness fetched ${reference}`));
  }
}

describe('SourceChain', () => {
  test('asks in order and stops at the first that supports the reference', async () => {
    const witness = new Witness();
    const chain = new SourceChain([new FakeSource(new Map([['fake:a', Buffer.from('{}')]])), witness]);
    await expect(chain.fetch('fake:a', context)).resolves.toMatchObject({ reference: 'fake:a' });
    expect(witness.asked).toEqual([]);
    await expect(chain.fetch('other', context)).rejects.toThrow('witness fetched other');
  });

  test('does not ask the next source when the chosen one fails', async () => {
    const witness = new Witness();
    const chain = new SourceChain([new FakeSource(), witness]);
    await expect(chain.fetch('fake:gone', context)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect(witness.asked).toEqual([]);
  });

  test('asks no source for what must be signed but one that verifies signatures', async () => {
    const witness = new Witness();
    const verifyKeys = ['org.pub'];
    await expect(new SourceChain([witness]).fetch('x', { ...context, verifyKeys })).rejects.toMatchObject({
      code: 'TRUST_REFUSED',
      message: 'x: has no signature that could be verified',
    });
    await expect(new SourceChain([witness]).fetch('x', { ...context, verifyKeys: [] })).rejects.toThrow(
      'fetched x',
    );
    const verifying = Object.assign(new Witness(), { verifies: true as const });
    await expect(new SourceChain([verifying]).fetch('x', { ...context, verifyKeys })).rejects.toThrow(
      'fetched x',
    );
  });

  test('supports what one of its sources does', () => {
    const chain = new SourceChain([new FakeSource()]);
    expect(chain.supports('fake:x')).toBe(true);
    expect(chain.supports('x')).toBe(false);
  });

  test('refuses what no source takes, naming them, with the reference made printable', async () => {
    await expect(new SourceChain([new FakeSource()]).fetch('\x1b]0;x', context)).rejects.toMatchObject({
      code: 'REFERENCE_UNSUPPORTED',
      message: '\\x1b]0;x: no source takes this reference',
      hint: 'this ecli takes what begins with fake:',
    });
    await expect(new SourceChain([]).fetch('', context)).rejects.toThrow('an empty reference: no source');
  });
});

describe('RunnerChain', () => {
  const content = Buffer.from('{}');

  function specOf(mediaType: string): LoadSpec {
    const artifact = { reference: 'x', content, descriptor: descriptorOf(content, mediaType) };
    return { name: 'x', artifact, args: [], format: 'text' };
  }

  test('loads with the first runner that supports the spec', async () => {
    const first = new FakeRunner();
    const second = new FakeRunner();
    const chain = new RunnerChain([first, second]);
    const program = await chain.load(specOf(MediaType.package));
    expect([first.programs.size, second.programs.size]).toEqual([1, 0]);
    await program.detach();
  });

  test('supports what one of its runners does', () => {
    const chain: Runner = new RunnerChain([new FakeRunner()]);
    expect(chain.supports(specOf(MediaType.package))).toBe(true);
    expect(chain.supports(specOf(MediaType.wasm))).toBe(false);
  });

  test('refuses what no runner takes, naming the media type and the runners', async () => {
    await expect(new RunnerChain([new FakeRunner()]).load(specOf(MediaType.wasm))).rejects.toMatchObject({
      code: 'MEDIA_TYPE_UNSUPPORTED',
      message: 'x: no runner takes application/wasm',
      hint: 'runners: fake',
    });
  });
});

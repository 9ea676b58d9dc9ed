import { expect } from '@jest/globals';
import { verify } from '../artifact.ts';
import { EcliError } from '../errors.ts';
import type { FetchContext, Source } from '../source.ts';
import type { TransferProgress } from '../transfer.ts';
import type { ContractRule } from './contract.ts';

/** A source and references whose outcome is known. */
export interface SourceFixture {
  readonly source: Source;
  /** What the source can fetch, and what is there. */
  readonly present: { readonly reference: string; readonly content: Uint8Array; readonly mediaType: string };
  /** A reference of this source's shape with nothing behind it. */
  readonly missing: string;
  /** References of other sources, which this one must leave to them. */
  readonly foreign: readonly string[];
  /** Frees what the fixture made. */
  close?(): Promise<void>;
}

/** What every source promises, whatever it reads from. */
export const sourceContract: readonly ContractRule<SourceFixture>[] = [
  {
    name: 'has a name, and says what it takes',
    async check({ source }) {
      expect(source.takes).not.toBe('');
      expect(source.name).toMatch(/^[a-z][a-z0-9-]*$/);
    },
  },
  {
    name: 'supports its references, whether or not something is behind them',
    async check({ source, present, missing }) {
      expect(source.supports(present.reference)).toBe(true);
      expect(source.supports(missing)).toBe(true);
    },
  },
  {
    name: 'leaves the references of other sources alone',
    async check({ source, foreign }) {
      expect(foreign.filter((reference) => source.supports(reference))).toEqual([]);
    },
  },
  {
    name: 'fetches the bytes, with a descriptor that is true of them',
    async check({ source, present }) {
      const artifact = await source.fetch(present.reference, context());
      expect(Buffer.from(artifact.content).equals(present.content)).toBe(true);
      expect(artifact.reference).toBe(present.reference);
      expect(artifact.descriptor.mediaType).toBe(present.mediaType);
      verify(artifact.content, artifact.descriptor);
    },
  },
  {
    name: 'believes a stated media type',
    async check({ source, present }) {
      const mediaType = 'application/vnd.example.stated';
      const artifact = await source.fetch(present.reference, { ...context(), mediaType });
      expect(artifact.descriptor.mediaType).toBe(mediaType);
    },
  },
  {
    name: 'reports progress that grows up to the whole size',
    async check({ source, present }) {
      const reports: TransferProgress[] = [];
      await source.fetch(present.reference, { ...context(), progress: (report) => reports.push(report) });
      const last = reports.at(-1);
      const sizes = reports.filter(({ id }) => id === last?.id).map(({ bytes }) => bytes);
      expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
      expect(last?.state).toMatch(/^(done|exists)$/);
      if (last?.state === 'done') expect(last.bytes).toBe(present.content.byteLength);
    },
  },
  {
    name: 'gives each fetch its own bytes',
    async check({ source, present }) {
      const [first, second] = await Promise.all([
        source.fetch(present.reference, context()),
        source.fetch(present.reference, context()),
      ]);
      first.content.fill(0xff);
      verify(second.content, second.descriptor);
    },
  },
  {
    name: 'says not found, naming the reference, where nothing is',
    async check({ source, missing }) {
      const error = await failure(source.fetch(missing, context()));
      expect(error).toBeInstanceOf(EcliError);
      expect(error).toMatchObject({ code: 'ARTIFACT_NOT_FOUND', message: expect.stringContaining(missing) });
    },
  },
  {
    name: 'stops with the reason of an aborted signal',
    async check({ source, present }) {
      const reason = new Error('no longer wanted');
      const error = await failure(
        source.fetch(present.reference, { ...context(), signal: AbortSignal.abort(reason) }),
      );
      expect(error).toBe(reason);
    },
  },
];

function context(): FetchContext {
  return { signal: new AbortController().signal };
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

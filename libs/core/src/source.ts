import { injectable, injectAll } from './injection.ts';
import type { Artifact } from './artifact.ts';
import { EcliError } from './errors.ts';
import { printable } from './printable.ts';
import { withoutCredentials } from './without-credentials.ts';
import type { Credentials, NetworkOptions, PullPolicy, ReportProgress } from './transfer.ts';

/** What the user wishes of a fetch; a source takes what concerns it. */
export interface FetchContext {
  readonly signal: AbortSignal;
  /** The media type the user stated (`-p`); without it the bytes and the name decide. */
  readonly mediaType?: string;
  readonly progress?: ReportProgress;
  /** Without it a digest is asked for once, and a tag or URL is asked for anew whether it has changed. */
  readonly pull?: PullPolicy;
  /** Which of an index's programs: `linux/arm64`; without it this machine's. */
  readonly platform?: string;
  readonly network?: NetworkOptions;
  /** Header lines for a URL's own origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of those that are stored for the registry. */
  readonly credentials?: Credentials;
  /** Public keys, as paths of PEM files: one of them must have signed the program. */
  readonly verifyKeys?: readonly string[];
  /** Takes what the user should hear of a fetch that succeeds: what came was the cached one. */
  readonly warn?: (line: string) => void;
  /** Takes one line of diagnostics; shown with `--verbose`. */
  readonly diagnose?: (line: string) => void;
}

/** Turns a reference into verified bytes. */
export interface Source {
  readonly name: string;
  /** The references it takes, in words for people: `a file`, `an http(s) URL`. */
  readonly takes: string;
  /** True where it does what `verifyKeys` asks; a source without it isn't asked for what must be signed. */
  readonly verifies?: true;
  /** Judges the reference's syntax only; may look at local files, may not connect. A later "not found" is fine. */
  supports(reference: string): boolean;
  /**
   * @throws ARTIFACT_NOT_FOUND, ARTIFACT_TOO_LARGE, ARTIFACT_UNREADABLE, DIGEST_MISMATCH; over a network also
   * NETWORK_FAILED, REGISTRY_DENIED, RATE_LIMITED, REMOTE_FAILED, TRUST_REFUSED
   */
  fetch(reference: string, context: FetchContext): Promise<Artifact>;
}

/** Token under which plug-ins register sources; `Symbol.for`, so that a second copy of core does no harm. */
export const SOURCE: symbol = Symbol.for('ecli.Source');
export const SOURCE_CHAIN: symbol = Symbol.for('ecli.SourceChain');

/** All registered sources as one: the first that supports a reference fetches it. */
@injectable()
export class SourceChain implements Source {
  readonly name = 'chain';

  get takes(): string {
    return this.sources.map(({ takes }) => takes).join(', ');
  }

  constructor(@injectAll(SOURCE, { isOptional: true }) private readonly sources: readonly Source[]) {}

  supports(reference: string): boolean {
    return this.sources.some((source) => source.supports(reference));
  }

  /** @throws REFERENCE_UNSUPPORTED when no source takes the reference, and what the chosen source throws */
  async fetch(reference: string, context: FetchContext): Promise<Artifact> {
    const source = this.sources.find((candidate) => candidate.supports(reference));
    if (source && context.verifyKeys?.length && !source.verifies) throw unverifiable(reference);
    if (source) return source.fetch(reference, context);
    const subject = reference === '' ? 'an empty reference' : printable(withoutCredentials(reference));
    throw new EcliError('REFERENCE_UNSUPPORTED', `${subject}: no source takes this reference`, {
      hint: `this ecli takes ${this.takes || 'no references at all'}`,
    });
  }
}

function unverifiable(reference: string): EcliError {
  const subject = printable(withoutCredentials(reference));
  return new EcliError('TRUST_REFUSED', `${subject}: has no signature that could be verified`, {
    hint: 'only images in registries are signed; ask for no key to take this as it is',
  });
}

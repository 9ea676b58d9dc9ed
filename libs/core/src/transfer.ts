/** What a transfer came to; all but `running` are the last that is heard of it. */
export type TransferState =
  | 'running'
  | 'done'
  /** Nothing was transferred: the receiving end has it. */
  | 'exists'
  /** The registry took it over from another repository of its own. */
  | 'mounted'
  | 'failed';

/** How one download or upload is going. */
export interface TransferProgress {
  /** The same in all reports of one transfer, and no other's: a digest, a URL. */
  readonly id: string;
  /** For people: `package.json`, `sha256:12ab34cd56ef`. */
  readonly name: string;
  /** Bytes so far; never fewer than in the report before. */
  readonly bytes: number;
  /** The whole size, where it is known. */
  readonly totalBytes?: number;
  readonly state: TransferState;
}

/** Hears of each transfer from its start to its end; must return at once. */
export type ReportProgress = (progress: TransferProgress) => void;

/** Who the user is to a registry or server. */
export interface Credentials {
  readonly username: string;
  /** A password or a token in its place. */
  readonly password: string;
}

/** How servers are reached. */
export interface NetworkOptions {
  /** A file of PEM certificates that are trusted beside the system's. */
  readonly caFile?: string;
  /** Takes any certificate; said aloud wherever it is used. */
  readonly insecure?: boolean;
  /** Speaks http to registries that aren't on this machine too. */
  readonly plainHttp?: boolean;
}

/** What of the cache may stand for the real thing: nothing unasked, whatever is there, or it alone. */
export type PullPolicy = 'always' | 'missing' | 'never';

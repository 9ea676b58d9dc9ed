/** `raw` is each sample as the kernel gave it, after its length as 32 little-endian bits. */
export type OutputFormat = 'text' | 'json' | 'csv' | 'raw';

/** How the time of a row is written; `relative` is seconds since attach. */
export type Timestamps = 'local' | 'utc' | 'iso' | 'relative' | 'none';

/** A person's screen, as it is now. */
export interface Screen {
  /** Characters. */
  readonly columns: number;
  /** Lines. */
  readonly rows: number;
  readonly colors: boolean;
}

/** How events are shown, beyond their format. All of it is the user's choice, and the same for any runner. */
export interface Presentation {
  /** Members to show, in order; of nested ones `a.b`, `a[1]`. */
  readonly fields?: readonly string[];
  /** Expressions that all must hold for an event to be shown: `pid==42`, `comm~^ba`. */
  readonly filters?: readonly string[];
  /** The member by which sampled maps are sorted, descending with `-` before it. */
  readonly sort?: string;
  /** The maps to show, by name, in place of those the package exports. */
  readonly maps?: readonly string[];
  /** Default: `local` for text; none for the other formats, which get a member `timestamp` by any other word. */
  readonly timestamps?: Timestamps;
  /** Stacks as folded lines, which flame-graph tools take. */
  readonly folded?: boolean;
  /** Present where rows are for a person's eyes: columns widen to their data, tables and histograms are frames. */
  readonly screen?: Screen;
}

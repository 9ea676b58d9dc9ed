import type { ObjectFile } from '@ecli/btf';
import type { LoadSpec } from '@ecli/core';
import type { PackageMeta } from '@ecli/packages';
import type { LogStream } from '../log-stream.ts';
import type { EventBudget, Output } from '../output.ts';
import type { MapColumn } from '../rows/map-column.ts';

/** An export whose decoder is compiled; once the object is loaded, it can be opened. */
export interface PreparedExport {
  /** Takes the map's content from now on. The caller closes the output. */
  open(): Output;
}

/** What all exports of a program have in common. */
export interface ExportContext {
  readonly file: ObjectFile;
  readonly meta: PackageMeta;
  readonly spec: LoadSpec;
  readonly stream: LogStream;
  readonly budget: EventBudget;
  /** What tells an output of this name from the others. */
  readonly columnOf: (name: string) => MapColumn | undefined;
}

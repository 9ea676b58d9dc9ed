import { printable, type ReportProgress, type TransferState } from '@ecli/core';
import { lastSegment } from './headers/file-traits.ts';
import type { UrlReference } from './url-reference.ts';

/** Tells how the download of one file goes. */
export class ProgressFeed {
  private readonly name: string;
  /** A download that begins anew doesn't go back. */
  private mostBytes = 0;
  private totalBytes: number | undefined;

  constructor(
    private readonly reference: UrlReference,
    private readonly report: ReportProgress | undefined,
  ) {
    this.name = printable(lastSegment(reference.url)) || printable(reference.url.host);
  }

  received(bytes: number, totalBytes: number | undefined): void {
    this.totalBytes = totalBytes;
    this.tell('running', bytes);
  }

  /** All has come, or it was here already. */
  end(state: 'done' | 'exists', bytes: number): void {
    this.totalBytes = bytes;
    this.tell(state, bytes);
  }

  fail(): void {
    this.tell('failed', this.mostBytes);
  }

  private tell(state: TransferState, bytes: number): void {
    this.mostBytes = Math.max(this.mostBytes, bytes);
    const total = this.totalBytes === undefined ? {} : { totalBytes: this.totalBytes };
    const { spelled: id } = this.reference;
    this.report?.({ id, name: this.name, bytes: this.mostBytes, state, ...total });
  }
}

import type { ReportProgress, TransferState } from '@ecli/core';
import { Annotation, type Descriptor } from '@ecli/oci';

/** Digits of a digest that a person needs to tell one from another. */
const SHORT_DIGEST = 'sha256:'.length + 12;

/** Tells how the download of one blob goes. */
export class ProgressFeed {
  private bytes = 0;

  constructor(
    private readonly descriptor: Descriptor,
    private readonly report: ReportProgress | undefined,
  ) {}

  received(bytes: number): void {
    this.bytes += bytes;
    this.tell('running');
  }

  /** Where nothing was received, it was here already. */
  end(): void {
    this.tell(this.bytes === 0 && this.descriptor.size > 0 ? 'exists' : 'done');
  }

  fail(): void {
    this.tell('failed');
  }

  private tell(state: TransferState): void {
    const { digest, size, annotations } = this.descriptor;
    const name = annotations?.[Annotation.title] ?? digest.slice(0, SHORT_DIGEST);
    this.report?.({ id: digest, name, bytes: this.bytes, totalBytes: size, state });
  }
}

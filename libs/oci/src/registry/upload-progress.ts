/** Reports each byte of an upload once, however often it is sent. */
export class UploadProgress {
  private reported = 0;

  constructor(
    private readonly sizeBytes: number,
    private readonly sent: ((bytes: number) => void) | undefined,
  ) {}

  /** Says how far from its start the upload is. */
  reached(bytes: number): void {
    if (bytes <= this.reported) return;
    this.sent?.(bytes - this.reported);
    this.reported = bytes;
  }

  /** Counts the bytes of one attempt, from the start; within one it may be sent twice, to tell who sends it. */
  counter(): (bytes: number) => void {
    let current = 0;
    return (bytes) => {
      current += bytes;
      this.reached(Math.min(current, this.sizeBytes));
    };
  }
}

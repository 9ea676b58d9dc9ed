import { EcliError, type ErrorCode, printable } from '@ecli/core';

/** What is no failure of a download: it was asked for wrongly. */
const NOT_OF_DOWNLOADS: ReadonlySet<ErrorCode> = new Set([
  'ARGUMENT_INVALID',
  'REFERENCE_UNSUPPORTED',
  'SETTINGS_INVALID',
]);

/** Says of an error that it ended a download, and of what; what was no failure of the download is returned as it is. */
export function downloadFailure(spelled: string, error: unknown): unknown {
  if (!(error instanceof EcliError) || NOT_OF_DOWNLOADS.has(error.code)) return error;
  return new EcliError(error.code, `Failed to download: ${spelled}: ${reasonOf(error, spelled)}`, {
    cause: error,
    hint: error.hint,
    details: error.details,
  });
}

/** What an error says of the URL, without the URL. */
export function reasonOf(error: EcliError, spelled: string): string {
  return error.message.startsWith(`${spelled}: `) ? error.message.slice(spelled.length + 2) : error.message;
}

/** A server's answer that brings no file. */
export class AnswerError extends EcliError {
  override readonly name = 'AnswerError';

  constructor(
    code: ErrorCode,
    readonly status: number,
    message: string,
    hint?: string,
  ) {
    super(code, message, { hint });
  }
}

export function tooLarge(limitBytes: number, sizeBytes?: number): EcliError {
  const limit = `${Math.floor(limitBytes / (1024 * 1024))} MiB`;
  const what = sizeBytes === undefined ? 'more' : `${Math.ceil(sizeBytes / (1024 * 1024))} MiB, more`;
  return new EcliError('ARTIFACT_TOO_LARGE', `${what} than the ${limit} that ecli reads`, {
    hint: 'programs are small; is this the file you meant?',
  });
}

export function wrongDigest(wanted: string, found: string): EcliError {
  return new EcliError(
    'DIGEST_MISMATCH',
    `${printable(wanted)} was asked for, and the file that came is ${found}`,
    {
      hint: 'the file was changed after its digest was taken, or on the way; it is neither run nor kept',
    },
  );
}

import { EcliError, type ErrorCode } from '@ecli/core';

/** On which side of a copy something failed. */
export type CopySide = 'from' | 'to';

const WORDS: Readonly<Record<CopySide, string>> = {
  from: 'reading what is copied',
  to: 'writing the copy',
};

/** A copy failed on one of its two sides; the code is that of what failed there. */
export class CopyError extends EcliError {
  override readonly name = 'CopyError';

  constructor(
    readonly side: CopySide,
    code: ErrorCode,
    cause: EcliError,
  ) {
    super(code, `${WORDS[side]}: ${cause.message}`, {
      cause,
      ...(cause.hint !== undefined && { hint: cause.hint }),
      ...(cause.details !== undefined && { details: cause.details }),
    });
  }
}

/** Runs one side's part of a copy. @throws CopyError for what a user can cause, and anything else as it is */
export async function on<Result>(side: CopySide, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw sidedWith(side, error);
  }
}

/** Passes content on, and says on which side it failed when it fails. */
export async function* piecesFrom(
  side: CopySide,
  open: () => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* await open();
  } catch (error) {
    throw sidedWith(side, error);
  }
}

function sidedWith(side: CopySide, error: unknown): unknown {
  if (!(error instanceof EcliError) || error instanceof CopyError) return error;
  return new CopyError(side, error.code, error);
}

/**
 * Every way ecli fails, as stable strings that scripts and servers may match on.
 * Codes are added to, never renamed: people search for them.
 */
export type ErrorCode =
  | 'REFERENCE_UNSUPPORTED'
  | 'ARTIFACT_NOT_FOUND'
  | 'ARTIFACT_TOO_LARGE'
  | 'ARTIFACT_UNREADABLE'
  | 'DIGEST_MISMATCH'
  | 'NETWORK_FAILED'
  | 'RATE_LIMITED'
  | 'REGISTRY_DENIED'
  | 'MANIFEST_INVALID'
  | 'SIGNATURE_INVALID'
  | 'TRUST_REFUSED'
  | 'SETTINGS_INVALID'
  | 'CACHE_FAILED'
  | 'MEDIA_TYPE_UNSUPPORTED'
  | 'PACKAGE_INVALID'
  | 'OBJECT_INVALID'
  | 'BUILD_FAILED'
  | 'TOOL_MISSING'
  | 'ARGUMENT_INVALID'
  | 'PERMISSION_DENIED'
  | 'DEPENDENCY_MISSING'
  | 'FEATURE_UNSUPPORTED'
  | 'VERIFIER_REJECTED'
  | 'LOAD_FAILED'
  | 'ATTACH_FAILED'
  | 'OUTPUT_FAILED'
  | 'PLUGIN_INVALID'
  | 'TASK_NOT_FOUND'
  | 'TASK_STATE_INVALID'
  | 'REMOTE_FAILED';

export interface EcliErrorOptions {
  /** What the user can do next, as one or more whole lines. */
  readonly hint?: string;
  /** The full story (a verifier's log, a compiler's output), which a terminal shows on demand; a compiler's always. */
  readonly details?: string;
  readonly cause?: unknown;
}

/**
 * The one base of all errors a user can meet. The message names the thing that failed, starts with it,
 * and has no full stop; `hint` says what to do next. A bare `Error` anywhere means a bug in ecli.
 */
export class EcliError extends Error {
  override readonly name: string = 'EcliError';
  readonly hint: string | undefined;
  readonly details: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: EcliErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.details = options.details;
  }
}

export interface ArgumentErrorOptions extends EcliErrorOptions {
  /** Where among the arguments the one stands that nobody knows. */
  readonly position?: number;
}

/** An argument is unknown, malformed or out of range; `known` lists the options that exist. */
export class ArgumentError extends EcliError {
  override readonly name = 'ArgumentError';
  readonly position: number | undefined;

  constructor(
    message: string,
    readonly known: readonly string[],
    options: ArgumentErrorOptions = {},
  ) {
    super('ARGUMENT_INVALID', message, options);
    this.position = options.position;
  }
}

/** The kernel's verifier refused a program; `verifierLog` is everything it said. */
export class VerifierRejectedError extends EcliError {
  override readonly name = 'VerifierRejectedError';

  constructor(
    message: string,
    readonly verifierLog: string,
    options: EcliErrorOptions = {},
  ) {
    super('VERIFIER_REJECTED', message, { details: verifierLog, ...options });
  }
}

import { EcliError, type EcliErrorOptions, type ErrorCode, printable } from '@ecli/core';
import type { HttpResponse } from '@ecli/http';
import { type Identity, withoutSecretsOf } from './auth/identity.ts';

/** One reason a registry gives (distribution-spec, "Error Codes"). */
export interface RegistryReason {
  /** `MANIFEST_UNKNOWN`, `DENIED`, …; empty where it gives none. */
  readonly code: string;
  readonly message: string;
}

export interface RegistryErrorOptions extends EcliErrorOptions {
  readonly status: number;
  readonly errors?: readonly RegistryReason[];
  /** By the status where it isn't given. */
  readonly code?: ErrorCode;
}

/** A registry, or its token service, answered that it won't. */
export class RegistryError extends EcliError {
  override readonly name = 'RegistryError';
  readonly status: number;
  readonly errors: readonly RegistryReason[];

  constructor(
    message: string,
    { status, errors = [], code = codeOf(status), ...options }: RegistryErrorOptions,
  ) {
    super(code, message, options);
    this.status = status;
    this.errors = errors;
  }
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'REGISTRY_DENIED';
  if (status === 404) return 'ARTIFACT_NOT_FOUND';
  return status === 429 ? 'RATE_LIMITED' : 'REMOTE_FAILED';
}

const ERROR_BODY_LIMIT_BYTES = 64 * 1024;
const MOST_REASONS = 5;
const LONGEST_REASON = 300;

/** What an answer says of why it isn't the one that was hoped for. */
export interface Refusal {
  readonly status: number;
  readonly errors: readonly RegistryReason[];
  /** `404 MANIFEST_UNKNOWN: manifest unknown`, safe for a terminal. */
  readonly spelled: string;
  /** The body is a page for people: whoever answers isn't a registry. */
  readonly isWebPage: boolean;
}

/**
 * Reads the whole of an answer that isn't the one hoped for; never fails over it. What the server was told of
 * `identity` stays secret, should it repeat it.
 */
export async function readRefusal(response: HttpResponse, identity?: Identity): Promise<Refusal> {
  const { status, headers } = response;
  const text = await response.bytes(ERROR_BODY_LIMIT_BYTES).then(
    (bytes) => withoutSecretsOf(identity, new TextDecoder().decode(bytes)),
    () => '',
  );
  const errors = parseReasons(text);
  const isWebPage =
    /^text\/html\b/i.test(headers['content-type'] ?? '') || /^\s*<(!doctype|html)\b/i.test(text);
  return { status, errors, spelled: spell(status, errors, isWebPage ? '' : text), isWebPage };
}

/** Reads `{"errors":[{code,message,detail}]}`, and `{"details":…}` or `{"error":…}`, which token services write. */
function parseReasons(text: string): RegistryReason[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return [];
  }
  const { errors, error, details, message } = asObject(document);
  const listed = Array.isArray(errors) ? (errors as readonly unknown[]) : [];
  const reasons = listed.slice(0, MOST_REASONS).map((entry) => {
    const reason = asObject(entry);
    return { code: asText(reason['code']), message: asText(reason['message']) };
  });
  if (reasons.length > 0) return reasons;
  const said = [error, details, message].map(asText).find((candidate) => candidate !== '');
  return said === undefined ? [] : [{ code: '', message: said }];
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST_REASON) : '';
}

function spell(status: number, errors: readonly RegistryReason[], text: string): string {
  const reasons = errors
    .map(({ code, message }) => [code, message].filter(Boolean).join(': '))
    .filter(Boolean);
  const line = text.trim().split('\n', 1)[0] ?? '';
  const plain = reasons.length === 0 && /^[^{[<]/.test(line) && line.length <= LONGEST_REASON ? [line] : [];
  return printable([String(status), [...reasons, ...plain].join('; ')].filter(Boolean).join(' '));
}

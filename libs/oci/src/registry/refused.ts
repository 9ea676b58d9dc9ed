import { type HttpResponse } from '@ecli/http';
import { printable } from '@ecli/core';
import { whereCredentialsAre } from '../credentials/credential-files.ts';
import { GIVEN, type Identity } from './auth/identity.ts';
import { readRefusal, type Refusal, RegistryError } from './registry-error.ts';

/** What was to be done, for the words of its failure. */
export interface Undertaking {
  /** What the message begins with: `ghcr.io/org/tool:v1`. */
  readonly subject: string;
  readonly registry: string;
  readonly action: 'read' | 'write' | 'delete' | 'log in';
  readonly identity: Identity;
  /** The host to which the registry sent us, where the answer is not its own. */
  readonly sentTo?: string | undefined;
  /** What there is instead of what isn't there. */
  readonly hint?: string | undefined;
}

/** Puts an answer that isn't the one hoped for into words, and says what may help. */
export async function refused(response: HttpResponse, undertaking: Undertaking): Promise<RegistryError> {
  const refusal = await readRefusal(response, undertaking.identity);
  const { status, errors, spelled } = refusal;
  if (undertaking.sentTo !== undefined) return refusedElsewhere(refusal, undertaking);
  const hint = hintFor(refusal, undertaking);
  return new RegistryError(
    `${printable(undertaking.subject)}: ${reasonOf(refusal, undertaking)} (${spelled})`,
    {
      status,
      errors,
      ...(hint !== undefined && { hint }),
    },
  );
}

/** Where a registry keeps its blobs nobody knows the user, so logging in is no help. */
function refusedElsewhere(
  { status, errors, spelled }: Refusal,
  { subject, registry, sentTo = '' }: Undertaking,
): RegistryError {
  const host = printable(sentTo);
  const options = { status, errors, ...(status !== 429 && { code: 'REMOTE_FAILED' as const }) };
  return new RegistryError(
    `${printable(subject)}: ${host}, where ${registry} keeps it, refuses it (${spelled})`,
    {
      ...options,
      hint: `try again later, or ask whoever runs ${registry}`,
    },
  );
}

function reasonOf({ status, errors, isWebPage }: Refusal, { action }: Undertaking): string {
  if (isWebPage && status < 500) return 'a web server answers, and no registry';
  const codes = errors.map(({ code }) => code);
  switch (status) {
    case 401:
      return action === 'log in' ? 'the user name or password is wrong' : 'access denied';
    case 403:
      return action === 'read' ? 'access denied' : `you may not ${action} here`;
    case 404:
      return codes.includes('NAME_UNKNOWN') ? 'no such repository' : 'not found';
    case 405:
      return action === 'delete' ? 'the registry lets nothing be deleted' : 'the registry does not do that';
    case 413:
      return 'too large for the registry';
    case 429:
      return 'too many requests';
  }
  if (action === 'delete' && codes.includes('UNSUPPORTED')) return 'the registry lets nothing be deleted';
  return status >= 500 ? 'the registry fails' : 'the registry refuses';
}

function hintFor({ status, isWebPage }: Refusal, undertaking: Undertaking): string | undefined {
  const { registry, hint } = undertaking;
  if (isWebPage) return `is ${registry} the host you meant?`;
  if (status === 401 || status === 403) return denialHint(undertaking);
  if (status === 404) return hint ?? missingHint(undertaking);
  if (status === 429) return limitHint(undertaking);
  return status >= 500 ? `try again later, or ask whoever runs ${registry}` : undefined;
}

/** A name without a host is Docker Hub's, which not everybody who writes one knows. */
export const ELSEWHERE = 'for another registry its host stands first: ghcr.io/ORG/NAME:TAG';

function denialHint({ registry, identity, action }: Undertaking): string {
  if (action === 'log in') return 'many registries want a token where the password is asked for';
  if (!identity && registry === 'docker.io') {
    return `Docker Hub has no such image, or a private one (ecli login docker.io); ${ELSEWHERE}`;
  }
  if (!identity) {
    return `log in: ecli login ${registry}; registries deny what isn't there as well, so check the name, too\n${whereCredentialsAre(process.env)}`;
  }
  const whose = identity.kind === 'password' ? `as ${printable(identity.username)}` : 'by identity token';
  if (identity.origin === GIVEN) return `you were ${whose}; check the password and what it allows`;
  return `you were ${whose} (${printable(identity.origin)}); check the name, or log in anew: ecli login ${registry}`;
}

function missingHint({ registry }: Undertaking): string {
  return registry === 'docker.io'
    ? `Docker Hub has no such image; ${ELSEWHERE}`
    : `check the name; is ${registry} the host you meant?`;
}

function limitHint({ registry, identity }: Undertaking): string {
  return identity
    ? 'try again later'
    : `try again later, or log in, for users have higher limits: ecli login ${registry}`;
}

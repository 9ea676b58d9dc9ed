import { EcliError } from '@ecli/core';

/**
 * Tells whether a registry failed as if nobody were there, so that what was fetched before may do: it can't be
 * reached, has had too many questions, or is broken. Whoever refuses, or shows a wrong certificate, is there.
 */
export function isAbsence(error: unknown): error is EcliError {
  if (!(error instanceof EcliError)) return false;
  return error.code === 'RATE_LIMITED' || isUnreachable(error) || isServerFailure(error);
}

/** A NetworkError, by its shape: what comes from the cache is to load nothing of HTTP. */
function isUnreachable(error: EcliError): boolean {
  return 'meansAway' in error && error.meansAway === true;
}

function isServerFailure(error: EcliError): boolean {
  return error.code === 'REMOTE_FAILED' && 'status' in error && Number(error.status) >= 500;
}

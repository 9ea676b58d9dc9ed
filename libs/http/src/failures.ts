import { EcliError, printable } from '@ecli/core';
import { NetworkError } from './network-error.ts';
import type { Proxy } from './proxy.ts';
import { spellHost, spellUrl } from './spell-url.ts';
import { isCertificateFailure, tlsFailure } from './tls-failures.ts';

/** What was being done when it failed. */
export interface Undertaking {
  readonly url: URL;
  /** Through whom, where not straight to the server. */
  readonly proxy?: Proxy | undefined;
  readonly phase: 'connecting' | 'sending' | 'waiting';
  /** Whether it is the proxy that is asked: to carry the request, or to make a tunnel for it. */
  readonly asksProxy?: boolean;
}

/** Puts what Node says of a failed request into words; what is worded already stays as it is. */
export function wordFailure(error: unknown, undertaking: Undertaking): EcliError {
  if (error instanceof EcliError) return error;
  const reason = rootOf(error);
  const code = reason.code ?? '';
  const peer = peerOf(undertaking);
  if (isCertificateFailure(reason) || speaksTls(code)) return tlsFailure(reason, peer);
  if (code.startsWith('HPE_')) return notHttp(reason, peer);
  if (code === 'ERR_INVALID_CHAR' || code === 'ERR_INVALID_HTTP_TOKEN') return badHeader(reason);
  if (undertaking.phase === 'connecting') return connectFailure(reason, undertaking);
  return new NetworkError(
    'transfer',
    `${spellUrl(undertaking.url)}: the connection was cut before the server answered (${spellCode(reason)})`,
    { cause: error },
  );
}

export function connectTimeout({ url, proxy }: Undertaking, milliseconds: number): NetworkError {
  const whom = proxy ? `proxy ${spellHost(proxy.url)}` : spellHost(url);
  return new NetworkError('timeout', `${whom}: no connection within ${spellSeconds(milliseconds)}`, {
    hint: proxy ? proxyHint(proxy, url) : 'check the host name, the port and whether a proxy must be used',
  });
}

export function stalled({ url, phase }: Undertaking, milliseconds: number): NetworkError {
  const what = phase === 'waiting' ? 'no answer' : 'nothing was taken';
  return new NetworkError('timeout', `${spellUrl(url)}: ${what} for ${spellSeconds(milliseconds)}`);
}

export function bodyStalled(url: URL, milliseconds: number): NetworkError {
  return new NetworkError('timeout', `${spellUrl(url)}: nothing came for ${spellSeconds(milliseconds)}`);
}

export function tooSlow({ url }: Undertaking, leastBytes: number, milliseconds: number): NetworkError {
  const span = spellSeconds(milliseconds);
  return new NetworkError('timeout', `${spellUrl(url)}: fewer than ${leastBytes} bytes in ${span}`, {
    hint: 'the server, or the way there, is too slow; try again later',
  });
}

/** The server announces an answer over and over. */
export function onlyInterim({ url }: Undertaking): NetworkError {
  return new NetworkError('transfer', `${spellUrl(url)}: the server announces an answer that never comes`);
}

/** The server goes on in a protocol that nobody asked for (RFC 9110, 15.2.2). */
export function upgraded({ url }: Undertaking): NetworkError {
  return new NetworkError('transfer', `${spellHost(url)}: the answer is not http (101 Switching Protocols)`);
}

export function bodyCut(url: URL, receivedBytes: number, wholeBytes: number | undefined): NetworkError {
  const whole = wholeBytes === undefined ? '' : ` of ${wholeBytes}`;
  return new NetworkError(
    'transfer',
    `${spellUrl(url)}: the connection was cut after ${receivedBytes}${whole} bytes`,
  );
}

/** What to do about a proxy that doesn't do its part. */
function proxyHint(proxy: Proxy, url: URL): string {
  return `${proxy.variable} names this proxy; correct it, or add ${printable(url.hostname)} to NO_PROXY`;
}

/** A proxy's answer that isn't the server's. */
export function proxyRefusal(proxy: Proxy, target: string, status: number, statusText: string): NetworkError {
  const said = printable(`${status} ${statusText}`.trim().slice(0, 100));
  return new NetworkError(
    'proxy',
    `proxy ${spellHost(proxy.url)}: refuses to go to ${printable(target)}: ${said}`,
    {
      hint:
        status === 407 ? credentialsHint(proxy) : `${proxy.variable} names this proxy; is it the right one?`,
    },
  );
}

function credentialsHint({ url, variable }: Proxy): string {
  return `it asks who you are: set ${variable} to ${url.protocol}//USER:PASSWORD@${spellHost(url)}`;
}

function connectFailure(reason: NodeJS.ErrnoException, { url, proxy }: Undertaking): NetworkError {
  const host = (proxy?.url ?? url).hostname;
  const whom = proxy ? `proxy ${spellHost(proxy.url)}` : spellHost(url);
  const hint = proxy && proxyHint(proxy, url);
  if (reason.syscall === 'getaddrinfo' || reason.code === 'ENOTFOUND') {
    const away = reason.code === 'EAI_AGAIN';
    const what = away ? 'the name server does not answer' : 'no such host';
    return new NetworkError(proxy ? 'proxy' : 'name resolution', `${whom}: ${what}`, {
      hint: hint ?? (away ? 'is this machine connected?' : `is ${printable(host)} the host you meant?`),
      cause: reason,
    });
  }
  return new NetworkError(proxy ? 'proxy' : 'connect', `${whom}: ${describe(reason)}`, {
    hint: hint ?? `is ${whom} the one you meant, and does it run?`,
    cause: reason,
  });
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'the connection was cut while it was being made',
  EHOSTUNREACH: 'no way to this host',
  ENETUNREACH: 'no way to this network',
  ETIMEDOUT: 'the host does not answer',
  EACCES: 'connecting is forbidden here',
  EPERM: 'connecting is forbidden here',
};

function describe(reason: NodeJS.ErrnoException): string {
  return DESCRIPTIONS[reason.code ?? ''] ?? `cannot connect (${spellCode(reason)})`;
}

function notHttp(reason: NodeJS.ErrnoException & { rawPacket?: Uint8Array }, url: URL): NetworkError {
  // A TLS alert is record type 21 of version 3.x (RFC 8446, 5.1).
  if (reason.rawPacket?.[0] === 21 && reason.rawPacket[1] === 3) return httpsSpoken(url, reason);
  return new NetworkError('transfer', `${spellHost(url)}: the answer is not http (${spellCode(reason)})`, {
    cause: reason,
  });
}

/** Http was spoken to a port of https. */
export function httpsSpoken(url: URL, cause?: unknown): NetworkError {
  return new NetworkError('TLS', `${spellHost(url)}: speaks https, not http`, {
    hint: `use https://${spellHost(url)} (without --plain-http)`,
    cause,
  });
}

function badHeader(reason: NodeJS.ErrnoException): EcliError {
  // Node names the header and keeps its value to itself.
  const name = /\["([^"]*)"\]/.exec(reason.message)?.[1] ?? '';
  return new EcliError(
    'ARGUMENT_INVALID',
    `header ${printable(name)}: has characters that no header may have`,
    {
      cause: reason,
    },
  );
}

function speaksTls(code: string): boolean {
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_');
}

/** Whom ecli speaks to. */
function peerOf({ url, proxy, asksProxy }: Undertaking): URL {
  return proxy && (asksProxy === true || url.protocol === 'http:') ? proxy.url : url;
}

/** With several addresses Node fails with one error for each. */
function rootOf(error: unknown): NodeJS.ErrnoException {
  const { errors } = error as { readonly errors?: readonly NodeJS.ErrnoException[] };
  return errors?.[0] ?? (error as NodeJS.ErrnoException);
}

function spellCode(reason: NodeJS.ErrnoException): string {
  return printable(reason.code ?? reason.message);
}

function spellSeconds(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = Math.round(milliseconds / 100) / 10;
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}

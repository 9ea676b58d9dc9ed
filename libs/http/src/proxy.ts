import { EcliError, printable } from '@ecli/core';
import { basicOf } from './basic.ts';
import { isLoopback } from './loopback.ts';
import { isSpared } from './no-proxy.ts';

/** Who carries requests to other servers. */
export interface Proxy {
  /** Without the user. */
  readonly url: URL;
  /** The variable that names it. */
  readonly variable: string;
  /** What it is told about who the user is. */
  readonly headers: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  'http:': ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
  'https:': ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'],
};

/**
 * The proxy for `url`. The first variable that is set decides, as for curl; set to nothing, it says that there is none.
 * As for docker and oras, nothing on this machine is asked through a proxy: none can reach it in its stead.
 * @throws SETTINGS_INVALID when the variable names none, FEATURE_UNSUPPORTED for a proxy that doesn't speak http
 */
export function proxyFor(url: URL, environment: Environment): Proxy | undefined {
  const variable = VARIABLES[url.protocol]?.find((name) => environment[name] !== undefined);
  const value = variable && environment[variable]?.trim();
  if (!variable || !value || isLoopback(url)) return undefined;
  const noProxy = environment['no_proxy'] ?? environment['NO_PROXY'] ?? '';
  return isSpared(url, noProxy) ? undefined : parseProxy(value, variable);
}

function parseProxy(value: string, variable: string): Proxy {
  const text = value.includes('://') ? value : `http://${value}`;
  // The value may hold a password: it isn't shown.
  if (!URL.canParse(text)) {
    throw new EcliError('SETTINGS_INVALID', `${variable}: names no proxy`, { hint: PROXY_HINT });
  }
  const url = new URL(text);
  const { protocol, host } = url;
  if (protocol !== 'http:' && protocol !== 'https:') {
    const scheme = printable(protocol.slice(0, -1));
    throw new EcliError(
      'FEATURE_UNSUPPORTED',
      `${variable}: names a ${scheme} proxy; only http and https ones are used`,
      {
        hint: PROXY_HINT,
      },
    );
  }
  const authorization = basicOf(url);
  const headers: Record<string, string> =
    authorization === undefined ? {} : { 'proxy-authorization': authorization };
  return { url: new URL(`${protocol}//${host}`), variable, headers };
}

const PROXY_HINT = 'a proxy is named as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT';

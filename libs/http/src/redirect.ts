import { NetworkError } from './network-error.ts';
import { spellUrl } from './spell-url.ts';
import type { Step } from './step.ts';

const MOST_REDIRECTS = 10;

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** Headers that tell who the user is; with `privateHeaders` they go to the first origin only. */
const CREDENTIAL_HEADERS: readonly string[] = ['authorization', 'cookie', 'proxy-authorization'];

/** Headers that mean nothing without the body that they describe. */
const BODY_HEADERS = /^content-|^transfer-encoding$/;

export function isRedirect(status: number): boolean {
  return REDIRECTS.includes(status);
}

/** The way of one request along its redirects. */
export class RedirectTrail {
  private readonly visited = new Set<string>();
  private readonly privateHeaders: ReadonlySet<string>;

  constructor(privateHeaders: readonly string[] = []) {
    this.privateHeaders = new Set([
      ...CREDENTIAL_HEADERS,
      ...privateHeaders.map((name) => name.toLowerCase()),
    ]);
  }

  /**
   * Where a redirect with `status` and `location` leads from `step`.
   * @throws NETWORK_FAILED when it leads in a circle, too far, out of https, or to what isn't http
   */
  follow(step: Step, status: number, location: string): Step {
    const url = parseLocation(step.url, location);
    checkScheme(step.url, url);
    this.visited.add(`${step.method} ${step.url.href}`);
    const next = this.next(step, status, url);
    if (this.visited.has(`${next.method} ${next.url.href}`)) {
      throw new NetworkError('redirect', `${spellUrl(step.url)}: redirects in a circle`);
    }
    if (this.visited.size > MOST_REDIRECTS) {
      throw new NetworkError(
        'redirect',
        `${spellUrl(step.url)}: redirects more than ${MOST_REDIRECTS} times`,
      );
    }
    return next;
  }

  private next(step: Step, status: number, url: URL): Step {
    const becomesGet = turnsIntoGet(step.method, status);
    const staysHome = url.origin === step.url.origin;
    const kept = Object.entries(step.headers).filter(
      ([name]) => !(becomesGet && BODY_HEADERS.test(name)) && (staysHome || !this.isPrivate(name)),
    );
    return {
      method: becomesGet ? 'GET' : step.method,
      url,
      headers: Object.fromEntries(kept),
      withBody: step.withBody && !becomesGet,
    };
  }

  private isPrivate(name: string): boolean {
    return name === 'host' || this.privateHeaders.has(name);
  }
}

function turnsIntoGet(method: string, status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

/** The target, without the credentials that it may name: a server has none to give. */
function parseLocation(from: URL, location: string): URL {
  // A header's bytes above 0x7f come as Latin-1; they are UTF-8 wherever they are anything.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  if (!URL.canParse(text, from.href)) {
    throw new NetworkError('redirect', `${spellUrl(from)}: redirects to what is not a URL`);
  }
  const url = new URL(text, from);
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}

function checkScheme(from: URL, to: URL): void {
  if (to.protocol !== 'http:' && to.protocol !== 'https:') {
    throw new NetworkError('redirect', `${spellUrl(from)}: redirects to a ${to.protocol.slice(0, -1)} URL`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new NetworkError('redirect', `${spellUrl(from)}: redirects from https to ${spellUrl(to)}`, {
      hint: 'what comes over http can be changed on the way; ask the server for an https address',
    });
  }
}

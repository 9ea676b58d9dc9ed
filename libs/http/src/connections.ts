import type { Agent as HttpAgent, RequestOptions } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { lookupFor } from './loopback.ts';
import { proxyFor, type Proxy } from './proxy.ts';
import { Trust, type TrustOptions } from './trust.ts';

/** How a request gets to the server of its URL. */
export interface Route {
  readonly options: RequestOptions;
  readonly secure: boolean;
  readonly proxy?: Proxy;
  /** Headers for whoever is next on the way, and for nobody beyond. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the system's authorities vouch for servers, too. */
  readonly trustsWidely: boolean;
}

/** How many unused connections are kept for later requests to the same server. */
const MOST_IDLE = 16;

type Agent = HttpAgent | HttpsAgent;

/** The connections of one client, kept for its later requests. */
export class Connections {
  private readonly agents = new Map<string, Agent>();
  private readonly trust: Trust;

  constructor(private readonly options: TrustOptions) {
    this.trust = new Trust(options);
  }

  /** @throws SETTINGS_INVALID when the environment or the file of certificates is wrong */
  async routeTo(url: URL): Promise<Route> {
    const proxy = proxyFor(url, this.options.environment);
    if (!proxy) return await this.direct(url);
    return url.protocol === 'https:' ? await this.tunnel(url, proxy) : await this.carried(url, proxy);
  }

  /** Asks more authorities from now on than `route` did. Tells whether that helps. */
  widenTrust(route: Route): boolean {
    if (!route.secure || route.trustsWidely) return false;
    return this.trust.wide || this.trust.widen();
  }

  /** Ends unused connections now, and those in use after their answers. */
  close(): void {
    for (const agent of this.agents.values()) {
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets)) sockets?.forEach((socket) => socket.destroy());
    }
    this.agents.clear();
  }

  private async direct(url: URL): Promise<Route> {
    const path = `${url.pathname}${url.search}`;
    return { ...this.route(url, await this.agentFor(url), path), headers: {} };
  }

  /** Over http a proxy is sent the request itself, with the whole URL (RFC 9112, 3.2.2). */
  private async carried(url: URL, proxy: Proxy): Promise<Route> {
    const path = `${url.origin}${url.pathname}${url.search}`;
    const route = this.route(proxy.url, await this.agentFor(proxy.url), path);
    return { ...route, proxy, headers: { host: url.host, ...proxy.headers } };
  }

  private async tunnel(url: URL, proxy: Proxy): Promise<Route> {
    const { TunnelAgent } = await import('./tunnel.ts');
    const authorities = await this.trust.get();
    const key = `${proxy.url.href} ${this.circle}`;
    const agent = this.agent(key, () => new TunnelAgent(proxy, authorities, KEPT));
    return { ...this.route(url, agent, `${url.pathname}${url.search}`), proxy, headers: {} };
  }

  private route(next: URL, agent: Agent, path: string): Omit<Route, 'headers'> {
    const { protocol } = next;
    return {
      options: { protocol, ...addressOf(next), path, agent },
      secure: protocol === 'https:',
      trustsWidely: this.trust.wide,
    };
  }

  private async agentFor({ protocol }: URL): Promise<Agent> {
    if (protocol !== 'https:') {
      // Not imported at the start: a program from the cache sends no request, and node:http takes some ms to load.
      const { ReadingAgent } = await import('./reading-agent.ts');
      return this.agent('http', () => new ReadingAgent(KEPT));
    }
    const { Agent } = await import('node:https');
    const authorities = await this.trust.get();
    return this.agent(this.circle, () => new Agent({ ...KEPT, ...authorities }));
  }

  private get circle(): string {
    return this.trust.wide ? 'https, wide' : 'https';
  }

  private agent(key: string, create: () => Agent): Agent {
    const agent = this.agents.get(key) ?? create();
    this.agents.set(key, agent);
    return agent;
  }
}

/** How many requests run at once is up to the callers: they know their tasks. */
const KEPT = { keepAlive: true, maxFreeSockets: MOST_IDLE } as const;

function addressOf(url: URL): Pick<RequestOptions, 'host' | 'port' | 'lookup'> {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const lookup = lookupFor(url.hostname);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, ...(lookup && { lookup }) };
}

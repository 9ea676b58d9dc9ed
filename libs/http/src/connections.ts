import { Agent as HttpAgent, type RequestOptions } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Proxy } from './proxy.ts';
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

  constructor(options: TrustOptions) {
    this.trust = new Trust(options);
  }

  async routeTo(url: URL): Promise<Route> {
    return this.direct(url);
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
    const secure = url.protocol === 'https:';
    const agent = secure ? await this.secureAgent() : this.agent('http', () => new HttpAgent(KEPT));
    return {
      options: { protocol: url.protocol, ...addressOf(url), path: `${url.pathname}${url.search}`, agent },
      secure,
      headers: {},
      trustsWidely: this.trust.wide,
    };
  }

  private async secureAgent(): Promise<Agent> {
    const { Agent } = await import('node:https');
    const authorities = await this.trust.get();
    return this.agent(
      this.trust.wide ? 'https, wide' : 'https',
      () => new Agent({ ...KEPT, ...authorities }),
    );
  }

  private agent(key: string, create: () => Agent): Agent {
    const agent = this.agents.get(key) ?? create();
    this.agents.set(key, agent);
    return agent;
  }
}

/** How many requests run at once is up to the callers: they know their tasks. */
const KEPT = { keepAlive: true, maxFreeSockets: MOST_IDLE } as const;

function addressOf(url: URL): { host: string; port: number } {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

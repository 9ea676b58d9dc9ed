import type { ClientRequest } from 'node:http';
import { Agent, request as requestSecurely, type AgentOptions } from 'node:https';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { proxyRefusal, wordFailure } from './failures.ts';
import type { Proxy } from './proxy.ts';

/** What Node hands on to `createConnection` of what the request was made with. */
interface TunnelOptions extends ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** Aborted when nobody waits for the connection any more. */
  readonly abandoned?: AbortSignal;
}

type Created = (error: Error | null, socket?: Duplex) => void;

/**
 * Makes TLS connections through a proxy by CONNECT (RFC 9110, 9.3.6). Our own, for the kept agents hand out what a
 * proxy says in refusal as if the server had said it, and go on connecting when the request was given up.
 */
export class TunnelAgent extends Agent {
  constructor(
    private readonly proxy: Proxy,
    private readonly authorities: ConnectionOptions,
    options: AgentOptions,
  ) {
    super(options);
  }

  override createConnection(options: unknown, created: unknown): undefined {
    this.open(options as TunnelOptions, created as Created);
  }

  private open(options: TunnelOptions, created: Created): void {
    const { proxy } = this;
    const target = `${options.host.includes(':') ? `[${options.host}]` : options.host}:${options.port}`;
    const outgoing = this.connect(target);
    const abandon = (): void => void outgoing.destroy(new Error('abandoned'));
    options.abandoned?.addEventListener('abort', abandon, { once: true });
    const done: Created = (error, socket) => {
      options.abandoned?.removeEventListener('abort', abandon);
      created(error, socket);
    };
    outgoing.once('error', (error) => {
      done(
        wordFailure(error, {
          url: new URL(`https://${target}`),
          proxy,
          phase: 'connecting',
          asksProxy: true,
        }),
      );
    });
    outgoing.once('connect', ({ statusCode = 0, statusMessage = '' }, socket) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return done(proxyRefusal(proxy, target, statusCode, statusMessage));
      }
      done(null, connectTls({ ...options, ...this.authorities, socket }));
    });
    outgoing.end();
  }

  private connect(target: string): ClientRequest {
    const { url, headers } = this.proxy;
    const open = url.protocol === 'https:' ? requestSecurely : request;
    return open({
      ...this.authorities,
      method: 'CONNECT',
      protocol: url.protocol,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path: target,
      headers: { host: target, ...headers },
      agent: false,
    });
  }
}

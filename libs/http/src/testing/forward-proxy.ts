import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { forward } from './forward.ts';

export interface ForwardProxyOptions {
  /** Who may use it; everybody where this is left out. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Takes CONNECT and never answers it. */
  readonly silent?: boolean;
}

/** What a client asked a proxy for. */
export interface ProxyRequest {
  readonly method: string;
  /** `HOST:PORT` of a tunnel, or a whole URL. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
}

/**
 * An http proxy on a real socket of this machine. Whatever host a client names, its port is looked for on this machine:
 * a test can so give any name to its servers, also such as no client takes for this machine.
 *
 *     await using proxy = await ForwardProxy.start();
 *     const client = new HttpClient({ environment: { http_proxy: proxy.url.href, https_proxy: proxy.url.href } });
 *     await client.request({ url: new URL(`http://registry.test:${server.port}/`) });
 *     expect(proxy.requests).toMatchObject([{ method: 'GET', target: 'http://registry.test:…/' }]);
 */
export class ForwardProxy {
  /** All requests so far, refused ones too. */
  readonly requests: ProxyRequest[] = [];
  private readonly sockets = new Set<Duplex>();

  private constructor(
    private readonly server: Server,
    private readonly options: ForwardProxyOptions,
  ) {
    server.on('connection', (socket) => this.remember(socket));
    server.on('request', (request, response) => void this.carry(request, response));
    server.on('connect', (request, socket, head) => this.tunnel(request, socket, head));
  }

  static async start(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
    const server = createServer();
    const proxy = new ForwardProxy(server, options);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`);
  }

  /** How many connections stand now, to clients and to servers. */
  get openConnections(): number {
    return this.sockets.size;
  }

  /** Waits until no connection stands: what a client leaves behind keeps it waiting. */
  async idle(): Promise<void> {
    const closed = (socket: Duplex): Promise<void> =>
      new Promise((resolve) => socket.once('close', () => resolve()));
    await Promise.all([...this.sockets].map(closed));
  }

  /** Cuts all connections and stops listening. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private remember(socket: Duplex): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
  }

  /** Whether the client may go on. */
  private admits({ method = '', url: target = '', headers }: IncomingMessage): boolean {
    this.requests.push({ method, target, headers });
    const { credentials } = this.options;
    if (!credentials) return true;
    const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    return headers['proxy-authorization'] === `Basic ${pair}`;
  }

  private async carry(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.admits(incoming)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="test"' });
      return void response.end();
    }
    try {
      const chunks: Uint8Array[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
      const { pathname, search, port } = new URL(incoming.url ?? '');
      const upstream = new URL(`http://127.0.0.1:${port || '80'}`);
      const answer = await forward(
        {
          method: incoming.method ?? 'GET',
          target: pathname + search,
          headers: incoming.headers as Record<string, string | undefined>,
          body: Buffer.concat(chunks),
          connection: 0,
        },
        upstream,
      );
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    } catch {
      response.writeHead(502).end();
    }
  }

  private tunnel(request: IncomingMessage, client: Duplex, head: Uint8Array): void {
    if (!this.admits(request)) {
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="test"\r\n\r\n',
      );
      return;
    }
    if (this.options.silent) return void client.once('end', () => client.end()).resume();
    const port = Number(/:(\d+)$/.exec(request.url ?? '')?.[1] ?? 443);
    const server: Socket = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.write(head);
      server.pipe(client).pipe(server);
    });
    this.remember(server);
    server.once('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  }
}

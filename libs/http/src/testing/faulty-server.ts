import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Fault, RecordedRequest, ServerAnswer } from './answer.ts';
import { forward } from './forward.ts';

export interface FaultyServerOptions {
  /** Speaks https with this certificate, in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Where requests go for which nothing is served here: the server stands before it, as a reverse proxy. */
  readonly upstream?: URL;
  /** The address to listen on; 127.0.0.1 by default. */
  readonly host?: string;
}

/** Which requests are meant: a method (all where it is left out), and a path with or without query, or its pattern. */
export interface RequestMatch {
  readonly method?: string;
  readonly path?: string | RegExp;
}

interface Plan {
  readonly match: RequestMatch;
  readonly faults: Fault[];
  /** Whether the last fault holds for all requests after it. */
  readonly forGood: boolean;
}

type Handler = (request: RecordedRequest) => ServerAnswer | Promise<ServerAnswer>;

/**
 * A server on a real socket of this machine that misbehaves as it is told to, and remembers what it was sent.
 *
 *     await using server = await FaultyServer.start();                    // or { upstream: new URL('http://…') }, { tls }
 *     server.serve('/tool.json', bytes, { 'content-type': 'application/json' });
 *     server.fail({ path: '/tool.json' }, status(503), cutAfter(10), fine); // the first three requests, one each
 *     server.failAlways({ path: /blobs/ }, wrongByte);
 *     … new URL('/tool.json', server.url) …
 *     expect(server.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined, …]);
 *
 * A request takes the first fault that is left of the first plan that matches it, and the fault changes the answer that
 * would have been given: what is served under the path, what `answer` computes, what the upstream says, or 404. The
 * upstream is asked even where its answer is thrown away then. Range and HEAD are kept by what is served.
 */
export class FaultyServer {
  /** All requests so far, in the order in which their bodies were read. */
  readonly requests: RecordedRequest[] = [];
  private readonly plans: Plan[] = [];
  private readonly served = new Map<string, Handler>();
  private readonly sockets = new Map<Socket, number>();
  private connections = 0;

  private constructor(
    private readonly server: Server,
    private readonly options: FaultyServerOptions,
  ) {
    server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => this.remember(socket));
    server.on('request', (request, response) => void this.handle(request, response));
    server.keepAliveTimeout = 60_000;
  }

  static async start(options: FaultyServerOptions = {}): Promise<FaultyServer> {
    const server = options.tls ? createSecureServer(options.tls) : createServer();
    const faulty = new FaultyServer(server, options);
    await new Promise<void>((resolve) => server.listen(0, options.host ?? '127.0.0.1', resolve));
    return faulty;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** By address; certificates of `createCertificates` are for it and for `localhost`. */
  get url(): URL {
    return new URL(`${this.options.tls ? 'https' : 'http'}://127.0.0.1:${this.port}/`);
  }

  /** How many connections were made to it so far. */
  get connectionCount(): number {
    return this.connections;
  }

  /** How many connections stand now. */
  get openConnections(): number {
    return this.sockets.size;
  }

  /** Answers GET and HEAD of `path` with `body`, in part where a Range asks for that. */
  serve(path: string, body: Uint8Array | string, headers: Readonly<Record<string, string>> = {}): void {
    const content = Buffer.from(body as Uint8Array);
    this.served.set(path, (request) => partOf(request, content, headers));
  }

  /** Computes the answers to requests of any method for `path`. */
  answer(path: string, handler: Handler): void {
    this.served.set(path, handler);
  }

  /** The next matching requests meet these faults, one each; those after them none. */
  fail(match: RequestMatch, ...faults: readonly Fault[]): void {
    this.plans.push({ match, faults: [...faults], forGood: false });
  }

  /** All matching requests from now on meet this fault. */
  failAlways(match: RequestMatch, fault: Fault): void {
    this.plans.push({ match, faults: [fault], forGood: true });
  }

  /** Forgets all faults, and the requests so far. */
  reset(): void {
    this.plans.length = 0;
    this.requests.length = 0;
  }

  /** Waits until no connection stands: what a client leaves behind keeps it waiting. */
  async idle(): Promise<void> {
    const closed = (socket: Socket): Promise<void> =>
      new Promise((resolve) => socket.once('close', () => resolve()));
    await Promise.all([...this.sockets.keys()].map(closed));
  }

  /** Cuts all connections and stops listening. */
  async close(): Promise<void> {
    for (const socket of this.sockets.keys()) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private remember(socket: Socket): void {
    this.connections += 1;
    this.sockets.set(socket, this.connections);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = incoming.url ?? '/';
    const head: RecordedRequest = {
      method: incoming.method ?? 'GET',
      target,
      headers: incoming.headers as RecordedRequest['headers'],
      body: new Uint8Array(),
      connection: this.sockets.get(incoming.socket) ?? 0,
    };
    const fault = this.nextFault(head);
    const early = fault && earlyAnswer(fault, head);
    if (early) {
      this.requests.push(head);
      return sendEarly(response, early);
    }
    try {
      const request = { ...head, body: await bodyOf(incoming) };
      this.requests.push(request);
      const answer = await this.answerTo(request);
      await send(response, fault ? fault(answer, request) : answer, request.method);
    } catch {
      // The client went away in the middle of its request, or the upstream did: there is nobody to tell it to.
      incoming.socket.destroy();
    }
  }

  private nextFault(request: RecordedRequest): Fault | undefined {
    const plan = this.plans.find(({ match, faults }) => faults.length > 0 && matches(match, request));
    return plan?.forGood ? plan.faults[0] : plan?.faults.shift();
  }

  private async answerTo(request: RecordedRequest): Promise<ServerAnswer> {
    const handler = this.served.get(request.target) ?? this.served.get(pathOf(request.target));
    if (handler) return await handler(request);
    if (this.options.upstream) return await forward(request, this.options.upstream);
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: Buffer.from('not found\n') };
  }
}

function matches({ method, path }: RequestMatch, request: RecordedRequest): boolean {
  if (method !== undefined && method !== request.method) return false;
  if (path === undefined) return true;
  if (typeof path !== 'string') return path.test(request.target);
  return path === request.target || path === pathOf(request.target);
}

function pathOf(target: string): string {
  return target.split('?')[0] ?? target;
}

async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function partOf(
  request: RecordedRequest,
  content: Uint8Array,
  headers: Readonly<Record<string, string>>,
): ServerAnswer {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers['range'] ?? '');
  const isCurrent =
    request.headers['if-range'] === undefined || request.headers['if-range'] === headers['etag'];
  if (!range || !isCurrent) return { status: 200, headers, body: content };
  const start = Number(range[1]);
  const end = range[2] === '' ? content.byteLength : Math.min(Number(range[2]) + 1, content.byteLength);
  const whole = String(content.byteLength);
  if (start >= end) {
    return { status: 416, headers: { 'content-range': `bytes */${whole}` }, body: new Uint8Array() };
  }
  const part = { ...headers, 'content-range': `bytes ${start}-${end - 1}/${whole}` };
  return { status: 206, headers: part, body: content.subarray(start, end) };
}

/** What a fault says that doesn't wait for the request's body; such a fault has no answer to change. */
function earlyAnswer(fault: Fault, request: RecordedRequest): ServerAnswer | undefined {
  const nothing: ServerAnswer = { status: 200, headers: {}, body: new Uint8Array() };
  const answer = fault(nothing, request);
  return answer.early ? answer : undefined;
}

function sendEarly(response: ServerResponse, { status, headers, body }: ServerAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': body.byteLength, connection: 'close' });
  const { socket } = response;
  response.end(body, () => socket?.destroy());
}

async function send(response: ServerResponse, answer: ServerAnswer, method: string): Promise<void> {
  if (answer.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, answer.delayMs));
  if (answer.silent === 'stalls') return;
  if (answer.silent === 'cuts') return void response.socket?.destroy();
  const { status, headers, body } = answer;
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
  response.writeHead(status, withLength(headers, body));
  if (!hasBody) return void response.end();
  const end = answer.cutAfter ?? answer.stallAfter;
  if (end === undefined) {
    const { socket } = response;
    return void response.end(body, () => {
      if (answer.hangsUp) socket?.destroy();
    });
  }
  response.flushHeaders();
  response.write(body.subarray(0, end), () => {
    if (answer.cutAfter !== undefined) response.socket?.destroy();
  });
}

function withLength(headers: ServerAnswer['headers'], body: Uint8Array): Readonly<Record<string, string>> {
  if ('content-length' in headers || 'transfer-encoding' in headers) return headers;
  return { ...headers, 'content-length': String(body.byteLength) };
}

import { afterEach } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpClient, type HttpClientOptions, type HttpResponse } from '@ecli/http';
import {
  FaultyServer,
  ForwardProxy,
  type FaultyServerOptions,
  type ForwardProxyOptions,
} from '@ecli/http/testing';

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A client that has no proxy, waits for nothing, and is closed after the test. */
export function createClient(options: HttpClientOptions = {}): HttpClient {
  const client = new HttpClient({ environment: {}, pause: async () => {}, ...options });
  endings.push(() => client.close());
  return client;
}

export async function startServer(options: FaultyServerOptions = {}): Promise<FaultyServer> {
  const server = await FaultyServer.start(options);
  endings.push(() => server.close());
  return server;
}

/** A server that speaks no http of its own: each connection is for `handle`. */
export async function startRawServer(handle: (socket: Socket) => void): Promise<URL> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

export async function startProxy(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
  const proxy = await ForwardProxy.start(options);
  endings.push(() => proxy.close());
  return proxy;
}

export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ecli-http-'));
  endings.push(() => rm(folder, { recursive: true }));
  return folder;
}

export async function textOf(response: HttpResponse): Promise<string> {
  return Buffer.from(await response.bytes(1_000_000)).toString();
}

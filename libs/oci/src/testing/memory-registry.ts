/*
 * A registry in memory, for what Debian's docker-registry lacks or can't be told to do: the referrers API, uploads
 * that go on at a path, limits of chunks, paged tags, answers without digests, sha512.
 *
 * Written from the text of https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md. It knows no
 * users, no TLS and no garbage, keeps nothing on disk, takes any manifest that is JSON, and has a repository of
 * any name that is asked for: what a client does right here it has to do right with a real registry too.
 */
import { once } from 'node:events';
import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { closeServer } from './close-server.ts';
import { MemoryAnswers, type MemoryRegistryOptions } from './memory-answers.ts';

export interface RecordedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodyBytes: number;
  readonly status: number;
}

export interface MemoryRegistry {
  /** `localhost:34567` */
  readonly host: string;
  readonly origin: string;
  /** All that it was asked, in order. */
  readonly requests: readonly RecordedRequest[];
  stop(): Promise<void>;
}

/** Starts a registry that ends with the process at the latest. */
export async function startMemoryRegistry(options: MemoryRegistryOptions = {}): Promise<MemoryRegistry> {
  const requests: RecordedRequest[] = [];
  const answers = new MemoryAnswers(options);
  const server = createServer((request, response) => {
    const respond = async () => {
      const body = await buffer(request);
      const { status, headers = {}, content = Buffer.alloc(0) } = answers.to(request, body);
      const { method = '', url: path = '' } = request;
      requests.push({ method, path, headers: request.headers, bodyBytes: body.length, status });
      response.writeHead(status, { ...headers, ...(status !== 204 && { 'content-length': content.length }) });
      response.end(method === 'HEAD' ? undefined : content);
    };
    respond().catch((error: unknown) => response.destroy(error as Error));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  return { host, origin: `http://${host}`, requests, stop: () => closeServer(server) };
}

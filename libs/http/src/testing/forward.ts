import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RecordedRequest, ServerAnswer } from './answer.ts';

/** Headers that concern one connection only (RFC 9110, 7.6.1), and those that are made anew. */
const OF_ONE_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'proxy-authorization',
];

/**
 * Asks `upstream` what a test server was asked. The Host header stays, so that an upstream which makes addresses of
 * it names the test server.
 */
export function forward(request: RecordedRequest, upstream: URL): Promise<ServerAnswer> {
  const { method, target, body } = request;
  const headers = {
    ...withoutHop(request.headers),
    ...(body.byteLength > 0 ? { 'content-length': String(body.byteLength) } : {}),
  };
  const open = upstream.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = { method, headers, path: target, agent: false, rejectUnauthorized: false };
    const outgoing = open(upstream, options, (incoming) => {
      const chunks: Uint8Array[] = [];
      incoming.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({
          status: incoming.statusCode ?? 502,
          headers: withoutHop(incoming.headers),
          body: Buffer.concat(chunks),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function withoutHop(headers: IncomingHttpHeaders | RecordedRequest['headers']): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || OF_ONE_HOP.includes(name) ? [] : [[name, String(value)] as const],
  );
  return Object.fromEntries(entries);
}

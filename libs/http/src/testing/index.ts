/**
 * For tests: servers on real sockets that misbehave as they are told to, and remember what they were sent.
 *
 *     FaultyServer ◀── faults (status, cutAfter, wrongByte, redirect, …)     createCertificates ──▶ its TLS
 *
 * Read faulty-server.ts first: its docstring shows how a test uses it.
 */
export type { Fault, RecordedRequest, ServerAnswer } from './answer.ts';
export {
  type CertificateAuthority,
  type CertificateOptions,
  type Certificates,
  createCertificates,
  type ServerCertificate,
} from './certificates.ts';
export {
  all,
  answersEarly,
  bytes,
  contentLength,
  cutAfter,
  cutsAtOnce,
  delay,
  encoded,
  fine,
  hangsUp,
  headers,
  neverAnswers,
  redirect,
  stallAfter,
  status,
  wrongByte,
} from './faults.ts';
export { FaultyServer, type FaultyServerOptions, type RequestMatch } from './faulty-server.ts';
export { ForwardProxy, type ForwardProxyOptions, type ProxyRequest } from './forward-proxy.ts';

/**
 * The words of ecli as types. A reference is turned by a Source into an Artifact (verified bytes), which a
 * Runner turns into a Program; a Program gives an Observable of LogChunks and an Exit.
 *
 *     reference ──▶ Source ──▶ Artifact ──▶ Runner ──▶ Program ──▶ Observable<LogChunk>
 *
 * Read source.ts and runner.ts first, then plugin.ts, which puts implementations of both together.
 * No I/O happens here.
 */
export {
  type Artifact,
  type Descriptor,
  MediaType,
  descriptorOf,
  digestOf,
  mediaTypeOf,
  sniff,
  verify,
} from './artifact.ts';
export {
  ArgumentError,
  EcliError,
  type EcliErrorOptions,
  type ErrorCode,
  VerifierRejectedError,
} from './errors.ts';
export { listed } from './listed.ts';
export { nearNames } from './near-names.ts';
export { API_VERSION, createPluginHost, definePlugin, type Plugin, type PluginHost } from './plugin.ts';
export { printable, printableJson, printableLines } from './printable.ts';
export type { OutputFormat, Presentation, Screen, Timestamps } from './presentation.ts';
export {
  type AttachTarget,
  type Backpressure,
  type Exit,
  type LoadSpec,
  type LogChunk,
  type Program,
  type ProgramCounts,
  RUNNER,
  RUNNER_CHAIN,
  type Runner,
  RunnerChain,
} from './runner.ts';
export { type FetchContext, SOURCE, SOURCE_CHAIN, type Source, SourceChain } from './source.ts';
export { systemReason } from './system-reason.ts';
export type {
  Credentials,
  NetworkOptions,
  PullPolicy,
  ReportProgress,
  TransferProgress,
  TransferState,
} from './transfer.ts';
export { hasCredentials, withoutCredentials } from './without-credentials.ts';
export { wrap } from './wrap.ts';

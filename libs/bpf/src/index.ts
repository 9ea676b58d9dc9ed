/**
 * The kernel: an ELF object's bytes are opened, loaded and attached by libbpf (the system's libbpf.so.1, called
 * through ffi-rs), and what its programs send is read from their buffers in place.
 *
 *     bytes ──openObject──▶ BpfObject ──load──▶ programs ──attach──▶ links
 *                              └─▶ maps ──openRingBuffer, openPerfBuffer──▶ SampleReader ──drain──▶ samples
 *
 * Read object.ts first, then sample-reader.ts; bindings.ts is the only file that knows of ffi-rs.
 */
export { type Answer, type Feature, type FeatureName, FEATURES, probeFeature } from './features.ts';
export { type InitialValue, setVariables } from './initial-values.ts';
export type { BpfLink, Link } from './link.ts';
export type { BpfMap } from './map.ts';
export {
  type EntryBatch,
  type MapEntries,
  type ReadableMap,
  readEntries,
  type ReadOptions,
} from './map-entries.ts';
export { type BpfObject, openObject, type OpenOptions } from './object.ts';
export { openPerfBuffer, type PerfBufferOptions } from './perf-buffer.ts';
export { possibleCpus } from './cpus.ts';
export type { BpfProgram } from './program.ts';
export { type ProgramInfo, programInfo } from './program-info.ts';
export { openRingBuffer } from './ring-buffer.ts';
export { countRunTimes } from './run-times.ts';
export { sectionTarget, sectionWord } from './section-kind.ts';
export { parseLoadReport } from './report.ts';
export type { SampleReader, SampleVisitor } from './sample-reader.ts';
export { TracePipe } from './trace-pipe.ts';
export { setKernelTarget, setProgramTarget } from './tracing/attach-target.ts';
export { type FunctionOffset, parseFunctionOffset } from './tracing/function-offset.ts';
export { attachIterator, type IteratorScope, IteratorText } from './tracing/iterators.ts';
export {
  attachKprobe,
  attachKprobes,
  attachKprobeSession,
  attachRawTracepoint,
  attachSystemCall,
  attachTracepoint,
  type ProbeOptions,
} from './tracing/kernel-probes.ts';
export { type PerfEvent, perfEventNamed } from './tracing/perf-event-names.ts';
export {
  attachPerfEvent,
  type PerfEventLink,
  type PerfEventOptions,
  type Sampling,
} from './tracing/perf-events.ts';
export { prepareStructOps } from './tracing/struct-ops.ts';
export { findBinary } from './tracing/user-binary.ts';
export { attachUprobe, attachUprobes, attachUsdt, type UserFunction } from './tracing/user-probes.ts';
export {
  parseUprobeTarget,
  parseUsdtTarget,
  type UprobeTarget,
  type UsdtTarget,
} from './tracing/user-target.ts';
export { attachToCgroup, findCgroup } from './net/cgroup.ts';
export { attachToInterface } from './net/interface-link.ts';
export { removeLeftOvers } from './net/left-overs.ts';
export { attachToNamespace } from './net/namespace-link.ts';
export {
  attachNetfilter,
  NETFILTER_FAMILIES,
  NETFILTER_HOOKS,
  type NetfilterFamily,
  type NetfilterHook,
  type NetfilterOptions,
} from './net/netfilter.ts';
export { findInterface, hasInterface, type NetworkInterface } from './net/network-interface.ts';
export { inNetworkNamespace } from './net/network-namespace.ts';
export { attachToPackets } from './net/packet-socket.ts';
export { attachToSocketMap, SOCKET_MAPS } from './net/socket-map.ts';
export { attachFilter, type FilterOptions, type FilterPoint } from './net/traffic-control.ts';
export { attachXdp, XdpFlags, type XdpOptions } from './net/xdp.ts';
export {
  explainRefusal,
  explanationLines,
  type FindSource,
  type SourcePlace,
  type VerifierExplanation,
} from './verifier/explanation.ts';
export { type VerifierStatistics, verifierStatistics } from './verifier/statistics.ts';

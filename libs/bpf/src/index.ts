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
export type { BpfLink } from './link.ts';
export type { BpfMap } from './map.ts';
export { type BpfObject, openObject, type OpenOptions } from './object.ts';
export { openPerfBuffer, type PerfBufferOptions } from './perf-buffer.ts';
export type { BpfProgram } from './program.ts';
export { openRingBuffer } from './ring-buffer.ts';
export { sectionTarget, sectionWord } from './section-kind.ts';
export type { SampleReader, SampleVisitor } from './sample-reader.ts';

/**
 * What a program package is, and whether a kernel takes it, without running it.
 *
 *     Artifact ──openPackage──▶ OpenedPackage ──inspectPackage──▶ Inspection ──inspectionText──▶ text
 *                                    ├──eventTypes──▶ TypeScript
 *                                    ├──checkPrograms──▶ ObjectCheck    what this kernel's verifier says
 *                                    └──checkKernels──▶ KernelsCheck    what the BTF of others says
 *
 * Read inspection.ts first, which is the shape of `ecli inspect --json`. Only checkPrograms needs libbpf.
 */
export { checkKernels, type KernelCheck, type KernelsCheck, kernelsText } from './check/check-kernels.ts';
export { checkPrograms, type CheckOptions } from './check/check-programs.ts';
export { checkText } from './check/check-text.ts';
export { findKernelBtf, type KernelBtf } from './check/kernel-btf.ts';
export type { CheckFailure, ObjectCheck, ProgramCheck } from './check/program-check.ts';
export { inspectPackage, type OpenedPackage, openPackage } from './inspect-package.ts';
export type * from './inspection.ts';
export { inspectionText } from './text.ts';
export { eventTypes } from './types.ts';
export { inspectWasm, type WasmInspection, type WasmName, wasmText } from './wasm-module.ts';

/**
 * What tests of this and other packages need for work with a real kernel: `kernelTest` runs or says why not,
 * `compileObject` makes an object from the text of a `.bpf.c`, `kernelDescriptors` finds what was left open.
 * A subpath export (`@ecli/bpf/testing`), never imported by production code.
 */
export { type CompileOptions, compileBinary, compileObject, vmlinuxFolder } from './compile-object.ts';
export { kernelDescriptors } from './descriptors.ts';
export { kernelTest, whyNoKernel } from './kernel-test.ts';

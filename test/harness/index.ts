/**
 * What user stories are made of: the built command line run as a process, as a user runs it.
 *
 *     startCli(['run', …])  ──▶  RunningCli: output as it comes, signals  ──▶  CliResult
 *
 * `runCli` waits for the result at once. `kernel-objects.ts` tells what a process holds in the kernel and
 * what of it is still there afterwards; `namespace.ts` runs a command on a machine that lacks something.
 */
export { startChild } from './child.ts';
export { type CliOptions, type CliResult, type RunningCli, cliCommand, runCli, startCli } from './cli.ts';
export {
  type KernelObject,
  bpfObjectsOf,
  kernelObjectsNamed,
  kernelObjectsOf,
  stillInKernel,
  untilGone,
} from './kernel-objects.ts';
export { asOrdinaryUser, withoutKernelBtf, withoutLibrary } from './namespace.ts';
export { type TestInterface, testInterface } from './test-interface.ts';
export { temporaryFolder } from './temporary-folder.ts';
export { eventually } from './eventually.ts';
export { repository } from './repository.ts';

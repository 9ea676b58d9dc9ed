import { readdirSync, readlinkSync } from 'node:fs';

/** What /proc/self/fd calls the kernel objects that this package opens. */
const KERNEL_OBJECT = /bpf|btf|perf_event|memfd|eventfd|eventpoll/;

/**
 * Counts this process's descriptors of kernel objects by kind (`anon_inode:bpf-map`, …). Two calls around a
 * piece of work that compare equal show that it left nothing open. libuv's own are the same in both.
 */
export function kernelDescriptors(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of readdirSync('/proc/self/fd')) {
    const target = linkTarget(`/proc/self/fd/${name}`);
    if (target && KERNEL_OBJECT.test(target)) counts[target] = (counts[target] ?? 0) + 1;
  }
  return counts;
}

/** The descriptor that readdir itself used is gone by now. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

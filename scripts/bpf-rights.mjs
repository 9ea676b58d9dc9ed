import { existsSync, readFileSync } from 'node:fs';

/** Bits of a process's capabilities: linux/include/uapi/linux/capability.h */
const CAP_SYS_ADMIN = 21n;
const CAP_PERFMON = 38n;
const CAP_BPF = 39n;

/** Says why BPF programs can't be loaded by this process; undefined when they can, as far as can be told before. */
export function whyNoBpf() {
  if (process.platform !== 'linux') return 'eBPF needs Linux';
  if (!hasCapabilities()) return 'loading BPF programs needs root, or CAP_BPF and CAP_PERFMON';
  if (!existsSync('/sys/kernel/btf/vmlinux')) {
    return 'this kernel has no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)';
  }
  return undefined;
}

function hasCapabilities() {
  const [, effective = '0'] =
    /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const set = BigInt(`0x${effective}`);
  /** @param {bigint} capability */
  const has = (capability) => ((set >> capability) & 1n) === 1n;
  return has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
}

import { BPF_ENABLE_STATS, bpf, words } from './bpf-call.ts';
import { DescriptorLink } from './descriptor-link.ts';
import type { Link } from './link.ts';

/** enum bpf_stats_type, linux/bpf.h */
const BPF_STATS_RUN_TIME = 0;

/**
 * Has the kernel count how often programs run and for how long, all of them, until the link is destroyed; each run
 * takes some 20 ns more meanwhile. Undefined where it can't (before Linux 5.8) or doesn't let us.
 */
export function countRunTimes(): Link | undefined {
  const descriptor = bpf(BPF_ENABLE_STATS, words(BPF_STATS_RUN_TIME));
  return descriptor < 0 ? undefined : new DescriptorLink(descriptor);
}

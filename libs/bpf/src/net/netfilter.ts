import { DescriptorLink } from '../descriptor-link.ts';
import { Errno } from '../errno.ts';
import type { Link } from '../link.ts';
import type { BpfProgram } from '../program.ts';
import { createLink } from './create-link.ts';
import { networkAttachError, type Reason } from './network-attach-error.ts';
import { inNetworkNamespace } from './network-namespace.ts';

/** linux/netfilter.h: NFPROTO_…, enum nf_inet_hooks */
const FAMILIES = { ipv4: 2, ipv6: 10 } as const;
const HOOKS = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;
/** linux/bpf.h */
const BPF_F_NETFILTER_IP_DEFRAG = 1;

export type NetfilterFamily = keyof typeof FAMILIES;
export type NetfilterHook = keyof typeof HOOKS;
export const NETFILTER_FAMILIES = Object.keys(FAMILIES) as readonly NetfilterFamily[];
export const NETFILTER_HOOKS = Object.keys(HOOKS) as readonly NetfilterHook[];

export interface NetfilterOptions {
  readonly family: NetfilterFamily;
  readonly hook: NetfilterHook;
  /** Lower ones run first; each is taken once at a hook. */
  readonly priority: number;
  /** Whether packets come whole, however they were fragmented. */
  readonly defragment: boolean;
  /** The path of the network namespace; the process's own without it. */
  readonly namespace?: string | undefined;
}

/**
 * Attaches a netfilter program to a hook by a link.
 *
 * `struct { __u32 pf; __u32 hooknum; __s32 priority; __u32 flags; } netfilter` of `union bpf_attr`
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED
 */
export function attachNetfilter(program: BpfProgram, options: NetfilterOptions): Link {
  const { family, hook, priority, defragment, namespace } = options;
  const flags = defragment ? BPF_F_NETFILTER_IP_DEFRAG : 0;
  const more = [FAMILIES[family], HOOKS[hook], priority, flags];
  const result = inNetworkNamespace(namespace, () => createLink(program, 0, { more }));
  if (result >= 0) return new DescriptorLink(result);
  const where = `${family}/${hook}, priority ${priority}`;
  throw networkAttachError({
    program,
    where,
    result,
    feature: 'netfilter',
    reason: REASONS.get(-result),
  });
}

/** net/netfilter/core.c, nf_hook_entries_grow; nf_bpf_link.c, bpf_nf_check_pf_and_hooks */
const REASONS: ReadonlyMap<number, Reason> = new Map([
  [
    Errno.EBUSY,
    { message: 'another BPF program has this priority', hint: 'another one is free: priority=N' },
  ],
  [
    Errno.ERANGE,
    {
      message: 'the priority is out of range',
      hint: 'the first and the last 32-bit number are taken; with defrag it must be above -400',
    },
  ],
  [
    Errno.EOPNOTSUPP,
    {
      message: 'this kernel defragments nothing',
      hint: 'it takes CONFIG_NF_DEFRAG_IPV4 or CONFIG_NF_DEFRAG_IPV6',
    },
  ],
]);

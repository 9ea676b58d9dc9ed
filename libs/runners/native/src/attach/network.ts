import { EcliError, printable } from '@ecli/core';
import type { AttachRequest, Planner } from './attachment.ts';

/** What attaching a program of the network needs to be told, by the first word of its section. */
const NEEDS = {
  tc: 'an interface and a direction (tchook)',
  tcx: 'an interface',
  classifier: 'an interface and a direction (tchook)',
  action: 'an interface and a direction (tchook)',
  netkit: 'an interface',
  xdp: 'an interface (ifindex)',
  sockops: 'a cgroup',
  cgroup: 'a cgroup',
  cgroup_skb: 'a cgroup',
  lsm_cgroup: 'a cgroup',
  sk_lookup: 'a network namespace',
  flow_dissector: 'a network namespace',
  netfilter: 'a hook',
  sk_skb: 'a socket map',
  sk_msg: 'a socket map',
  socket: 'a socket',
  sk_reuseport: 'a socket',
} as const;

/** How programs that see packets, sockets and cgroups are attached. */
export const NETWORK_PLANNERS: Readonly<Record<string, Planner>> = Object.fromEntries(
  Object.entries(NEEDS).map(([kind, need]) => [kind, (request) => refuse(request, need)] as const),
);

function refuse({ program: { name, section } }: AttachRequest, need: string): never {
  throw new EcliError(
    'FEATURE_UNSUPPORTED',
    `program ${printable(name)} (section ${printable(section)}): attaching it needs ${need}, ` +
      'which is not supported yet',
    { hint: 'this version attaches what the section says in full, such as tp/sched/sched_process_exec' },
  );
}

import { EcliError, printable } from '@ecli/core';
import type { Planner } from './attachment.ts';
import { planCgroup } from './network/cgroups.ts';
import { planInterface, planSocketFilter, planTc, planXdp } from './network/interfaces.ts';
import { planNamespace, planNetfilter } from './network/namespaces.ts';
import { planSocketMap } from './network/socket-maps.ts';

/** How programs that see packets, sockets and cgroups are attached. */
export const NETWORK_PLANNERS: Readonly<Record<string, Planner>> = {
  xdp: planXdp,
  tc: planTc,
  classifier: planTc,
  tcx: planInterface,
  netkit: planInterface,
  socket: planSocketFilter,
  cgroup: planCgroup,
  cgroup_skb: planCgroup,
  lsm_cgroup: planCgroup,
  sockops: planCgroup,
  sk_skb: planSocketMap,
  sk_msg: planSocketMap,
  sk_lookup: planNamespace,
  flow_dissector: planNamespace,
  netfilter: planNetfilter,
  sk_reuseport: refuse(
    'chooses among the sockets of one server, which attaches it to them (SO_ATTACH_REUSEPORT_EBPF)',
  ),
  action: refuse('is an action of a filter, which tc(8) makes: tc filter add … action bpf'),
  lirc_mode2: refuse('reads an infrared receiver, which ir-keytable(1) attaches it to'),
  lwt_in: refuse('belongs to a route, which ip-route(8) makes: ip route add … encap bpf'),
  lwt_out: refuse('belongs to a route, which ip-route(8) makes: ip route add … encap bpf'),
  lwt_xmit: refuse('belongs to a route, which ip-route(8) makes: ip route add … encap bpf'),
  lwt_seg6local: refuse('belongs to a route, which ip-route(8) makes: ip route add … encap seg6local'),
};

/** Kinds whose place is in a network namespace. */
export const KINDS_OF_NAMESPACES: ReadonlySet<string> = new Set([
  'xdp',
  'tc',
  'classifier',
  'tcx',
  'netkit',
  'socket',
  'sk_lookup',
  'flow_dissector',
  'netfilter',
]);

/** Kinds that are attached to something that only somebody else has. */
function refuse(reason: string): Planner {
  return ({ program: { name, section } }) => {
    throw new EcliError(
      'FEATURE_UNSUPPORTED',
      `program ${printable(name)} (${printable(section)}): ${reason}`,
      {
        hint: 'a package can have it loaded and not attached: "link": false',
      },
    );
  };
}

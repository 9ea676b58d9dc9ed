import { type LoadSpec, MediaType } from '@ecli/core';
import { compileObject } from '@ecli/bpf/testing';
import { describeObject, type ProgramMeta, stringifyJsonPackage } from '@ecli/packages';
import { artifactOf } from './kills-package.ts';

/** Where test traffic goes to. */
export const PORT = 4242;

/** Programs call `tell(number)`, and `ours(skb, offset of the IP header)` knows a test's UDP packet. */
const PRELUDE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

struct event { __u32 number; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); } events SEC(".maps");
struct event *__eunomia_dummy_event_ptr __attribute__((unused));

static __always_inline void tell(__u32 number)
{
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event)
    return;
  event->number = number;
  bpf_ringbuf_submit(event, 0);
}

static __always_inline bool ours(struct __sk_buff *skb, __u32 ip)
{
  __u8 protocol = 0;
  __u16 port = 0;
  return bpf_skb_load_bytes(skb, ip + 9, &protocol, 1) == 0 && protocol == IPPROTO_UDP &&
    bpf_skb_load_bytes(skb, ip + 22, &port, 2) == 0 && port == bpf_htons(${PORT});
}

static __always_inline bool ours_xdp(struct xdp_md *ctx)
{
  __u8 *packet = (void *)(long)ctx->data;
  if ((void *)(packet + 42) > (void *)(long)ctx->data_end)
    return false;
  return packet[12] == 8 && packet[13] == 0 && packet[23] == IPPROTO_UDP &&
    *(__u16 *)(packet + 36) == bpf_htons(${PORT});
}

char LICENSE[] SEC("license") = "GPL";
`;

/** Programs of the network that are used by more than one test. */
export const XDP =
  'SEC("xdp") int ecli_xdp(struct xdp_md *ctx) { if (ours_xdp(ctx)) tell(1); return XDP_PASS; }';
export const TC = 'SEC("tc") int ecli_tc(struct __sk_buff *skb) { if (ours(skb, 14)) tell(2); return -1; }';

export function trafficObject(programs: string): Uint8Array {
  return compileObject(PRELUDE + programs);
}

/** A package of these programs; `change` may rewrite what it says of each. */
export function trafficSpec(
  programs: string,
  changes: Partial<LoadSpec> = {},
  change: (program: ProgramMeta) => ProgramMeta = (program) => program,
): LoadSpec {
  const object = trafficObject(programs);
  const { meta } = describeObject(object, { name: 'traffic.bpf.o', exportType: 'event' });
  const progs = meta.bpf_skel.progs.map((program) => change({ ...program, link: true }));
  const content = stringifyJsonPackage({ object, meta: { ...meta, bpf_skel: { ...meta.bpf_skel, progs } } });
  return {
    name: 'traffic',
    artifact: artifactOf(Buffer.from(content), MediaType.package),
    format: 'json',
    args: [],
    ...changes,
  };
}

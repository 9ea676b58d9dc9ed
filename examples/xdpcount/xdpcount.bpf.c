#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "xdpcount.h"

/* include/uapi/linux/if_ether.h; BTF has no macros. */
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd

/// @version 1.0
/// @brief Counts the packets that come in, by protocol and port
/// @description One row a second for each kind that was seen. Packets are counted before the kernel looks at them:
/// say on which interface by --attach count_packets=eth0 (the loopback unless given).
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* The protocols that one meets (include/uapi/linux/in.h); others are shown by their number. */
enum protocol {
	NOT_IP = 0,
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	ICMPV6 = 58,
	SCTP = 132,
};

struct kind {
	enum protocol protocol;
	/*
	 * The lower of both ports of TCP and UDP, which mostly is the service's; else 0. As wide as the protocol, so
	 * that the key has no padding.
	 */
	__u32 port;
};

/// @sample {"interval": 1000, "type": "default_kv"}
struct {
	/* Who sends to many ports can't fill it: kinds that weren't seen for longest make room. */
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct kind);
	__type(value, struct traffic);
} kinds SEC(".maps");

/* TCP and UDP have their ports at the same place. */
static __always_inline void read_port(void *transport, void *end, struct kind *kind)
{
	struct udphdr *ports = transport;
	__u16 source;

	if (kind->protocol != TCP && kind->protocol != UDP)
		return;
	/* The verifier lets a program read the packet only where it has asked whether that is there. */
	if ((void *)(ports + 1) > end)
		return;
	source = bpf_ntohs(ports->source);
	kind->port = bpf_ntohs(ports->dest);
	if (source < kind->port)
		kind->port = source;
}

static __always_inline struct kind kind_of(void *packet, void *end)
{
	struct kind kind = {};
	struct ethhdr *ethernet = packet;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct ipv6hdr *ip6 = (void *)(ethernet + 1);

	if ((void *)(ethernet + 1) > end)
		return kind;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP) && (void *)(ip + 1) <= end) {
		kind.protocol = ip->protocol;
		read_port((void *)ip + ip->ihl * 4, end, &kind);
	} else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6) && (void *)(ip6 + 1) <= end) {
		kind.protocol = ip6->nexthdr;
		read_port(ip6 + 1, end, &kind);
	}
	return kind;
}

SEC("xdp")
int count_packets(struct xdp_md *ctx)
{
	void *packet = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct kind kind = kind_of(packet, end);
	struct traffic first = { .packets = 1, .bytes = end - packet };
	struct traffic *known = bpf_map_lookup_elem(&kinds, &kind);

	if (known) {
		/* Several CPUs may count packets of one kind at once. */
		__sync_fetch_and_add(&known->packets, 1);
		__sync_fetch_and_add(&known->bytes, end - packet);
	} else {
		bpf_map_update_elem(&kinds, &kind, &first, BPF_ANY);
	}
	return XDP_PASS;
}

#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "tcpflags.h"

/* include/uapi/linux/{pkt_cls,if_ether}.h; BTF has no macros. */
#define TC_ACT_UNSPEC (-1)
#define ETH_P_IP 0x0800

/// @version 1.0
/// @brief Shows the flags of TCP packets, one by one
/// @description One row a packet of TCP over IPv4. Say on which interface by --attach show_ingress=eth0
/// --attach show_egress=eth0 (the loopback unless given).
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "P", "long": "port"}
/// @description only packets from or to this port
const volatile __u16 target_port = 0;

/// @cmdarg {"default": false, "short": "d", "long": "no-data"}
/// @description only packets without data: how connections begin and end
const volatile bool no_data = false;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} events SEC(".maps");

/* Packets for which the ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

static __always_inline void emit(enum direction direction, const struct iphdr *ip, const struct tcphdr *tcp)
{
	__u32 length = bpf_ntohs(ip->tot_len) - ip->ihl * 4 - tcp->doff * 4;
	__u16 source_port = bpf_ntohs(tcp->source), port = bpf_ntohs(tcp->dest);
	struct event *event;

	if ((target_port && source_port != target_port && port != target_port) || (no_data && length))
		return;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return;
	}
	/* The memory still holds an older event, whose text would stay behind a shorter one. */
	__builtin_memset(event, 0, sizeof(*event));
	event->direction = direction;
	event->fin = tcp->fin;
	event->syn = tcp->syn;
	event->rst = tcp->rst;
	event->psh = tcp->psh;
	event->ack = tcp->ack;
	event->urg = tcp->urg;
	event->ece = tcp->ece;
	event->cwr = tcp->cwr;
	event->words = tcp->doff;
	event->length = length;
	event->source_port = source_port;
	event->port = port;
	BPF_SNPRINTF(event->source, sizeof(event->source), "%pI4", &ip->saddr);
	BPF_SNPRINTF(event->address, sizeof(event->address), "%pI4", &ip->daddr);
	bpf_ringbuf_submit(event, 0);
}

/* Copies the headers: parts of a packet may lie where a program can't read them in place. */
static __always_inline int show(enum direction direction, struct __sk_buff *packet)
{
	struct iphdr ip;
	struct tcphdr tcp;

	if (packet->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_UNSPEC;
	if (bpf_skb_load_bytes_relative(packet, 0, &ip, sizeof(ip), BPF_HDR_START_NET))
		return TC_ACT_UNSPEC;
	if (ip.protocol != IPPROTO_TCP)
		return TC_ACT_UNSPEC;
	if (bpf_skb_load_bytes_relative(packet, ip.ihl * 4, &tcp, sizeof(tcp), BPF_HDR_START_NET))
		return TC_ACT_UNSPEC;
	emit(direction, &ip, &tcp);
	return TC_ACT_UNSPEC;
}

/// @tchook {"ifindex": 1, "attach_point": "BPF_TC_INGRESS"}
/// @tcopts {"handle": 1, "priority": 1}
SEC("tc")
int show_ingress(struct __sk_buff *packet)
{
	return show(IN, packet);
}

/// @tchook {"ifindex": 1, "attach_point": "BPF_TC_EGRESS"}
/// @tcopts {"handle": 1, "priority": 1}
SEC("tc")
int show_egress(struct __sk_buff *packet)
{
	return show(OUT, packet);
}

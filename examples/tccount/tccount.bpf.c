#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "tccount.h"

/* include/uapi/linux/pkt_cls.h: the filters after this one go on to judge the packet. */
#define TC_ACT_UNSPEC (-1)

/// @version 1.0
/// @brief Counts the packets that come into an interface and go out of it
/// @description Two rows a second, one a direction, each with a value for each CPU. Say on which interface by
/// --attach count_ingress=eth0 --attach count_egress=eth0 (the loopback unless given).
char LICENSE[] SEC("license") = "Dual MIT/GPL";

enum direction {
	INGRESS,
	EGRESS,
	DIRECTIONS,
};

/// @sample {"interval": 1000, "type": "default_kv"}
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DIRECTIONS);
	__type(key, enum direction);
	__type(value, struct traffic);
} traffic SEC(".maps");

static __always_inline int count(enum direction direction, const struct __sk_buff *packet)
{
	struct traffic *counts = bpf_map_lookup_elem(&traffic, &direction);

	if (!counts)
		return TC_ACT_UNSPEC;
	/* Each CPU counts in a value of its own: it takes no lock, and waits for none. */
	counts->packets++;
	counts->bytes += packet->len;
	if (packet->len > counts->most_bytes)
		counts->most_bytes = packet->len;
	return TC_ACT_UNSPEC;
}

/// @tchook {"ifindex": 1, "attach_point": "BPF_TC_INGRESS"}
/// @tcopts {"handle": 1, "priority": 1}
SEC("tc")
int count_ingress(struct __sk_buff *packet)
{
	return count(INGRESS, packet);
}

/// @tchook {"ifindex": 1, "attach_point": "BPF_TC_EGRESS"}
/// @tcopts {"handle": 1, "priority": 1}
SEC("tc")
int count_egress(struct __sk_buff *packet)
{
	return count(EGRESS, packet);
}

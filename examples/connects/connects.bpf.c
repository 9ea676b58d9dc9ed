#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "connects.h"

/* What a program of a cgroup returns to let go on what it was asked about. */
#define ALLOW 1

/// @version 1.0
/// @brief Shows which process connects where
/// @description One row a call of connect(2), of TCP and of UDP, before it is made. All processes, or those of one
/// cgroup: --attach connect4=PATH --attach connect6=PATH.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "P", "long": "port"}
/// @description only connections to this port
const volatile __u16 target_port = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Calls for which the ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

/* Returns an event with all but the address; NULL for a call that isn't to be shown. */
static __always_inline struct event *begin_event(struct bpf_sock_addr *ctx)
{
	/* The kernel keeps it as it goes over the network. */
	__u16 port = bpf_ntohs(ctx->user_port);
	struct event *event;

	if (target_port && port != target_port)
		return NULL;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return NULL;
	}
	/* The memory still holds an older event, whose text would stay behind a shorter one. */
	__builtin_memset(event, 0, sizeof(*event));
	event->cgroup = bpf_get_current_cgroup_id();
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->uid = bpf_get_current_uid_gid();
	event->type = ctx->type;
	event->port = port;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	return event;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	/* The verifier lets it be read, and no pointer to it be given away. */
	__u32 address = ctx->user_ip4;
	struct event *event = begin_event(ctx);

	if (!event)
		return ALLOW;
	BPF_SNPRINTF(event->address, sizeof(event->address), "%pI4", &address);
	bpf_ringbuf_submit(event, 0);
	return ALLOW;
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	__u32 address[4] = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3] };
	struct event *event = begin_event(ctx);

	if (!event)
		return ALLOW;
	BPF_SNPRINTF(event->address, sizeof(event->address), "%pI6", address);
	bpf_ringbuf_submit(event, 0);
	return ALLOW;
}

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "tcpstates.h"

/* include/linux/socket.h; BTF has no macros. */
#define AF_INET 2
#define AF_INET6 10

/// @version 1.0
/// @brief Shows how TCP connections come, live and go
/// @description One row a change of state, with the time that the socket spent in the old one.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "p", "long": "port"}
/// @description only connections with this port at either end
const volatile __u16 target_port = 0;

/* When a socket entered the state it is in. Sockets whose end isn't seen fall out as the least recently used. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} since_ns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} events SEC(".maps");

/* Events for which the ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

/* Returns the time since the socket's last change, and notes this one. */
static __always_inline __u64 time_in_old_state(__u64 socket, int new_state)
{
	__u64 now = bpf_ktime_get_ns();
	__u64 *since = bpf_map_lookup_elem(&since_ns, &socket);
	__u64 duration_ns = since ? now - *since : 0;

	if (new_state == CLOSE)
		bpf_map_delete_elem(&since_ns, &socket);
	else
		bpf_map_update_elem(&since_ns, &socket, &now, BPF_ANY);
	return duration_ns / 1000;
}

static __always_inline void print_addresses(struct event *event, struct trace_event_raw_inet_sock_set_state *ctx)
{
	if (ctx->family == AF_INET) {
		BPF_SNPRINTF(event->local, sizeof(event->local), "%pI4", ctx->saddr);
		BPF_SNPRINTF(event->remote, sizeof(event->remote), "%pI4", ctx->daddr);
	} else if (ctx->family == AF_INET6) {
		BPF_SNPRINTF(event->local, sizeof(event->local), "%pI6", ctx->saddr_v6);
		BPF_SNPRINTF(event->remote, sizeof(event->remote), "%pI6", ctx->daddr_v6);
	}
}

SEC("tracepoint/sock/inet_sock_set_state")
int handle_state(struct trace_event_raw_inet_sock_set_state *ctx)
{
	__u64 socket = (__u64)ctx->skaddr, duration_us;
	struct event *event;

	if (ctx->protocol != IPPROTO_TCP)
		return 0;
	if (target_port && ctx->sport != target_port && ctx->dport != target_port)
		return 0;
	duration_us = time_in_old_state(socket, ctx->newstate);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return 0;
	}
	/* The memory still holds an older event, whose text would stay behind a shorter one. */
	__builtin_memset(event, 0, sizeof(*event));
	event->socket = socket;
	event->duration_us = duration_us;
	event->old_state = ctx->oldstate;
	event->new_state = ctx->newstate;
	event->local_port = ctx->sport;
	event->remote_port = ctx->dport;
	print_addresses(event, ctx);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

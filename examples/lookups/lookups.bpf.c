#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "lookups.h"

/*
 * The file that holds getaddrinfo. Most programs use the C library's; one that is linked statically
 * has its own: compile with -DTARGET='"/path/of/the/program"' to watch that.
 */
#ifndef TARGET
#define TARGET "libc.so.6"
#endif

/// @version 1.0
/// @brief Shows which process looks up which host name, with what result and in what time
/// @description One row a call of the C library's getaddrinfo(3), read by a uprobe.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only the process with this id
const volatile pid_t target_pid = 0;

/* What a thread asked for, kept until the function returns. */
struct call {
	const char *host;
	__u64 start_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, pid_t);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Events for which the ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

SEC("uprobe/" TARGET ":getaddrinfo")
int BPF_KPROBE(handle_call, const char *host)
{
	__u64 id = bpf_get_current_pid_tgid();
	pid_t pid = id >> 32, tid = id;
	struct call call = { .host = host, .start_ns = bpf_ktime_get_ns() };

	if (target_pid && pid != target_pid)
		return 0;
	bpf_map_update_elem(&calls, &tid, &call, BPF_ANY);
	return 0;
}

static __always_inline void emit(pid_t pid, int result, const struct call *call)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return;
	}
	/* The memory still holds an older event, whose text would stay behind a shorter one. */
	__builtin_memset(event, 0, sizeof(*event));
	event->pid = pid;
	event->result = result;
	event->duration_us = (bpf_ktime_get_ns() - call->start_ns) / 1000;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_user_str(event->host, sizeof(event->host), call->host);
	bpf_ringbuf_submit(event, 0);
}

SEC("uretprobe/" TARGET ":getaddrinfo")
int BPF_KRETPROBE(handle_return, int result)
{
	__u64 id = bpf_get_current_pid_tgid();
	pid_t pid = id >> 32, tid = id;
	struct call *call = bpf_map_lookup_elem(&calls, &tid);

	if (!call)
		return 0;
	emit(pid, result, call);
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "opens.h"

/// @version 1.0
/// @brief Shows which process opens which file
/// @description One row a call of openat(2): RET is the descriptor, or the error number, negative.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only the process with this id
const volatile pid_t target_pid = 0;

/// @cmdarg {"default": false, "short": "f", "long": "failed"}
/// @description only calls that failed
const volatile bool only_failed = false;

/* What a thread asked for, kept until the kernel answers. */
struct call {
	const char *filename;
	__u64 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, pid_t);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} events SEC(".maps");

/* Events for which the ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

SEC("tracepoint/syscalls/sys_enter_openat")
int handle_enter(struct trace_event_raw_sys_enter *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	pid_t pid = id >> 32, tid = id;
	struct call call = { .filename = (const char *)ctx->args[1], .flags = ctx->args[2] };

	if (target_pid && pid != target_pid)
		return 0;
	bpf_map_update_elem(&calls, &tid, &call, BPF_ANY);
	return 0;
}

/* Fills and sends the event; the name is read now, when the kernel itself has just read it, so its page is there. */
static __always_inline void emit(pid_t pid, int ret, const struct call *call)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return;
	}
	/* The memory still holds an older event, whose text would stay behind a shorter one. */
	__builtin_memset(event, 0, sizeof(*event));
	event->pid = pid;
	event->uid = bpf_get_current_uid_gid();
	event->ret = ret;
	event->flags = call->flags;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_user_str(event->filename, sizeof(event->filename), call->filename);
	bpf_ringbuf_submit(event, 0);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int handle_exit(struct trace_event_raw_sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	pid_t pid = id >> 32, tid = id;
	struct call *call = bpf_map_lookup_elem(&calls, &tid);

	if (!call)
		return 0;
	if (!only_failed || ctx->ret < 0)
		emit(pid, ctx->ret, call);
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

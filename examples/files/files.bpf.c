#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "files.h"

/// @version 1.0
/// @brief Shows which files processes open, and for how long they keep them open
/// @description Two kinds of rows: a file that was opened by openat(2), and one of these that was closed by close(2).
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only the process with this id
const volatile pid_t target_pid = 0;

/* The name that a thread asks for, kept until the kernel answers. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, pid_t);
	__type(value, const char *);
} names SEC(".maps");

struct descriptor {
	pid_t pid;
	int fd;
};

/* Since when each is open. Those that end with their process fall out as the least recently used. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct descriptor);
	__type(value, __u64);
} since_ns SEC(".maps");

/// @export_config default
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
	__type(value, struct opened);
} opens SEC(".maps");

/// @export_config default
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
	__type(value, struct closed);
} closes SEC(".maps");

/* Events for which a ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

SEC("tracepoint/syscalls/sys_enter_openat")
int enter_open(struct trace_event_raw_sys_enter *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	pid_t tid = id;
	const char *name = (const char *)ctx->args[1];

	if (target_pid && target_pid != (pid_t)(id >> 32))
		return 0;
	bpf_map_update_elem(&names, &tid, &name, BPF_ANY);
	return 0;
}

static __always_inline void emit_opened(struct descriptor descriptor, const char *name)
{
	struct opened *event = bpf_ringbuf_reserve(&opens, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return;
	}
	/* The memory still holds an older event, whose text would stay behind a shorter one. */
	__builtin_memset(event, 0, sizeof(*event));
	event->pid = descriptor.pid;
	event->fd = descriptor.fd;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_user_str(event->name, sizeof(event->name), name);
	bpf_ringbuf_submit(event, 0);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int exit_open(struct trace_event_raw_sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();
	pid_t tid = id;
	struct descriptor descriptor = { .pid = id >> 32, .fd = ctx->ret };
	const char **name = bpf_map_lookup_elem(&names, &tid);

	if (!name)
		return 0;
	if (ctx->ret >= 0) {
		bpf_map_update_elem(&since_ns, &descriptor, &now, BPF_ANY);
		emit_opened(descriptor, *name);
	}
	bpf_map_delete_elem(&names, &tid);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_close")
int enter_close(struct trace_event_raw_sys_enter *ctx)
{
	struct descriptor descriptor = { .pid = bpf_get_current_pid_tgid() >> 32, .fd = ctx->args[0] };
	__u64 *since = bpf_map_lookup_elem(&since_ns, &descriptor);
	struct closed *event;

	/* Opened before the program began to look, or in another way, such as socket(2). */
	if (!since)
		return 0;
	event = bpf_ringbuf_reserve(&closes, sizeof(*event), 0);
	if (event) {
		/* Every byte of the event is written: there is no padding, and the name comes with its zeros. */
		event->open_us = (bpf_ktime_get_ns() - *since) / 1000;
		event->pid = descriptor.pid;
		event->fd = descriptor.fd;
		bpf_get_current_comm(event->comm, sizeof(event->comm));
		bpf_ringbuf_submit(event, 0);
	} else {
		__sync_fetch_and_add(&lost_events, 1);
	}
	bpf_map_delete_elem(&since_ns, &descriptor);
	return 0;
}

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "syscalls.h"

#define COMM_SIZE 16

/// @version 1.0
/// @brief Shows how many system calls each process makes a second
/// @description One row a second for each process that made calls in it: --sort -value.count shows the busiest first.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only the process with this id
const volatile pid_t target_pid = 0;

/* A process that runs another program counts anew under that one's name. */
struct process {
	pid_t pid;
	char comm[COMM_SIZE];
};

/// @sample {"interval": 1000, "type": "default_kv", "clear_map": true}
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct process);
	__type(value, struct calls);
} calls SEC(".maps");

SEC("tracepoint/raw_syscalls/sys_exit")
int handle_exit(struct trace_event_raw_sys_exit *ctx)
{
	struct process process = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct calls first = { .count = 1, .failed = ctx->ret < 0 };
	struct calls *known;

	if (target_pid && process.pid != target_pid)
		return 0;
	bpf_get_current_comm(process.comm, sizeof(process.comm));
	known = bpf_map_lookup_elem(&calls, &process);
	if (!known) {
		bpf_map_update_elem(&calls, &process, &first, BPF_ANY);
		return 0;
	}
	__sync_fetch_and_add(&known->count, 1);
	__sync_fetch_and_add(&known->failed, first.failed);
	return 0;
}

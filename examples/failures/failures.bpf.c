#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "failures.h"

/* Greater numbers are the kernel's own, such as ERESTARTSYS (512): the call is tried again, and no program sees them. */
#define LAST_ERROR 511

/// @version 1.0
/// @brief Shows the system calls that fail
/// @description One row a failed call, with the error's name. Its events come through perf buffers, one a CPU,
/// which kernels before 5.8 have too.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only the process with this id
const volatile pid_t target_pid = 0;

/// @cmdarg {"default": 0, "short": "e", "long": "error"}
/// @description only this error number
const volatile int target_error = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} events SEC(".maps");

SEC("tracepoint/raw_syscalls/sys_exit")
int handle_exit(struct trace_event_raw_sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	int error = -ctx->ret;
	/* Every byte of the event is written: there is no padding, and the name comes with its zeros. */
	struct event event = { .pid = id >> 32, .tid = id, .syscall = ctx->id, .error = error };

	if (ctx->ret >= 0 || ctx->ret < -LAST_ERROR)
		return 0;
	if (target_pid && event.pid != target_pid)
		return 0;
	if (target_error && error != target_error)
		return 0;
	bpf_get_current_comm(event.comm, sizeof(event.comm));
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}

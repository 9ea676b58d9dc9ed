#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "profile.h"

/// @version 1.0
/// @brief Shows where programs and the kernel spend the CPUs' time
/// @description Looks at each CPU many times a second, as often as --frequency says, and tells the stack of what runs.
/// With --folded the same stacks are counted, for flame graphs.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only the process with this id
const volatile pid_t target_pid = 0;

/// @intepreter {"stack_trace": {}}
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} events SEC(".maps");

/* Samples for which the ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

SEC("perf_event")
int handle_sample(struct bpf_perf_event_data *ctx)
{
	pid_t pid = bpf_get_current_pid_tgid() >> 32;
	struct event *event;

	/* Process 0 is the idle task of each CPU. */
	if (!pid || (target_pid && pid != target_pid))
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return 0;
	}
	/* What lies behind the bytes in use of a stack is an older event's, and nobody reads it. */
	event->pid = pid;
	event->cpu_id = bpf_get_smp_processor_id();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->kstack_sz = bpf_get_stack(ctx, event->kstack, sizeof(event->kstack), 0);
	event->ustack_sz = bpf_get_stack(ctx, event->ustack, sizeof(event->ustack), BPF_F_USER_STACK);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

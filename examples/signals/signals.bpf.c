#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "signals.h"

/// @version 1.0
/// @brief Shows which process sends which signal to which process
/// @description Tells who killed a process: one row a signal, with what became of it.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "s", "long": "signal"}
/// @description only signals of this number
const volatile int target_signal = 0;

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only signals that the process with this id sends
const volatile pid_t sender_pid = 0;

/// @cmdarg {"default": 0, "short": "t", "long": "target"}
/// @description only signals to the thread or process with this id
const volatile pid_t target_pid = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Events for which the ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

SEC("tracepoint/signal/signal_generate")
int handle_signal(struct trace_event_raw_signal_generate *ctx)
{
	pid_t pid = bpf_get_current_pid_tgid() >> 32;
	struct event *event;

	if (target_signal && ctx->sig != target_signal)
		return 0;
	if (sender_pid && pid != sender_pid)
		return 0;
	if (target_pid && ctx->pid != target_pid)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return 0;
	}
	/* Every byte of the event is written: there is no padding, and both names come with their zeros. */
	event->pid = pid;
	event->target_pid = ctx->pid;
	event->sig = ctx->sig;
	event->code = ctx->code;
	event->result = ctx->result;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_kernel(event->target_comm, sizeof(event->target_comm), ctx->comm);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "exec.h"

/// @version 1.0
/// @brief Shows each process that starts a program and each process that ends
/// @description A start has the program's path; an end has the exit code as a shell shows it
/// (128 and the signal for a process that was killed) and how long the process lived.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "P", "long": "parent"}
/// @description only children of the process with this id
const volatile pid_t target_ppid = 0;

/// @cmdarg {"default": 0, "short": "m", "long": "min-duration-ns"}
/// @description only ends, and only of processes that lived at least this many nanoseconds
const volatile __u64 min_duration_ns = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} events SEC(".maps");

/* Events for which the ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

/* Reserves an event and fills what starts and ends have in common. */
static __always_inline struct event *reserve_event(struct task_struct *task, pid_t ppid)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return NULL;
	}
	/* The memory still holds an older event, whose text would stay behind a shorter one. */
	__builtin_memset(event, 0, sizeof(*event));
	event->pid = BPF_CORE_READ(task, tgid);
	event->ppid = ppid;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	return event;
}

SEC("tracepoint/sched/sched_process_exec")
int handle_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	pid_t ppid = BPF_CORE_READ(task, real_parent, tgid);
	struct event *event;

	if (min_duration_ns || (target_ppid && ppid != target_ppid))
		return 0;
	event = reserve_event(task, ppid);
	if (!event)
		return 0;
	/* __data_loc: the low half is where in the record the string begins, the high half its length. */
	bpf_probe_read_kernel_str(event->filename, sizeof(event->filename),
				  (void *)ctx + (ctx->__data_loc_filename & 0xffff));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tracepoint/sched/sched_process_exit")
int handle_exit(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 id = bpf_get_current_pid_tgid();
	pid_t ppid = BPF_CORE_READ(task, real_parent, tgid);
	__u64 duration_ns;
	struct event *event;
	int status;

	/* The end of the first thread stands for the process. */
	if ((pid_t)id != (pid_t)(id >> 32))
		return 0;
	if (target_ppid && ppid != target_ppid)
		return 0;
	duration_ns = bpf_ktime_get_ns() - BPF_CORE_READ(task, start_time);
	if (duration_ns < min_duration_ns)
		return 0;
	event = reserve_event(task, ppid);
	if (!event)
		return 0;
	/* As wait(2) gives it: the signal in the low 7 bits, else the code in the second byte. */
	status = BPF_CORE_READ(task, exit_code);
	event->exit_code = status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
	event->duration_ns = duration_ns;
	event->exit_event = true;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "runqueue.h"

/* include/linux/sched.h; BTF has no macros. */
#define TASK_RUNNING 0

/// @version 1.0
/// @brief Shows how long threads that could run waited for a CPU
/// @description One row each time that a thread gets a CPU after it waited at least --min-us, and whom it waited for.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 1000, "short": "m", "long": "min-us"}
/// @description only waits of at least this many microseconds
const volatile __u64 min_us = 1000;

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only threads of the process with this id
const volatile pid_t target_pid = 0;

/* Since when each waiting thread waits. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, pid_t);
	__type(value, __u64);
} since_ns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} events SEC(".maps");

/* Events for which the ring buffer had no room: ecli reads the variable by its name and tells. */
__u64 lost_events;

/* Linux before 5.14 has the state under another name; CO-RE takes the part before `___` as the type's name. */
struct task_struct___before_5_14 {
	long state;
} __attribute__((preserve_access_index));

static __always_inline long state_of(struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return old->state;
}

static __always_inline void start_waiting(struct task_struct *task)
{
	pid_t tid = task->pid;
	__u64 now = bpf_ktime_get_ns();

	/* Thread 0 is the idle task of each CPU: it waits for nothing. */
	if (!tid || (target_pid && task->tgid != target_pid))
		return;
	bpf_map_update_elem(&since_ns, &tid, &now, BPF_ANY);
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(handle_wakeup, struct task_struct *task)
{
	start_waiting(task);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(handle_wakeup_new, struct task_struct *task)
{
	start_waiting(task);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(handle_switch, bool preempt, struct task_struct *previous, struct task_struct *next)
{
	pid_t tid = next->pid;
	struct event *event;
	__u64 *since, wait_us;

	/* Who lost the CPU while it could still run waits again. */
	if (state_of(previous) == TASK_RUNNING)
		start_waiting(previous);

	since = bpf_map_lookup_elem(&since_ns, &tid);
	if (!since)
		return 0;
	wait_us = (bpf_ktime_get_ns() - *since) / 1000;
	bpf_map_delete_elem(&since_ns, &tid);
	if (wait_us < min_us)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return 0;
	}
	/* Every byte of the event is written: there is no padding, and both names come with their zeros. */
	event->wait_us = wait_us;
	event->cpu = bpf_get_smp_processor_id();
	event->pid = next->tgid;
	event->tid = tid;
	event->previous_tid = previous->pid;
	__builtin_memcpy(event->comm, next->comm, sizeof(event->comm));
	__builtin_memcpy(event->previous_comm, previous->comm, sizeof(event->previous_comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

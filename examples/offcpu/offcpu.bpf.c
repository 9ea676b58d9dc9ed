#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "offcpu.h"

/* The states of enum wait_kind, without flags that go with them, such as that a wait isn't load. */
#define WAIT_KINDS (SLEEPING | UNINTERRUPTIBLE | STOPPED | TRACED)
/* Frames of the kernel's stack that are the program itself and how it is called from __schedule. */
#define OWN_FRAMES 3

/// @version 1.0
/// @brief Shows where threads block, and for how long
/// @description One stack each time that a thread gets a CPU again after it blocked for at least --min-us.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 1000, "short": "m", "long": "min-us"}
/// @description only waits of at least this many microseconds
const volatile __u64 min_us = 1000;

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only threads of the process with this id
const volatile pid_t target_pid = 0;

/* A thread that is blocked: its event up to the end, and since when. */
struct blocked {
	struct event event;
	__u64 since_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, pid_t);
	__type(value, struct blocked);
} blocked SEC(".maps");

/* Where an entry is filled in: it is larger than a program's stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct blocked);
} drafts SEC(".maps");

/// @intepreter {"stack_trace": {}}
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} events SEC(".maps");

/* Waits that aren't shown as there was no room, of the threads that block or in the ring buffer. */
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

/* The thread still is the current one, so its own stacks are there to be walked: later they are not. */
static __always_inline void note_blocked(void *ctx, struct task_struct *task, long state)
{
	pid_t tid = task->pid;
	__u32 zero = 0;
	struct blocked *draft = bpf_map_lookup_elem(&drafts, &zero);

	if (!draft)
		return;
	draft->since_ns = bpf_ktime_get_ns();
	draft->event.pid = task->tgid;
	draft->event.tid = tid;
	draft->event.state = state & WAIT_KINDS;
	__builtin_memcpy(draft->event.comm, task->comm, sizeof(draft->event.comm));
	draft->event.kstack_sz =
		bpf_get_stack(ctx, draft->event.kstack, sizeof(draft->event.kstack), OWN_FRAMES);
	draft->event.ustack_sz =
		bpf_get_stack(ctx, draft->event.ustack, sizeof(draft->event.ustack), BPF_F_USER_STACK);
	if (bpf_map_update_elem(&blocked, &tid, draft, BPF_ANY))
		__sync_fetch_and_add(&lost_events, 1);
}

/* The event has been filled in already, so that it is copied into the ring buffer as a whole. */
static __always_inline void emit(struct event *event, __u64 blocked_us)
{
	event->blocked_us = blocked_us;
	event->cpu_id = bpf_get_smp_processor_id();
	if (bpf_ringbuf_output(&events, event, sizeof(*event), 0))
		__sync_fetch_and_add(&lost_events, 1);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(handle_switch, bool preempt, struct task_struct *previous, struct task_struct *next)
{
	long state = state_of(previous);
	pid_t tid = next->pid;
	struct blocked *entry;
	__u64 blocked_us;

	/* Who lost the CPU to another while it could run, or ends, doesn't block. */
	if (!preempt && (state & WAIT_KINDS) && (!target_pid || previous->tgid == target_pid))
		note_blocked(ctx, previous, state);

	entry = bpf_map_lookup_elem(&blocked, &tid);
	if (!entry)
		return 0;
	blocked_us = (bpf_ktime_get_ns() - entry->since_ns) / 1000;
	if (blocked_us >= min_us)
		emit(&entry->event, blocked_us);
	bpf_map_delete_elem(&blocked, &tid);
	return 0;
}

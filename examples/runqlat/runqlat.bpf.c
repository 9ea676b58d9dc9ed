#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "runqlat.h"

/* include/linux/sched.h; BTF has no macros. */
#define TASK_RUNNING 0

/// @version 1.0
/// @brief Shows as a histogram how long threads that could run waited for a CPU
/// @description A line for each power of two of microseconds, with how many waits took so long since the start.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": 0, "short": "p", "long": "pid"}
/// @description only threads of the process with this id
const volatile pid_t target_pid = 0;

/// @cmdarg {"default": false, "short": "P", "long": "per-process"}
/// @description a histogram for each process
const volatile bool per_process = false;

/* Since when each waiting thread waits. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, pid_t);
	__type(value, __u64);
} since_ns SEC(".maps");

/// @sample {"interval": 1000, "type": "log2_hist", "unit": "usecs"}
struct {
	/* Of many processes, those that got no CPU for longest make room. */
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	/* A process, or 0 for all. */
	__type(key, pid_t);
	__type(value, struct hist);
} waits SEC(".maps");

/* What a new entry begins as. */
static const struct hist no_waits;

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

static __always_inline struct hist *hist_of(pid_t key)
{
	struct hist *hist = bpf_map_lookup_elem(&waits, &key);

	if (hist)
		return hist;
	/* Another CPU may be first: its entry stays then, with what it counted. */
	bpf_map_update_elem(&waits, &key, &no_waits, BPF_NOEXIST);
	return bpf_map_lookup_elem(&waits, &key);
}

/* The greatest N for which 2^N isn't above the value; 0 for 0 as well. */
static __always_inline __u64 log2_of(__u64 value)
{
	__u64 result = 0;

	for (__u32 bits = 32; bits; bits >>= 1) {
		if (value >> bits) {
			value >>= bits;
			result += bits;
		}
	}
	return result;
}

static __always_inline void count(struct task_struct *task, __u64 wait_us)
{
	bool has_own = per_process || target_pid;
	struct hist *hist = hist_of(has_own ? task->tgid : 0);
	__u64 slot = log2_of(wait_us);

	if (!hist)
		return;
	/* A process that runs another program has another name from then on. */
	if (has_own)
		__builtin_memcpy(hist->comm, task->group_leader->comm, sizeof(hist->comm));
	else
		__builtin_memcpy(hist->comm, "all processes", sizeof("all processes"));
	if (slot >= SLOTS)
		slot = SLOTS - 1;
	__sync_fetch_and_add(&hist->slots[slot], 1);
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
	__u64 *since;

	/* Who lost the CPU while it could still run waits again. */
	if (state_of(previous) == TASK_RUNNING)
		start_waiting(previous);

	since = bpf_map_lookup_elem(&since_ns, &tid);
	if (!since)
		return 0;
	count(next, (bpf_ktime_get_ns() - *since) / 1000);
	bpf_map_delete_elem(&since_ns, &tid);
	return 0;
}

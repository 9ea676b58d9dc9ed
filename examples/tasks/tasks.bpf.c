#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* include/linux/sched.h; BTF has no macros. What a thread's state is made of, and how it ended. */
#define TASK_INTERRUPTIBLE 0x1
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_STOPPED 0x4
#define TASK_TRACED 0x8
#define EXIT_DEAD 0x10
#define EXIT_ZOMBIE 0x20
#define TASK_IDLE 0x402

/// @version 1.0
/// @brief Shows the processes that there are, and ends
/// @description A small ps(1): the kernel calls the program for each task, and what it writes is the output.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": false, "short": "t", "long": "threads"}
/// @description a row for each thread
const volatile bool show_threads = false;

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

/* The letter that ps(1) has for it. */
static __always_inline char letter_of(struct task_struct *task)
{
	long state = state_of(task);

	if (task->exit_state & EXIT_ZOMBIE)
		return 'Z';
	if (task->exit_state & EXIT_DEAD)
		return 'X';
	if ((state & TASK_IDLE) == TASK_IDLE)
		return 'I';
	if (state & TASK_UNINTERRUPTIBLE)
		return 'D';
	if (state & TASK_INTERRUPTIBLE)
		return 'S';
	if (state & TASK_STOPPED)
		return 'T';
	if (state & TASK_TRACED)
		return 't';
	return 'R';
}

SEC("iter/task")
int write_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	/* After the last task the program is called once more, without one. */
	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%7s %7s %7s %7s S %s\n", "PID", "TID", "PPID", "THREADS", "COMM");
	if (!show_threads && task->pid != task->tgid)
		return 0;
	BPF_SEQ_PRINTF(seq, "%7d %7d %7d %7d %c %s\n", task->tgid, task->pid, task->real_parent->tgid,
		       task->signal->nr_threads, letter_of(task), task->comm);
	return 0;
}

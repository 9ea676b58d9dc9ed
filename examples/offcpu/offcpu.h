/* What offcpu.bpf.c tells about one time that a thread blocked. */
#ifndef OFFCPU_H
#define OFFCPU_H

#define COMM_SIZE 16
#define STACK_DEPTH 64

/* Why the thread gave up the CPU (include/linux/sched.h, TASK_*). */
enum wait_kind {
	/* A signal can end it: it waits for input, a timer, a lock, a child … */
	SLEEPING = 1,
	/* It waits for a disk, mostly. */
	UNINTERRUPTIBLE = 2,
	/* By a signal, or by who traces it. */
	STOPPED = 4,
	TRACED = 8,
};

struct event {
	unsigned long long blocked_us;
	int pid;
	int tid;
	int cpu_id;
	enum wait_kind state;
	char comm[COMM_SIZE];
	/* Bytes in use of each stack; negative where there is none. */
	int kstack_sz;
	int ustack_sz;
	unsigned long long kstack[STACK_DEPTH];
	unsigned long long ustack[STACK_DEPTH];
};

#endif

/* What profile.bpf.c tells about one moment of one CPU: who had it, and where in its code that was. */
#ifndef PROFILE_H
#define PROFILE_H

#define COMM_SIZE 16
/* As deep as the kernel walks stacks unless kernel.perf_event_max_stack says more. */
#define STACK_DEPTH 127

struct event {
	int pid;
	int cpu_id;
	char comm[COMM_SIZE];
	/* Bytes in use of each stack; negative where there is none. */
	int kstack_sz;
	int ustack_sz;
	unsigned long long kstack[STACK_DEPTH];
	unsigned long long ustack[STACK_DEPTH];
};

#endif

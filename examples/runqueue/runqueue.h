/* What runqueue.bpf.c tells about one wait for a CPU. */
#ifndef RUNQUEUE_H
#define RUNQUEUE_H

#define COMM_SIZE 16

struct event {
	unsigned long long wait_us;
	int cpu;
	int pid;
	int tid;
	/* The thread that had the CPU before. */
	int previous_tid;
	char comm[COMM_SIZE];
	char previous_comm[COMM_SIZE];
};

#endif

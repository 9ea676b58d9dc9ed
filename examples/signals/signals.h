/* What signals.bpf.c tells about one signal. */
#ifndef SIGNALS_H
#define SIGNALS_H

#define COMM_SIZE 16

/* What became of it, as include/trace/events/signal.h numbers it (TRACE_SIGNAL_DELIVERED, …). */
enum signal_result {
	DELIVERED,
	IGNORED,
	ALREADY_PENDING,
	OVERFLOW_FAIL,
	LOSE_INFO,
};

struct event {
	/* Who ran when the signal was made: its sender, unless the kernel made it. */
	int pid;
	int target_pid;
	int sig;
	/* SI_USER (0), SI_KERNEL (128), … as sigaction(2) has them. */
	int code;
	enum signal_result result;
	char comm[COMM_SIZE];
	char target_comm[COMM_SIZE];
};

#endif

/* What syscalls.bpf.c counts of one process in one second. */
#ifndef SYSCALLS_H
#define SYSCALLS_H

struct calls {
	unsigned long long count;
	/* Those that the kernel answered with an error. */
	unsigned long long failed;
};

#endif

/* What runqlat.bpf.c counts: how many waits were how long. */
#ifndef RUNQLAT_H
#define RUNQLAT_H

#define COMM_SIZE 16
/* The last slot takes what is longer, from half an hour on. */
#define SLOTS 32

struct hist {
	char comm[COMM_SIZE];
	/* slots[N] counts waits of 2^N microseconds up to twice that. */
	unsigned int slots[SLOTS];
};

#endif

/* What runqlen.bpf.c counts: how often how many threads waited for a CPU. */
#ifndef RUNQLEN_H
#define RUNQLEN_H

/* The last slot takes longer queues too. */
#define SLOTS 64

struct hist {
	unsigned int slots[SLOTS];
};

#endif

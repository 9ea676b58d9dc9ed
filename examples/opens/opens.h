/* What opens.bpf.c tells about one call of openat(2). */
#ifndef OPENS_H
#define OPENS_H

#define COMM_SIZE 16
#define FILENAME_SIZE 256

struct event {
	int pid;
	unsigned int uid;
	/* The new descriptor, or the error number, negative. */
	int ret;
	/* O_RDONLY, O_CREAT, … as open(2) has them. */
	unsigned int flags;
	char comm[COMM_SIZE];
	char filename[FILENAME_SIZE];
};

#endif

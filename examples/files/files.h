/* What files.bpf.c tells: two kinds of events, each through a ring buffer of its own. */
#ifndef FILES_H
#define FILES_H

#define COMM_SIZE 16
#define NAME_SIZE 256

struct opened {
	int pid;
	int fd;
	char comm[COMM_SIZE];
	char name[NAME_SIZE];
};

struct closed {
	/* How long the descriptor was open. */
	unsigned long long open_us;
	int pid;
	int fd;
	char comm[COMM_SIZE];
};

#endif

/* What lookups.bpf.c tells about one call of getaddrinfo(3). */
#ifndef LOOKUPS_H
#define LOOKUPS_H

#define COMM_SIZE 16
#define HOST_SIZE 128

struct event {
	int pid;
	/* 0, or an error such as EAI_NONAME (-2). */
	int result;
	unsigned long long duration_us;
	char comm[COMM_SIZE];
	char host[HOST_SIZE];
};

#endif

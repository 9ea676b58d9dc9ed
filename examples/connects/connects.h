/* What connects.bpf.c tells about one call of connect(2). */
#ifndef CONNECTS_H
#define CONNECTS_H

#define COMM_SIZE 16
/* An IPv6 address in full, and its zero. */
#define ADDRESS_SIZE 40

/* include/linux/net.h */
enum socket_type {
	STREAM = 1,
	DGRAM = 2,
	RAW = 3,
	SEQPACKET = 5,
};

struct event {
	unsigned long long cgroup;
	int pid;
	int uid;
	enum socket_type type;
	int port;
	char comm[COMM_SIZE];
	char address[ADDRESS_SIZE];
};

#endif

/* What tcpstates.bpf.c tells about one change of a TCP socket's state. */
#ifndef TCPSTATES_H
#define TCPSTATES_H

/* The longest is an IPv6 address: eight groups of four digits, seven colons, the closing zero. */
#define ADDRESS_SIZE 40

/* As include/net/tcp_states.h numbers them. */
enum tcp_state {
	ESTABLISHED = 1,
	SYN_SENT,
	SYN_RECV,
	FIN_WAIT1,
	FIN_WAIT2,
	TIME_WAIT,
	CLOSE,
	CLOSE_WAIT,
	LAST_ACK,
	LISTEN,
	CLOSING,
	NEW_SYN_RECV,
};

struct event {
	/* In the old state; 0 when its begin was not seen. */
	unsigned long long duration_us;
	enum tcp_state old_state;
	enum tcp_state new_state;
	unsigned short local_port;
	unsigned short remote_port;
	char local[ADDRESS_SIZE];
	char remote[ADDRESS_SIZE];
	/* The socket's address in the kernel: one number a socket. */
	unsigned long long socket;
};

#endif

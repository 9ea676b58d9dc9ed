/* What tcpflags.bpf.c tells about one packet of TCP. */
#ifndef TCPFLAGS_H
#define TCPFLAGS_H

#define ADDRESS_SIZE 16

enum direction {
	IN,
	OUT,
};

struct event {
	enum direction direction;
	/* As RFC 9293 draws them, from the last bit on; each is shown by itself. */
	unsigned int fin : 1;
	unsigned int syn : 1;
	unsigned int rst : 1;
	unsigned int psh : 1;
	unsigned int ack : 1;
	unsigned int urg : 1;
	unsigned int ece : 1;
	unsigned int cwr : 1;
	/* The header's length in words of 32 bits. */
	unsigned int words : 4;
	/* Bytes of data. */
	unsigned int length;
	unsigned short source_port;
	unsigned short port;
	char source[ADDRESS_SIZE];
	char address[ADDRESS_SIZE];
};

#endif

/* What tccount.bpf.c counts of one direction. */
#ifndef TCCOUNT_H
#define TCCOUNT_H

struct traffic {
	unsigned long long packets;
	unsigned long long bytes;
	/* Of a packet; the kernel hands over several as one where the network card parts them. */
	unsigned long long most_bytes;
};

#endif

/* What xdpcount.bpf.c counts of packets of one kind. */
#ifndef XDPCOUNT_H
#define XDPCOUNT_H

struct traffic {
	unsigned long long packets;
	unsigned long long bytes;
};

#endif

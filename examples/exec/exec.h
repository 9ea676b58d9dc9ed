/* What exec.bpf.c tells about a process that started a program, or that ended. */
#ifndef EXEC_H
#define EXEC_H

#define COMM_SIZE 16
#define FILENAME_SIZE 127

struct event {
	int pid;
	int ppid;
	unsigned int exit_code;
	unsigned long long duration_ns;
	char comm[COMM_SIZE];
	char filename[FILENAME_SIZE];
	bool exit_event;
};

#endif

#pragma once

/* The event of an exec/exit tracer, 168 bytes: what a real tool sends, and what all benchmarks here send. */
struct event {
    int pid;
    int ppid;
    unsigned int exit_code;
    unsigned long long duration_ns;
    char comm[16];
    char filename[127];
    _Bool exit_event;
};

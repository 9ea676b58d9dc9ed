#pragma once

/* What the benchmark's programs send; CASE_… chooses one. All are filled by the same few lines of exports.bpf.c. */

#if defined(CASE_FLAT) || defined(CASE_TWO)
struct flat {
    unsigned int pid, ppid, uid, cpu;
    int priority, result;
    unsigned long long started_ns, duration_ns;
};
#endif

#if defined(CASE_NESTED)
struct address {
    unsigned short family, port;
    unsigned int ip;
    unsigned long long cookie;
};

struct nested {
    unsigned int pid;
    struct address source;
    struct address target;
    unsigned int counts[8];
};
#endif

#if defined(CASE_STRINGS) || defined(CASE_TWO)
struct strings {
    unsigned int pid;
    char comm[16];
    char parent[16];
    char path[64];
    char target[64];
};
#endif

#if defined(CASE_BITS)
struct bits {
    unsigned int pid;
    unsigned int read : 1, write : 1, execute : 1, mode : 12, level : 5;
    int delta : 9;
    unsigned long long serial : 40, kind : 6;
};
#endif

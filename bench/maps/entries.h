#ifndef ENTRIES_H
#define ENTRIES_H

#ifndef ENTRIES
#define ENTRIES 1000000
#endif

struct task_key { unsigned int pid; unsigned int cpu; };
struct task_value { unsigned long long count; unsigned long long total_ns; char comm[16]; };

#endif

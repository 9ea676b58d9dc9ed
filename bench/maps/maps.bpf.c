#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "entries.h"

char LICENSE[] SEC("license") = "GPL";

/// @sample {"interval": 1, "type": "default_kv"}
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, ENTRIES);
    __type(key, struct task_key);
    __type(value, struct task_value);
} entries SEC(".maps");

__u32 next;

/* Each getsid(2) of the generator adds an entry. */
SEC("tracepoint/syscalls/sys_enter_getsid")
int add_entry(struct trace_event_raw_sys_enter *ctx)
{
    __u32 number = next++; /* one generator, one thread */
    struct task_key key = {.pid = number * 7 % 4194304, .cpu = number};
    struct task_value value = {.count = number % 1000, .total_ns = (__u64)number * 1234567, .comm = "worker"};

    bpf_map_update_elem(&entries, &key, &value, BPF_ANY);
    return 0;
}

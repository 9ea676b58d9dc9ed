#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "runqlen.h"

/// @version 1.0
/// @brief Shows as a histogram how many threads wait for a CPU at a time
/// @description Looks at each CPU many times a second, as often as --frequency says. A CPU that has work and no queue
/// counts as 0, as one without work does.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/// @cmdarg {"default": -1, "short": "c", "long": "cpu"}
/// @description only this CPU
const volatile int target_cpu = -1;

/// @sample {"interval": 1000, "type": "linear_hist", "unit": "waiting"}
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hist);
} lengths SEC(".maps");

SEC("perf_event")
int handle_sample(struct bpf_perf_event_data *ctx)
{
	/* The CPU's queue, found by way of the thread that has the CPU: what the kernel itself goes by has no symbol. */
	struct rq *queue = bpf_get_current_task_btf()->se.cfs_rq->rq;
	/* 64 bits wide, as what indexes an array has to be: widened later, the verifier would forget its bound. */
	__u64 waiting = queue->nr_running;
	__u32 key = 0;
	struct hist *hist = bpf_map_lookup_elem(&lengths, &key);

	if (!hist || (target_cpu >= 0 && (__u32)target_cpu != bpf_get_smp_processor_id()))
		return 0;
	/* The thread that has the CPU stands in the queue too. */
	if (waiting)
		waiting--;
	if (waiting >= SLOTS)
		waiting = SLOTS - 1;
	/* Each CPU counts in a value of its own, which nothing else changes meanwhile. */
	hist->slots[waiting]++;
	return 0;
}

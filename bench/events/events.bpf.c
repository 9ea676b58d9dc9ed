/* One event for each getsid(2), a system call that nothing but the generator makes in a loop. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "events.h"

#ifndef RING_BYTES
#define RING_BYTES (16 * 1024 * 1024)
#endif

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, RING_BYTES);
} events SEC(".maps");

/* What the ring had no room for; ecli says it. */
__u64 lost_events = 0;
__u64 sent = 0;

static const char path[] = "/usr/lib/x86_64-linux-gnu/true";

#ifndef EVENTS_PER_CALL
#define EVENTS_PER_CALL 1
#endif

static __always_inline void send(void)
{
    struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
    __u64 serial;

    if (!event) {
        __sync_fetch_and_add(&lost_events, 1);
        return;
    }
    serial = __sync_fetch_and_add(&sent, 1);
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->ppid = 1;
    /* One in a thousand stands out, for a filter to find. */
    event->exit_code = serial % 1000 == 999;
    event->duration_ns = serial;
    event->exit_event = false;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    bpf_probe_read_kernel_str(event->filename, sizeof(event->filename), path);
    bpf_ringbuf_submit(event, 0);
}

SEC("tp/syscalls/sys_enter_getsid")
int on_getsid(void *ctx)
{
    for (int i = 0; i < EVENTS_PER_CALL; i++)
        send();
    return 0;
}

char LICENSE[] SEC("license") = "GPL";

/* One event of the case's type for each getsid(2), or one of each where the case has two. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "cases.h"

#ifndef RING_BYTES
#define RING_BYTES (16 * 1024 * 1024)
#endif

__u64 sent = 0;
__u64 lost_events = 0;

static const char path[] = "/usr/lib/x86_64-linux-gnu/true";

#define RING(NAME, TYPE)                        \
    struct {                                    \
        __uint(type, BPF_MAP_TYPE_RINGBUF);     \
        __uint(max_entries, RING_BYTES);        \
        __type(value, TYPE);                    \
    } NAME SEC(".maps")

#if defined(CASE_FLAT) || defined(CASE_TWO)
/// @export_config default
RING(flats, struct flat);

static __always_inline void send_flat(__u64 serial)
{
    struct flat *event = bpf_ringbuf_reserve(&flats, sizeof(*event), 0);
    if (!event) {
        __sync_fetch_and_add(&lost_events, 1);
        return;
    }
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->ppid = 1;
    event->uid = 1000;
    event->cpu = 1;
    event->priority = -20;
    event->result = -2;
    event->started_ns = 1234567890123456ULL;
    event->duration_ns = serial;
    bpf_ringbuf_submit(event, 0);
}
#endif

#if defined(CASE_NESTED)
RING(nesteds, struct nested);

static __always_inline void send_nested(__u64 serial)
{
    struct nested *event = bpf_ringbuf_reserve(&nesteds, sizeof(*event), 0);
    if (!event) {
        __sync_fetch_and_add(&lost_events, 1);
        return;
    }
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->source = (struct address){2, 45678, 0x0100007f, serial};
    event->target = (struct address){2, 443, 0x08080808, 77};
    for (int i = 0; i < 8; i++)
        event->counts[i] = i * 100;
    bpf_ringbuf_submit(event, 0);
}
#endif

#if defined(CASE_STRINGS) || defined(CASE_TWO)
/// @export_config default
RING(names, struct strings);

static __always_inline void send_strings(void)
{
    struct strings *event = bpf_ringbuf_reserve(&names, sizeof(*event), 0);
    if (!event) {
        __sync_fetch_and_add(&lost_events, 1);
        return;
    }
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(event->comm, sizeof(event->comm));
    bpf_get_current_comm(event->parent, sizeof(event->parent));
    bpf_probe_read_kernel_str(event->path, sizeof(event->path), path);
    bpf_probe_read_kernel_str(event->target, sizeof(event->target), path);
    bpf_ringbuf_submit(event, 0);
}
#endif

#if defined(CASE_BITS)
RING(fields, struct bits);

static __always_inline void send_bits(__u64 serial)
{
    struct bits *event = bpf_ringbuf_reserve(&fields, sizeof(*event), 0);
    if (!event) {
        __sync_fetch_and_add(&lost_events, 1);
        return;
    }
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->read = 1;
    event->write = 0;
    event->execute = 1;
    event->mode = 0644;
    event->level = 17;
    event->delta = -200;
    event->serial = serial;
    event->kind = 33;
    bpf_ringbuf_submit(event, 0);
}
#endif

SEC("tp/syscalls/sys_enter_getsid")
int on_getsid(void *ctx)
{
    __u64 serial = __sync_fetch_and_add(&sent, 1);

#if defined(CASE_FLAT)
    send_flat(serial);
#elif defined(CASE_NESTED)
    send_nested(serial);
#elif defined(CASE_STRINGS)
    send_strings();
#elif defined(CASE_BITS)
    send_bits(serial);
#elif defined(CASE_TWO)
    if (serial & 1)
        send_strings();
    else
        send_flat(serial);
#endif
    return 0;
}

char LICENSE[] SEC("license") = "GPL";

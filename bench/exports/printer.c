/*
 * The peer: a C program with libbpf and printf that prints what ecli prints. printer OBJECT text|json|csv [tuned]
 * As the libbpf tools are written, it asks localtime(3) for each row of text. `tuned` is what a careful programmer
 * makes of it: the time is formatted once a second, and standard output has a larger buffer.
 */
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "../events/row-clock.h"
#include "cases.h"

static volatile sig_atomic_t stopped;
static int json, csv, tuned;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

#if defined(CASE_TWO)
#define TEXT_MAP(NAME) NAME " "
#define JSON_MAP(NAME) "{\"" NAME "\":"
#define JSON_END "}\n"
#define CSV_MAP(NAME) NAME ","
#else
#define TEXT_MAP(NAME) ""
#define JSON_MAP(NAME) ""
#define JSON_END "\n"
#define CSV_MAP(NAME) ""
#endif

#if defined(CASE_FLAT) || defined(CASE_TWO)
static int print_flat(void *context, void *data, size_t size)
{
    const struct flat *event = data;
    (void)context;
    (void)size;
    if (json)
        printf(JSON_MAP("flats") "{\"pid\":%u,\"ppid\":%u,\"uid\":%u,\"cpu\":%u,\"priority\":%d,\"result\":%d,"
               "\"started_ns\":%llu,\"duration_ns\":%llu}" JSON_END,
               event->pid, event->ppid, event->uid, event->cpu, event->priority, event->result,
               event->started_ns, event->duration_ns);
    else if (csv)
        printf(CSV_MAP("flats") "%u,%u,%u,%u,%d,%d,%llu,%llu\n", event->pid, event->ppid, event->uid, event->cpu,
               event->priority, event->result, event->started_ns, event->duration_ns);
    else
        printf(TEXT_MAP("flats") "%s  %-5u %-6u %-6u %-6u %-8d %-6d %-10llu %llu\n", row_clock(tuned), event->pid,
               event->ppid, event->uid, event->cpu, event->priority, event->result, event->started_ns,
               event->duration_ns);
    return 0;
}
#endif

#if defined(CASE_NESTED)
static void print_address(const char *name, const struct address *address)
{
    printf("%s{\"__EUNOMIA_TYPE\":\"struct\",\"__EUNOMIA_TYPE_NAME\":\"address\",\"family\":%u,\"port\":%u,\"ip\":%u,"
           "\"cookie\":%llu}",
           name, address->family, address->port, address->ip, address->cookie);
}

static int print_nested(void *context, void *data, size_t size)
{
    const struct nested *event = data;
    (void)context;
    (void)size;
    if (json)
        printf("{\"pid\":%u,", event->pid);
    else
        printf("%s  %-5u ", row_clock(tuned), event->pid);
    print_address(json ? "\"source\":" : "", &event->source);
    print_address(json ? ",\"target\":" : " ", &event->target);
    printf(json ? ",\"counts\":[" : " [");
    for (int i = 0; i < 8; i++)
        printf(i ? ",%u" : "%u", event->counts[i]);
    printf(json ? "]}\n" : "]\n");
    return 0;
}
#endif

#if defined(CASE_STRINGS) || defined(CASE_TWO)
static int print_strings(void *context, void *data, size_t size)
{
    const struct strings *event = data;
    (void)context;
    (void)size;
    if (json)
        printf(JSON_MAP("names") "{\"pid\":%u,\"comm\":\"%s\",\"parent\":\"%s\",\"path\":\"%s\",\"target\":\"%s\"}" JSON_END,
               event->pid, event->comm, event->parent, event->path, event->target);
    else if (csv)
        printf(CSV_MAP("names") "%u,%s,%s,%s,%s\n", event->pid, event->comm, event->parent, event->path,
               event->target);
    else
        printf(TEXT_MAP("names") "%s  %-5u %-6s %-6s %-6s %s\n", row_clock(tuned), event->pid, event->comm, event->parent,
               event->path, event->target);
    return 0;
}
#endif

#if defined(CASE_BITS)
static int print_bits(void *context, void *data, size_t size)
{
    const struct bits *event = data;
    (void)context;
    (void)size;
    if (json)
        printf("{\"pid\":%u,\"read\":%u,\"write\":%u,\"execute\":%u,\"mode\":%u,\"level\":%u,\"delta\":%d,"
               "\"serial\":%llu,\"kind\":%u}\n",
               event->pid, event->read, event->write, event->execute, event->mode, event->level, event->delta,
               (unsigned long long)event->serial, (unsigned int)event->kind);
    else
        printf("%s  %-5u %-6u %-6u %-7u %-6u %-6u %-6d %-6llu %u\n", row_clock(tuned), event->pid, event->read,
               event->write, event->execute, event->mode, event->level, event->delta,
               (unsigned long long)event->serial, (unsigned int)event->kind);
    return 0;
}
#endif

#if defined(CASE_FLAT)
static const struct { const char *map; ring_buffer_sample_fn print; } exports[] = {{"flats", print_flat}};
#elif defined(CASE_NESTED)
static const struct { const char *map; ring_buffer_sample_fn print; } exports[] = {{"nesteds", print_nested}};
#elif defined(CASE_STRINGS)
static const struct { const char *map; ring_buffer_sample_fn print; } exports[] = {{"names", print_strings}};
#elif defined(CASE_BITS)
static const struct { const char *map; ring_buffer_sample_fn print; } exports[] = {{"fields", print_bits}};
#elif defined(CASE_TWO)
static const struct { const char *map; ring_buffer_sample_fn print; } exports[] = {
    {"flats", print_flat},
    {"names", print_strings},
};
#endif

int main(int argc, char **argv)
{
    static char buffer[1 << 16];
    struct ring_buffer *rings = NULL;
    struct bpf_program *program;
    struct bpf_object *object;

    if (argc < 3)
        return fprintf(stderr, "usage: printer OBJECT text|json|csv [tuned]\n"), 2;
    json = !strcmp(argv[2], "json");
    csv = !strcmp(argv[2], "csv");
    tuned = argc > 3 && !strcmp(argv[3], "tuned");
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (tuned)
        setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));

    object = bpf_object__open_file(argv[1], NULL);
    if (!object)
        return 1;
    /* __type(value, …) tells a reader what the events are; the kernel takes a ring buffer without a value only. */
    for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++)
        bpf_map__set_value_size(bpf_object__find_map_by_name(object, exports[i].map), 0);
    if (bpf_object__load(object))
        return 1;
    for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++) {
        int fd = bpf_object__find_map_fd_by_name(object, exports[i].map);
        if (!rings)
            rings = ring_buffer__new(fd, exports[i].print, NULL, NULL);
        else if (ring_buffer__add(rings, fd, exports[i].print, NULL))
            return 1;
    }
    program = bpf_object__next_program(object, NULL);
    if (!rings || !program || !bpf_program__attach(program))
        return 1;
    while (!stopped) {
        ring_buffer__poll(rings, 100);
        fflush(stdout);
    }
    ring_buffer__consume(rings);
    fflush(stdout);
    return 0;
}

/*
 * The peer: a C program with libbpf and printf. printer OBJECT text|json [tuned]
 * As the libbpf tools are written, it asks localtime(3) for each row. `tuned` is what a careful programmer makes
 * of it: the time is formatted once a second, and standard output has a larger buffer.
 */
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "events.h"
#include "row-clock.h"

static volatile sig_atomic_t stopped;
static int json, tuned;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static int print(void *context, void *data, size_t size)
{
    const struct event *event = data;
    (void)context;
    (void)size;
    if (json)
        printf("{\"pid\":%d,\"ppid\":%d,\"exit_code\":%u,\"duration_ns\":%llu,\"comm\":\"%s\",\"filename\":\"%s\","
               "\"exit_event\":%s}\n",
               event->pid, event->ppid, event->exit_code, event->duration_ns, event->comm, event->filename,
               event->exit_event ? "true" : "false");
    else
        printf("%s  %-6d %-6d %-9u %-11llu %-6s %-8s %s\n", row_clock(tuned), event->pid, event->ppid,
               event->exit_code, event->duration_ns, event->comm, event->filename,
               event->exit_event ? "true" : "false");
    return 0;
}

int main(int argc, char **argv)
{
    static char buffer[1 << 16];
    struct bpf_object *object;
    struct bpf_program *program;
    struct bpf_map *map;
    struct ring_buffer *ring;

    if (argc < 3)
        return fprintf(stderr, "usage: printer OBJECT text|json [tuned]\n"), 2;
    json = !strcmp(argv[2], "json");
    tuned = argc > 3 && !strcmp(argv[3], "tuned");
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (tuned)
        setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));

    object = bpf_object__open_file(argv[1], NULL);
    if (!object || bpf_object__load(object))
        return 1;
    map = bpf_object__find_map_by_name(object, "events");
    program = bpf_object__next_program(object, NULL);
    ring = map ? ring_buffer__new(bpf_map__fd(map), print, NULL, NULL) : NULL;
    if (!ring || !program || !bpf_program__attach(program))
        return 1;
    if (!json)
        printf("TIME     PID    PPID   EXIT_CODE DURATION_NS COMM   FILENAME EXIT_EVENT \n");
    fflush(stdout);
    while (!stopped) {
        ring_buffer__poll(ring, 100);
        fflush(stdout);
    }
    ring_buffer__consume(ring);
    fflush(stdout);
    return 0;
}

/*
 * The peer: a C program with libbpf that prints a map's entries as fast as plain C does: batches of look-ups, printf,
 * a large buffer for standard output. printer OBJECT text|json
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "entries.h"

#define BATCH 16384

static volatile sig_atomic_t stopped;
static struct task_key keys[BATCH];
static struct task_value values[BATCH];

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static void print(const struct task_key *key, const struct task_value *value, int json, const char *time)
{
    if (json)
        printf("{\"key\":{\"pid\":%u,\"cpu\":%u},\"value\":{\"count\":%llu,\"total_ns\":%llu,\"comm\":\"%.16s\"}}\n",
               key->pid, key->cpu, value->count, value->total_ns, value->comm);
    else
        printf("%s  {\"pid\":%u,\"cpu\":%u} {\"count\":%llu,\"total_ns\":%llu,\"comm\":\"%.16s\"}\n", time, key->pid,
               key->cpu, value->count, value->total_ns, value->comm);
}

static int sample(int fd, int json)
{
    char text[16];
    time_t now = time(NULL);
    __u32 place, count;
    void *from = NULL;
    int result;

    strftime(text, sizeof(text), "%H:%M:%S", localtime(&now));
    do {
        count = BATCH;
        result = bpf_map_lookup_batch(fd, from, &place, keys, values, &count, NULL);
        if (result && result != -ENOENT)
            return result;
        for (__u32 index = 0; index < count; index++)
            print(&keys[index], &values[index], json, text);
        from = &place;
    } while (!result && !stopped);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    static char buffer[1 << 17];
    struct bpf_object *object;
    struct bpf_map *map;
    int json;

    if (argc < 3)
        return fprintf(stderr, "usage: printer OBJECT text|json\n"), 2;
    json = !strcmp(argv[2], "json");
    signal(SIGINT, stop);
    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    object = bpf_object__open_file(argv[1], NULL);
    if (!object || bpf_object__load(object))
        return 1;
    map = bpf_object__find_map_by_name(object, "entries");
    if (!map || !bpf_program__attach(bpf_object__next_program(object, NULL)))
        return 1;
    while (!stopped) {
        usleep(1000);
        if (sample(bpf_map__fd(map), json))
            return 1;
    }
    return 0;
}

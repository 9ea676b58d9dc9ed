/*
 * generator RATE SECONDS: calls getsid(2) RATE times a second, evenly, for SECONDS.
 * generator burst COUNT:  calls it COUNT times as fast as it can.
 * Prints how many calls it made and the seconds they took.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fire(long count)
{
    for (long i = 0; i < count; i++)
        syscall(SYS_getsid, 0);
}

/* Catches up with the schedule each half millisecond, so the load is even and not one burst a second. */
static long fire_paced(double rate, double seconds)
{
    const struct timespec pause = {.tv_nsec = 500000};
    double start = now();
    long total = rate * seconds, fired = 0;

    while (fired < total) {
        long due = (now() - start) * rate;
        if (due > total)
            due = total;
        if (due > fired) {
            fire(due - fired);
            fired = due;
        } else {
            nanosleep(&pause, NULL);
        }
        /* A machine too slow for the rate ends on time with fewer events, and says so. */
        if (now() - start > seconds * 1.02)
            break;
    }
    return fired;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return fprintf(stderr, "usage: generator RATE SECONDS | generator burst COUNT\n"), 2;
    double start = now();
    long fired = 0;
    if (!strcmp(argv[1], "burst")) {
        fired = atol(argv[2]);
        fire(fired);
    } else {
        fired = fire_paced(atof(argv[1]), atof(argv[2]));
    }
    printf("%ld %.4f\n", fired, now() - start);
    return 0;
}

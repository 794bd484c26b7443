/* Loaded into a program by LD_PRELOAD: one of its clocks jumps, the machine's go on as ever.
 *
 * JUMP_CLOCK    the clock, by its number
 * JUMP_SECONDS  how far
 * JUMP_AFTER    behind how many readings of that clock
 * JUMP_SWINGS   if set, it jumps back with the next reading, and so on
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static atomic_long readings;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

/* How far the clock is off with this reading, in seconds. */
static long jump(clockid_t clock) {
    if (!getenv("JUMP_CLOCK") || clock != number("JUMP_CLOCK")) return 0;
    long behind = atomic_fetch_add(&readings, 1) - number("JUMP_AFTER");
    if (behind < 0) return 0;
    return getenv("JUMP_SWINGS") && behind % 2 ? -number("JUMP_SECONDS") : number("JUMP_SECONDS");
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    long result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0) now->tv_sec += jump(clock);
    return (int)result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return (time_t)-1;
    if (now) *now = exact.tv_sec;
    return exact.tv_sec;
}

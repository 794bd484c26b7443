/* Memory, the log, and sizes that are checked. */
#define _POSIX_C_SOURCE 200809L /* for files, under -std=c11 too */
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void cb_log(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void cb_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("error: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

size_t cb_plus(size_t a, size_t b) {
    size_t sum = a + b;
    if (sum < a)
        cb_fail("a size does not fit in memory");
    return sum;
}

size_t cb_times(size_t a, size_t b) {
    if (b != 0 && a > SIZE_MAX / b)
        cb_fail("a size does not fit in memory");
    return a * b;
}

size_t cb_size(int64_t value, const char *what) {
    if (value < 0 || (uint64_t)value > (uint64_t)(SIZE_MAX / 2))
        cb_fail("%s is %lld, which is no size", what, (long long)value);
    return (size_t)value;
}

void *cb_alloc(size_t count, size_t size) {
    /* One byte at least, so that NULL always means that there is no memory. */
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (memory == NULL)
        cb_fail("out of memory: no room for %zu times %zu bytes", count, size);
    return memory;
}

size_t cb_append(cb_buffer *buffer, const void *bytes, size_t size) {
    size_t at = buffer->size;
    size_t end = cb_plus(at, size);
    if (end > buffer->room) {
        size_t room = end < 256 ? 256 : cb_plus(end, end / 2);
        uint8_t *data = realloc(buffer->data, room);
        if (data == NULL)
            cb_fail("out of memory: no room for %zu bytes", room);
        buffer->data = data;
        buffer->room = room;
    }
    if (bytes != NULL)
        memcpy(buffer->data + at, bytes, size);
    else if (size != 0)
        memset(buffer->data + at, 0, size);
    buffer->size = end;
    return at;
}

/* One block of the size that the file has, so that a large table is read in one go and never moved. */
cb_buffer cb_read_descriptor(int descriptor, const char *name) {
    cb_buffer buffer = {0};
    struct stat status;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
        buffer.room = cb_plus(cb_size(status.st_size, "the size of a file"), 1);
    if (buffer.room < 4096)
        buffer.room = 4096;
    buffer.data = malloc(buffer.room);
    for (;;) {
        if (buffer.data == NULL)
            cb_fail("out of memory: no room for the %zu bytes of %s", buffer.room, name);
        ssize_t got = read(descriptor, buffer.data + buffer.size, buffer.room - buffer.size);
        if (got == 0)
            return buffer;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            cb_fail("cannot read %s: %s", name, strerror(errno));
        buffer.size += (size_t)got;
        if (buffer.size == buffer.room) {
            buffer.room = cb_times(buffer.room, 2);
            buffer.data = realloc(buffer.data, buffer.room);
        }
    }
}

cb_text cb_text_of(const char *zero_terminated) {
    return (cb_text){zero_terminated, strlen(zero_terminated)};
}

bool cb_text_equal(cb_text a, cb_text b) {
    if (a.bytes == NULL || b.bytes == NULL)
        return a.bytes == b.bytes;
    return a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0;
}

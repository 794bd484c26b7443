/* The files that the host handed over, as memory: their pages are mapped where the host can do that, so that nothing is copied and
 * what is not looked at is never read. */
#define _POSIX_C_SOURCE 200809L /* for files, under -std=c11 too */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __wasm__

#define IMPORT(name) __attribute__((import_module("crunchbox_v1"), import_name(name)))

IMPORT("input_size") int64_t cb_input_size(const char *name, size_t name_bytes);
IMPORT("map_input") int32_t cb_map_input(const char *name, size_t name_bytes, void *address, size_t length);

enum { PLACE_BYTES = 64 << 10 };

/* The file's pages in memory of our own allocator's, which must not be written to; no data if the host maps none. */
static cb_buffer map(cb_text name) {
    int64_t size = cb_input_size(name.bytes, name.size);
    if (size <= 0 || (uint64_t)size > SIZE_MAX - PLACE_BYTES)
        return (cb_buffer){0};
    size_t taken = ((size_t)size + PLACE_BYTES - 1) / PLACE_BYTES * PLACE_BYTES;
    uint8_t *place = aligned_alloc(PLACE_BYTES, taken);
    if (place == NULL)
        return (cb_buffer){0};
    if (cb_map_input(name.bytes, name.size, place, (size_t)size) != 0) {
        free(place);
        return (cb_buffer){0};
    }
    return (cb_buffer){.data = place, .size = (size_t)size, .room = (size_t)size};
}

#else

/* Outside of a sandbox there is no host to ask. */
static cb_buffer map(cb_text name) {
    (void)name;
    return (cb_buffer){0};
}

#endif

const char *cb_path_of(cb_text folder, cb_text name) {
    if (name.size == 0 || name.bytes[0] == '.' || memchr(name.bytes, '/', name.size) != NULL ||
        memchr(name.bytes, '\\', name.size) != NULL || memchr(name.bytes, 0, name.size) != NULL)
        cb_fail("the request names the file \"%.*s\", which is not a plain file name", (int)name.size,
                name.bytes == NULL ? "" : name.bytes);
    if (folder.bytes == NULL || memchr(folder.bytes, 0, folder.size) != NULL)
        cb_fail("the request names no folder for its inputs");
    char *path = cb_alloc(cb_plus(cb_plus(folder.size, name.size), 2), 1);
    cb_copy(path, folder.bytes, folder.size);
    path[folder.size] = '/';
    cb_copy(path + folder.size + 1, name.bytes, name.size);
    return path;
}

cb_buffer cb_read_file(cb_text basedir, cb_text filename) {
    /* It refuses what is no plain name. */
    const char *path = cb_path_of(basedir, filename);
    cb_buffer mapped = map(filename);
    if (mapped.data != NULL)
        return mapped;
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0)
        cb_fail("cannot open %s: %s", path, strerror(errno));
    cb_buffer bytes = cb_read_descriptor(descriptor, path);
    close(descriptor);
    return bytes;
}

cb_text cb_read_input(cb_text basedir, cb_text filename) {
    cb_buffer bytes = cb_read_file(basedir, filename);
    return (cb_text){bytes.size == 0 ? "" : (const char *)bytes.data, bytes.size};
}

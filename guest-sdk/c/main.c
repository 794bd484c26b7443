/* The program around a step's render(): one request from standard input, one result to standard output. */
#define _POSIX_C_SOURCE 200809L /* for files, under -std=c11 too */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A path that the contract's names make. The host is to send plain names; one that leaves its folder is a mistake. */
static const char *path_of(cb_text folder, cb_text name) {
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

static cb_table read_input(const cb_request *request) {
    if (request->input_filename.size == 0)
        return (cb_table){0};
    const char *path = path_of(request->basedir, request->input_filename);
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0)
        cb_fail("cannot open %s: %s", path, strerror(errno));
    return cb_read_table(cb_read_descriptor(descriptor, path), path);
}

static cb_buffer answer_render(void) {
    cb_request request = cb_read_render_request(cb_read_descriptor(STDIN_FILENO, "the request"));
    const char *output_path = path_of(cb_text_of("/out"), request.output_filename);
    cb_table input = read_input(&request);
    cb_result result = {0};
    cb_table output = render(&request, &input, &result);
    /* No file is the contract's table without columns. */
    if (output.column_count != 0)
        cb_write_table(&output, output_path);
    return cb_write_render_result(&result);
}

static cb_buffer answer_migrate(void) {
    cb_json params = cb_read_migrate_request(cb_read_descriptor(STDIN_FILENO, "the request"));
    cb_json migrated = migrate_params(&params);
    return cb_write_migrate_result(&migrated);
}

cb_text cb_read_input(cb_text basedir, cb_text filename) {
    const char *path = path_of(basedir, filename);
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0)
        cb_fail("cannot open %s: %s", path, strerror(errno));
    cb_buffer bytes = cb_read_descriptor(descriptor, path);
    return (cb_text){bytes.size == 0 ? "" : (const char *)bytes.data, bytes.size};
}

static cb_buffer answer_fetch(void) {
    cb_fetch_request request = cb_read_fetch_request(cb_read_descriptor(STDIN_FILENO, "the request"));
    const char *output_path = path_of(cb_text_of("/out"), request.output_filename);
    cb_result result = {0};
    cb_text fetched = fetch(&request, &result);
    if (fetched.size == 0)
        return cb_write_fetch_result((cb_text){"", 0}, &result);
    FILE *output = fopen(output_path, "wb");
    if (output == NULL || fwrite(fetched.bytes, 1, fetched.size, output) != fetched.size || fclose(output) != 0)
        cb_fail("cannot write %s: %s", output_path, strerror(errno));
    return cb_write_fetch_result(request.output_filename, &result);
}

int main(int argc, char **argv) {
    const char *call = argc > 1 ? argv[1] : "";
    cb_buffer answer = {0};
    if (strcmp(call, "render") == 0)
        answer = answer_render();
    else if (strcmp(call, "migrate-params") == 0)
        answer = answer_migrate();
    else if (strcmp(call, "validate") == 0)
        answer = cb_write_validate_result();
    else if (strcmp(call, "fetch") == 0)
        answer = answer_fetch();
    else
        cb_fail("the second argument is \"%s\", not render, migrate-params, validate or fetch: a step is run by a host, "
                "as `crunchbox run` is one",
                call);
    if (fwrite(answer.data, 1, answer.size, stdout) != answer.size || fflush(stdout) != 0)
        cb_fail("cannot write the result: %s", strerror(errno));
    return EXIT_SUCCESS;
}

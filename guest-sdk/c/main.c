/* The program around a step's render(): one request from standard input, one result to standard output. */
#define _POSIX_C_SOURCE 200809L /* for files, under -std=c11 too */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static cb_table read_input(const cb_request *request) {
    if (request->input_filename.size == 0)
        return (cb_table){0};
    cb_buffer file = cb_read_file(request->basedir, request->input_filename);
    return cb_read_table(file, cb_path_of(request->basedir, request->input_filename));
}

static cb_buffer answer_render(void) {
    cb_request request = cb_read_render_request(cb_read_descriptor(STDIN_FILENO, "the request"));
    const char *output_path = cb_path_of(cb_text_of("/out"), request.output_filename);
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

static cb_buffer answer_fetch(void) {
    cb_fetch_request request = cb_read_fetch_request(cb_read_descriptor(STDIN_FILENO, "the request"));
    const char *output_path = cb_path_of(cb_text_of("/out"), request.output_filename);
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

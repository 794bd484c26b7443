/* A step that fetches: what the last fetch left, and behind it a file with what it was signed with. Its table is the lines of that,
 * with the file's param beside them. ../fetch-rust is the same in Rust. */
#include "crunchbox.h"

static cb_text join(cb_text a, cb_text b) {
    char *bytes = cb_alloc(a.size + b.size + 1, 1);
    if (a.size != 0)
        memcpy(bytes, a.bytes, a.size);
    if (b.size != 0)
        memcpy(bytes + a.size, b.bytes, b.size);
    return (cb_text){bytes, a.size + b.size};
}

static cb_text text_param(const cb_json *params, const char *name) {
    const cb_json *param = cb_json_get(params, name);
    return param != NULL && param->kind == CB_JSON_TEXT ? param->text : (cb_text){"", 0};
}

cb_text fetch(const cb_fetch_request *request, cb_result *result) {
    cb_text uuid = text_param(&request->params, "file");
    const cb_file *file = NULL;
    for (size_t i = 0; i < request->file_count; i++)
        if (cb_text_equal(request->files[i].uuid, uuid))
            file = &request->files[i];
    if (file == NULL) {
        cb_error *error = cb_add_error(result, "fetch.noFile");
        cb_set_source(cb_error_message(error), "module");
        cb_add_text(cb_error_message(error), "file", uuid);
        return (cb_text){0};
    }

    cb_text bytes = {"", 0};
    if (request->last_filename.bytes != NULL)
        bytes = cb_read_input(request->basedir, request->last_filename);
    bytes = join(bytes, cb_read_input(request->basedir, file->filename));
    const cb_json *key = cb_json_get(&request->secrets, "key");
    if (key == NULL || key->kind != CB_JSON_MAP) {
        cb_set_source(cb_error_message(cb_add_error(result, "fetch.noKey")), "module");
        return bytes;
    }
    return join(join(join(bytes, cb_text_of("signed ")), text_param(key, "secret")), cb_text_of("\n"));
}

cb_table render(const cb_request *request, const cb_table *input, cb_result *result) {
    (void)input;
    if (request->fetched_filename.bytes == NULL) {
        cb_set_source(cb_error_message(cb_add_error(result, "render.nothingFetched")), "module");
        return (cb_table){0};
    }
    cb_text text = cb_read_input(request->basedir, request->fetched_filename);
    cb_text *lines = cb_alloc(text.size + 1, sizeof *lines), *params = cb_alloc(text.size + 1, sizeof *params);
    size_t rows = 0, start = 0;
    for (size_t i = 0; i < text.size; i++)
        if (text.bytes[i] == '\n') {
            params[rows] = text_param(&request->params, "file");
            lines[rows++] = (cb_text){text.bytes + start, i - start};
            start = i + 1;
        }

    cb_column *columns = cb_alloc(2, sizeof *columns);
    columns[0] = cb_text_column("line", lines, rows);
    columns[1] = cb_text_column("params", params, rows);
    return (cb_table){.rows = rows, .column_count = 2, .columns = columns};
}

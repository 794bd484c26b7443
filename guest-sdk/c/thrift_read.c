/* Reads requests: Thrift's binary protocol, big-endian. Nothing is read outside the bytes, room is made only for elements that the
 * bytes left can hold, and nesting has a limit. Fields that are unknown or of another type than expected are skipped. */
#include "internal.h"
#include "thrift.h"

enum { DEEPEST = 100 };

typedef struct {
    const uint8_t *data;
    size_t size, at;
} reader;

/* ---- Values ---- */

static const uint8_t *take(reader *from, size_t size) {
    if (size > from->size - from->at)
        cb_fail("the request is cut short: at byte %zu of %zu, %zu more are needed", from->at, from->size, size);
    from->at += size;
    return from->data + (from->at - size);
}

static uint64_t take_uint(reader *from, size_t size) {
    const uint8_t *bytes = take(from, size);
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static double take_double(reader *from) {
    uint64_t bits = take_uint(from, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static size_t take_count(reader *from) {
    return cb_size((int32_t)take_uint(from, 4), "a count in the request");
}

/* A count of elements of one byte each at least. */
static size_t take_element_count(reader *from) {
    size_t count = take_count(from);
    if (count > from->size - from->at)
        cb_fail("the request is cut short: at byte %zu, %zu elements are said to follow", from->at, count);
    return count;
}

static cb_text take_text(reader *from) {
    size_t size = take_count(from);
    return (cb_text){(const char *)take(from, size), size};
}

static void check_depth(const reader *from, int depth) {
    if (depth > DEEPEST)
        cb_fail("the request is nested too deeply at byte %zu", from->at);
}

/* Reads a field's type and id; false at the end of the struct. */
static bool take_field(reader *from, int *type, int *id) {
    *type = (int)take_uint(from, 1);
    if (*type == T_STOP)
        return false;
    *id = (int16_t)take_uint(from, 2);
    return true;
}

static void skip(reader *from, int type, int depth) {
    check_depth(from, depth);
    int field_type, id, key, value;
    switch (type) {
    case T_BOOL:
    case T_BYTE:
        take(from, 1);
        return;
    case T_I16:
        take(from, 2);
        return;
    case T_I32:
        take(from, 4);
        return;
    case T_DOUBLE:
    case T_I64:
        take(from, 8);
        return;
    case T_UUID:
        take(from, 16);
        return;
    case T_STRING:
        take_text(from);
        return;
    case T_STRUCT:
        while (take_field(from, &field_type, &id))
            skip(from, field_type, depth + 1);
        return;
    case T_LIST:
    case T_SET:
        value = (int)take_uint(from, 1);
        for (size_t left = take_element_count(from); left > 0; left--)
            skip(from, value, depth + 1);
        return;
    case T_MAP:
        key = (int)take_uint(from, 1);
        value = (int)take_uint(from, 1);
        for (size_t left = take_element_count(from); left > 0; left--) {
            skip(from, key, depth + 1);
            skip(from, value, depth + 1);
        }
        return;
    default:
        cb_fail("the request is no Thrift: byte %zu announces the type %d", from->at, type);
    }
}

/* ---- JSON ---- */

static void take_json(reader *from, cb_json *into, int depth);

static void take_json_list(reader *from, cb_json *into, int depth) {
    int type = (int)take_uint(from, 1);
    size_t count = take_element_count(from);
    if (count != 0 && type != T_STRUCT)
        cb_fail("the request has a list of the type %d at byte %zu, not of JSON", type, from->at);
    cb_json *items = cb_alloc(count, sizeof *items);
    for (size_t i = 0; i < count; i++)
        take_json(from, &items[i], depth + 1);
    *into = cb_json_list(items, count);
}

static void take_json_map(reader *from, cb_json *into, int depth) {
    int key = (int)take_uint(from, 1), value = (int)take_uint(from, 1);
    size_t count = take_element_count(from);
    if (count != 0 && (key != T_STRING || value != T_STRUCT))
        cb_fail("the request has a map of the types %d and %d at byte %zu, not of text and JSON", key, value, from->at);
    cb_text *keys = cb_alloc(count, sizeof *keys);
    cb_json *values = cb_alloc(count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        keys[i] = take_text(from);
        take_json(from, &values[i], depth + 1);
    }
    *into = cb_json_map(keys, values, count);
}

/* The lowest field wins if there are several. */
static void take_json(reader *from, cb_json *into, int depth) {
    check_depth(from, depth);
    int type, id, best = JSON_MAP + 1;
    *into = (cb_json){.kind = CB_JSON_NULL};
    while (take_field(from, &type, &id)) {
        static const int types[] = {[JSON_TEXT] = T_STRING, [JSON_INT] = T_I64,   [JSON_DOUBLE] = T_DOUBLE,
                                    [JSON_BOOL] = T_BOOL,   [JSON_LIST] = T_LIST, [JSON_MAP] = T_MAP};
        if (id < JSON_TEXT || id >= best || type != types[id]) {
            skip(from, type, depth + 1);
            continue;
        }
        best = id;
        if (id == JSON_TEXT)
            *into = cb_json_text(take_text(from));
        else if (id == JSON_INT)
            *into = (cb_json){.kind = CB_JSON_INT, .integer = (int64_t)take_uint(from, 8)};
        else if (id == JSON_DOUBLE)
            *into = (cb_json){.kind = CB_JSON_DOUBLE, .number = take_double(from)};
        else if (id == JSON_BOOL)
            *into = (cb_json){.kind = CB_JSON_BOOL, .boolean = take_uint(from, 1) != 0};
        else if (id == JSON_LIST)
            take_json_list(from, into, depth);
        else
            take_json_map(from, into, depth);
    }
}

/* ---- Requests ---- */

static void check_end(const reader *from) {
    if (from->at != from->size)
        cb_fail("%zu bytes follow the request, which ends at byte %zu", from->size - from->at, from->at);
}

/* The name of the file that a fetch left. */
static cb_text take_fetch_result(reader *from) {
    cb_text filename = {"", 0};
    int type, id;
    while (take_field(from, &type, &id)) {
        if (id == 1 && type == T_STRING)
            filename = take_text(from);
        else
            skip(from, type, 1);
    }
    return filename;
}

cb_request cb_read_render_request(cb_buffer bytes) {
    reader from = {bytes.data, bytes.size, 0};
    cb_request request = {.params = cb_json_map(NULL, NULL, 0)};
    cb_text *texts[] = {[1] = &request.basedir, [2] = &request.input_filename, [4] = &request.tab_name, [6] = &request.output_filename};
    int type, id;
    while (take_field(&from, &type, &id)) {
        if (id == 3 && type == T_MAP)
            take_json_map(&from, &request.params, 0);
        else if (id == 5 && type == T_STRUCT)
            request.fetched_filename = take_fetch_result(&from);
        else if ((id == 1 || id == 2 || id == 4 || id == 6) && type == T_STRING)
            *texts[id] = take_text(&from);
        else
            skip(&from, type, 0);
    }
    check_end(&from);
    return request;
}

cb_json cb_read_migrate_request(cb_buffer bytes) {
    reader from = {bytes.data, bytes.size, 0};
    cb_json params = cb_json_map(NULL, NULL, 0);
    int type, id;
    while (take_field(&from, &type, &id)) {
        if (id == 1 && type == T_MAP)
            take_json_map(&from, &params, 0);
        else
            skip(&from, type, 0);
    }
    check_end(&from);
    return params;
}

static void take_file(reader *from, cb_file *file) {
    int type, id;
    while (take_field(from, &type, &id)) {
        if (id == 1 && type == T_STRING)
            file->name = take_text(from);
        else if (id == 2 && type == T_STRING)
            file->filename = take_text(from);
        else
            skip(from, type, 1);
    }
}

static void take_files(reader *from, cb_fetch_request *request) {
    int key = (int)take_uint(from, 1), value = (int)take_uint(from, 1);
    size_t count = take_element_count(from);
    if (count != 0 && (key != T_STRING || value != T_STRUCT))
        cb_fail("the request has a map of the types %d and %d at byte %zu, not of text and files", key, value, from->at);
    cb_file *files = cb_alloc(count, sizeof *files);
    for (size_t i = 0; i < count; i++) {
        files[i].uuid = take_text(from);
        take_file(from, &files[i]);
    }
    request->files = files;
    request->file_count = count;
}

cb_fetch_request cb_read_fetch_request(cb_buffer bytes) {
    reader from = {bytes.data, bytes.size, 0};
    cb_fetch_request request = {.params = cb_json_map(NULL, NULL, 0), .secrets = cb_json_map(NULL, NULL, 0)};
    int type, id;
    while (take_field(&from, &type, &id)) {
        if (id == 1 && type == T_STRING)
            request.basedir = take_text(&from);
        else if (id == 2 && type == T_MAP)
            take_json_map(&from, &request.params, 0);
        else if (id == 3 && type == T_MAP)
            take_json_map(&from, &request.secrets, 0);
        else if (id == 4 && type == T_STRUCT)
            request.last_filename = take_fetch_result(&from);
        else if (id == 5 && type == T_STRING)
            request.input_parquet_filename = take_text(&from);
        else if (id == 6 && type == T_STRING)
            request.output_filename = take_text(&from);
        else if (id == 7 && type == T_MAP)
            take_files(&from, &request);
        else
            skip(&from, type, 0);
    }
    check_end(&from);
    return request;
}

/* What a step says, and how it is written: Thrift's binary protocol, big-endian. */
#include "internal.h"
#include "thrift.h"

/* ---- Messages, errors and quick fixes, as lists that keep their order ---- */

typedef struct argument {
    const char *name;
    enum { ARGUMENT_TEXT = 1, ARGUMENT_INT = 2, ARGUMENT_DOUBLE = 3 } kind; /* its field's id */
    cb_text text;
    int32_t integer;
    double number;
    struct argument *next;
} argument;

struct cb_message {
    const char *id;
    const char *source;
    argument *first, *last;
    size_t count;
};

typedef struct quick_fix {
    cb_message button;
    const char *module;
    cb_json params;
    struct quick_fix *next;
} quick_fix;

struct cb_error {
    cb_message message;
    quick_fix *first, *last;
    size_t count;
    struct cb_error *next;
};

cb_error *cb_add_error(cb_result *result, const char *id) {
    cb_error *error = cb_alloc(1, sizeof *error);
    error->message.id = id;
    if (result->last_error == NULL)
        result->first_error = error;
    else
        result->last_error->next = error;
    result->last_error = error;
    return error;
}

cb_message *cb_error_message(cb_error *error) {
    return &error->message;
}

cb_message *cb_add_quick_fix(cb_error *error, const char *button_id, const char *module, cb_json params) {
    quick_fix *fix = cb_alloc(1, sizeof *fix);
    fix->button.id = button_id;
    fix->module = module;
    fix->params = params;
    if (error->last == NULL)
        error->first = fix;
    else
        error->last->next = fix;
    error->last = fix;
    error->count++;
    return &fix->button;
}

void cb_set_source(cb_message *message, const char *source) {
    message->source = source;
}

static argument *add_argument(cb_message *message, const char *name, int kind) {
    argument *added = cb_alloc(1, sizeof *added);
    added->name = name;
    added->kind = kind;
    if (message->last == NULL)
        message->first = added;
    else
        message->last->next = added;
    message->last = added;
    message->count++;
    return added;
}

void cb_add_text(cb_message *message, const char *name, cb_text value) {
    add_argument(message, name, ARGUMENT_TEXT)->text = value;
}

void cb_add_int(cb_message *message, const char *name, int32_t value) {
    add_argument(message, name, ARGUMENT_INT)->integer = value;
}

void cb_add_double(cb_message *message, const char *name, double value) {
    add_argument(message, name, ARGUMENT_DOUBLE)->number = value;
}

/* ---- Values ---- */

static void put_uint(cb_buffer *out, uint64_t value, size_t size) {
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    cb_append(out, bytes, size);
}

static void put_double(cb_buffer *out, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_uint(out, bits, 8);
}

static void put_count(cb_buffer *out, size_t count) {
    if (count > INT32_MAX)
        cb_fail("the result holds %zu bytes or elements in one place, more than a message can", count);
    put_uint(out, count, 4);
}

static void put_text(cb_buffer *out, cb_text text) {
    put_count(out, text.size);
    cb_append(out, text.size == 0 ? NULL : text.bytes, text.size);
}

static void put_field(cb_buffer *out, int type, int id) {
    put_uint(out, (uint64_t)type, 1);
    put_uint(out, (uint64_t)id, 2);
}

static void put_stop(cb_buffer *out) {
    put_uint(out, T_STOP, 1);
}

static void put_text_field(cb_buffer *out, int id, cb_text text) {
    put_field(out, T_STRING, id);
    put_text(out, text);
}

static void put_list_header(cb_buffer *out, size_t count) {
    put_uint(out, T_STRUCT, 1);
    put_count(out, count);
}

static void put_map_header(cb_buffer *out, size_t count) {
    put_uint(out, T_STRING, 1);
    put_uint(out, T_STRUCT, 1);
    put_count(out, count);
}

/* ---- JSON ---- */

static void put_json(cb_buffer *out, const cb_json *json);

/* What follows the field's header for a map; null stands for an empty one. */
static void put_json_map(cb_buffer *out, const cb_json *json) {
    size_t count = json->kind == CB_JSON_MAP ? json->count : 0;
    put_map_header(out, count);
    for (size_t i = 0; i < count; i++) {
        put_text(out, json->keys[i]);
        put_json(out, &json->items[i]);
    }
}

static void put_json(cb_buffer *out, const cb_json *json) {
    switch (json->kind) {
    case CB_JSON_NULL:
        break;
    case CB_JSON_TEXT:
        put_text_field(out, JSON_TEXT, json->text);
        break;
    case CB_JSON_INT:
        put_field(out, T_I64, JSON_INT);
        put_uint(out, (uint64_t)json->integer, 8);
        break;
    case CB_JSON_DOUBLE:
        put_field(out, T_DOUBLE, JSON_DOUBLE);
        put_double(out, json->number);
        break;
    case CB_JSON_BOOL:
        put_field(out, T_BOOL, JSON_BOOL);
        put_uint(out, json->boolean, 1);
        break;
    case CB_JSON_LIST:
        put_field(out, T_LIST, JSON_LIST);
        put_list_header(out, json->count);
        for (size_t i = 0; i < json->count; i++)
            put_json(out, &json->items[i]);
        break;
    case CB_JSON_MAP:
        put_field(out, T_MAP, JSON_MAP);
        put_json_map(out, json);
        break;
    }
    put_stop(out);
}

/* ---- Results ---- */

static void put_message(cb_buffer *out, const cb_message *message) {
    put_text_field(out, 1, cb_text_of(message->id));
    put_field(out, T_MAP, 2);
    put_map_header(out, message->count);
    for (const argument *a = message->first; a != NULL; a = a->next) {
        put_text(out, cb_text_of(a->name));
        if (a->kind == ARGUMENT_TEXT)
            put_text_field(out, a->kind, a->text);
        else if (a->kind == ARGUMENT_INT) {
            put_field(out, T_I32, a->kind);
            put_uint(out, (uint32_t)a->integer, 4);
        } else {
            put_field(out, T_DOUBLE, a->kind);
            put_double(out, a->number);
        }
        put_stop(out);
    }
    if (message->source != NULL)
        put_text_field(out, 3, cb_text_of(message->source));
    put_stop(out);
}

static void put_quick_fix(cb_buffer *out, const quick_fix *fix) {
    put_field(out, T_STRUCT, 1);
    put_message(out, &fix->button);
    put_field(out, T_STRUCT, 2); /* the action, of which there is one kind: */
    put_field(out, T_STRUCT, 1); /* to put a step before this one */
    put_text_field(out, 1, cb_text_of(fix->module));
    put_field(out, T_MAP, 2);
    put_json_map(out, &fix->params);
    put_stop(out);
    put_stop(out);
    put_stop(out);
}

static void put_error(cb_buffer *out, const cb_error *error) {
    put_field(out, T_STRUCT, 1);
    put_message(out, &error->message);
    put_field(out, T_LIST, 2);
    put_list_header(out, error->count);
    for (const quick_fix *fix = error->first; fix != NULL; fix = fix->next)
        put_quick_fix(out, fix);
    put_stop(out);
}

static size_t count_errors(const cb_result *result) {
    size_t count = 0;
    for (const cb_error *error = result->first_error; error != NULL; error = error->next)
        count++;
    return count;
}

cb_buffer cb_write_fetch_result(cb_text filename, const cb_result *result) {
    cb_buffer out = {0};
    put_text_field(&out, 1, filename);
    put_field(&out, T_LIST, 2);
    put_list_header(&out, count_errors(result));
    for (const cb_error *error = result->first_error; error != NULL; error = error->next) {
        put_field(&out, T_STRUCT, 1);
        put_message(&out, &error->message);
        put_stop(&out);
    }
    put_stop(&out);
    return out;
}

cb_buffer cb_write_render_result(const cb_result *result) {
    cb_buffer out = {0};
    put_field(&out, T_LIST, 1);
    put_list_header(&out, count_errors(result));
    for (const cb_error *error = result->first_error; error != NULL; error = error->next)
        put_error(&out, error);
    put_field(&out, T_MAP, 2);
    put_json_map(&out, &result->json);
    put_stop(&out);
    return out;
}

cb_buffer cb_write_migrate_result(const cb_json *params) {
    cb_buffer out = {0};
    put_field(&out, T_MAP, 1);
    put_json_map(&out, params);
    put_stop(&out);
    return out;
}

cb_buffer cb_write_validate_result(void) {
    cb_buffer out = {0};
    put_stop(&out);
    return out;
}

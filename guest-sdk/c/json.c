/* JSON values. */
#include "internal.h"

const cb_json *cb_json_get(const cb_json *json, const char *key) {
    if (json->kind == CB_JSON_MAP)
        for (size_t i = 0; i < json->count; i++)
            if (cb_text_equal(json->keys[i], cb_text_of(key)))
                return &json->items[i];
    return NULL;
}

cb_json cb_json_text(cb_text text) {
    return (cb_json){.kind = CB_JSON_TEXT, .text = text};
}

cb_json cb_json_list(const cb_json *items, size_t count) {
    return (cb_json){.kind = CB_JSON_LIST, .items = items, .count = count};
}

cb_json cb_json_map(const cb_text *keys, const cb_json *values, size_t count) {
    return (cb_json){.kind = CB_JSON_MAP, .keys = keys, .items = values, .count = count};
}

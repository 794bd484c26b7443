/* Arrow's types that have no parts: what their tables in the schema hold, and how their cells lie in memory. */
#include "internal.h"

const uint8_t cb_nothing[8] = {0};

static const cb_type_form forms[] = {
    [CB_NULL] = {"null", {0}, {0}},
    [CB_INT] = {"int", {CB_SLOT_INT, CB_SLOT_BOOL}, {0}},
    [CB_FLOAT] = {"float", {CB_SLOT_SHORT}, {0}},
    [CB_BINARY] = {"binary", {0}, {0}},
    [CB_UTF8] = {"utf8", {0}, {0}},
    [CB_BOOL] = {"bool", {0}, {0}},
    [CB_DECIMAL] = {"decimal", {CB_SLOT_INT, CB_SLOT_INT, CB_SLOT_INT}, {0, 0, 128}},
    [CB_DATE] = {"date", {CB_SLOT_SHORT}, {1}},
    [CB_TIME] = {"time", {CB_SLOT_SHORT, CB_SLOT_INT}, {1, 32}},
    [CB_TIMESTAMP] = {"timestamp", {CB_SLOT_SHORT, CB_SLOT_TEXT}, {0}},
    [CB_INTERVAL] = {"interval", {CB_SLOT_SHORT}, {0}},
    [CB_FIXED_SIZE_BINARY] = {"fixed_size_binary", {CB_SLOT_INT}, {0}},
    [CB_DURATION] = {"duration", {CB_SLOT_SHORT}, {1}},
    [CB_LARGE_BINARY] = {"large_binary", {0}, {0}},
    [CB_LARGE_UTF8] = {"large_utf8", {0}, {0}},
};

const cb_type_form *cb_form_of(int id) {
    if (id < 0 || (size_t)id >= sizeof forms / sizeof forms[0] || forms[id].name == NULL)
        return NULL;
    return &forms[id];
}

cb_layout cb_layout_of(const cb_type *type) {
    switch (type->id) {
    case CB_NULL:
        return CB_NOTHING;
    case CB_BOOL:
        return CB_BITS;
    case CB_BINARY:
    case CB_UTF8:
        return CB_OFFSETS32;
    case CB_LARGE_BINARY:
    case CB_LARGE_UTF8:
        return CB_OFFSETS64;
    default:
        return CB_FIXED;
    }
}

size_t cb_width_of(const cb_type *type) {
    switch (type->id) {
    case CB_INT:
        return (size_t)type->number[0] / 8;
    case CB_FLOAT:
        return (size_t)2 << type->number[0];
    case CB_DECIMAL:
        return (size_t)type->number[2] / 8;
    case CB_DATE:
        return type->number[0] == 0 ? 4 : 8;
    case CB_TIME:
        return (size_t)type->number[1] / 8;
    case CB_INTERVAL:
        return (size_t)4 << type->number[0];
    case CB_FIXED_SIZE_BINARY:
        return (size_t)type->number[0];
    case CB_BINARY:
    case CB_UTF8:
        return 4;
    default: /* timestamp, duration, and the offsets of the large types */
        return 8;
    }
}

static bool one_of(int32_t value, int32_t a, int32_t b, int32_t c, int32_t d) {
    return value == a || value == b || value == c || value == d;
}

void cb_check_type(const cb_type *type, cb_text column) {
    const int32_t *n = type->number;
    bool good = true;
    switch (type->id) {
    case CB_INT:
        good = one_of(n[0], 8, 16, 32, 64);
        break;
    case CB_FLOAT:
    case CB_INTERVAL:
        good = n[0] >= 0 && n[0] <= 2;
        break;
    case CB_DECIMAL:
        good = one_of(n[2], 32, 64, 128, 256);
        break;
    case CB_DATE:
        good = n[0] == 0 || n[0] == 1;
        break;
    case CB_TIME:
        good = n[0] >= 0 && n[0] <= 3 && n[1] == (n[0] <= 1 ? 32 : 64);
        break;
    case CB_TIMESTAMP:
    case CB_DURATION:
        good = n[0] >= 0 && n[0] <= 3;
        break;
    case CB_FIXED_SIZE_BINARY:
        good = n[0] >= 0;
        break;
    default:
        break;
    }
    if (!good)
        cb_fail("column \"%.*s\": its type, %s, has the numbers %d, %d, %d, which Arrow does not know", (int)column.size,
                column.bytes, cb_form_of(type->id)->name, (int)n[0], (int)n[1], (int)n[2]);
}

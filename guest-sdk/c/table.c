/* Tables in memory: reading cells, taking rows, making columns. */
#include "internal.h"

#include <math.h>

const cb_column *cb_find_column(const cb_table *table, cb_text name) {
    for (size_t i = 0; i < table->column_count; i++)
        if (cb_text_equal(table->columns[i].name, name))
            return &table->columns[i];
    return NULL;
}

/* ---- Cells ---- */

static const cb_column *values_of(const cb_column *column) {
    return column->dictionary != NULL ? column->dictionary : column;
}

bool cb_is_text(const cb_column *column) {
    cb_type_id id = values_of(column)->type.id;
    return id == CB_UTF8 || id == CB_LARGE_UTF8;
}

bool cb_is_null(const cb_column *column, size_t row) {
    if (column->type.id == CB_NULL || (column->validity != NULL && !cb_bit(column->validity, row)))
        return true;
    return column->dictionary != NULL && cb_is_null(column->dictionary, (size_t)cb_index_at(column, row));
}

static int64_t load_int(const uint8_t *from, size_t width, bool is_signed) {
    switch (width) {
    case 1:
        return is_signed ? (int64_t)(int8_t)*from : (int64_t)*from;
    case 2:
        return is_signed ? (int64_t)(int16_t)cb_load16(from) : (int64_t)cb_load16(from);
    case 4:
        return is_signed ? (int64_t)(int32_t)cb_load32(from) : (int64_t)cb_load32(from);
    default:
        return (int64_t)cb_load64(from);
    }
}

uint64_t cb_index_at(const cb_column *column, size_t row) {
    size_t width = cb_width_of(&column->type);
    return (uint64_t)load_int(column->values + row * width, width, column->type.number[1] != 0);
}

size_t cb_offset_at(const cb_column *column, size_t row) {
    if (cb_layout_of(&column->type) == CB_OFFSETS32)
        return cb_load32(column->values + row * 4);
    return (size_t)cb_load64(column->values + row * 8);
}

cb_text cb_text_at(const cb_column *column, size_t row) {
    if (cb_is_null(column, row))
        return (cb_text){NULL, 0};
    if (column->dictionary != NULL) {
        row = (size_t)cb_index_at(column, row);
        column = column->dictionary;
    }
    size_t begin = cb_offset_at(column, row);
    return (cb_text){(const char *)column->bytes + begin, cb_offset_at(column, row + 1) - begin};
}

int64_t cb_int_at(const cb_column *column, size_t row) {
    if (cb_is_null(column, row))
        return 0;
    size_t width = cb_width_of(&column->type);
    bool is_signed = column->type.id != CB_INT || column->type.number[1] != 0;
    return load_int(column->values + row * width, width, is_signed);
}

static double double_of_half(uint16_t half) {
    double sign = half >> 15 ? -1.0 : 1.0;
    uint32_t exponent = (half >> 10) & 31, fraction = half & 1023;
    if (exponent == 31)
        return fraction != 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0)
        return sign * fraction * 0x1p-24;
    return sign * (1024 + fraction) * (double)(UINT32_C(1) << exponent) * 0x1p-25;
}

double cb_number_at(const cb_column *column, size_t row) {
    if (cb_is_null(column, row))
        return (double)NAN;
    if (column->type.id == CB_INT) {
        int64_t value = cb_int_at(column, row);
        return column->type.number[1] != 0 ? (double)value : (double)(uint64_t)value;
    }
    size_t width = cb_width_of(&column->type);
    const uint8_t *from = column->values + row * width;
    if (width == 2)
        return double_of_half(cb_load16(from));
    if (width == 4) {
        float value;
        memcpy(&value, from, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, from, sizeof value);
    return value;
}

/* ---- Taking rows ---- */

/* Stores the low `width` bytes. */
static void store_int(uint8_t *to, uint64_t value, size_t width) {
    memcpy(to, &value, width);
}

static const uint8_t *take_bits(const uint8_t *bits, const size_t *rows, size_t count) {
    uint8_t *to = cb_alloc(cb_bytes_for_bits(count), 1);
    for (size_t i = 0; i < count; i++)
        if (cb_bit(bits, rows[i]))
            cb_set_bit(to, i);
    return to;
}

/* Called with a constant width where speed matters: then the copy is one load and one store. */
static inline void take_cells(uint8_t *to, const uint8_t *from, size_t width, const size_t *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        cb_copy(to + i * width, from + rows[i] * width, width);
}

static const uint8_t *take_fixed(const cb_column *from, const size_t *rows, size_t count) {
    size_t width = cb_width_of(&from->type);
    uint8_t *to = cb_alloc(count, width);
    switch (width) {
    case 1:
        take_cells(to, from->values, 1, rows, count);
        break;
    case 2:
        take_cells(to, from->values, 2, rows, count);
        break;
    case 4:
        take_cells(to, from->values, 4, rows, count);
        break;
    case 8:
        take_cells(to, from->values, 8, rows, count);
        break;
    default:
        take_cells(to, from->values, width, rows, count);
    }
    return to;
}

/* The most that the last of the column's offsets can be. */
static void check_text_size(const cb_column *column, size_t size) {
    if (cb_layout_of(&column->type) == CB_OFFSETS32 && size > INT32_MAX)
        cb_fail("column \"%.*s\" would hold %zu bytes, more than fit into its type", (int)column->name.size,
                column->name.bytes, size);
}

static void take_slices(cb_column *to, const cb_column *from, const size_t *rows, size_t count) {
    size_t width = cb_width_of(&from->type), size = 0;
    uint8_t *offsets = cb_alloc(cb_plus(count, 1), width);
    for (size_t i = 0; i < count; i++) {
        size = cb_plus(size, cb_offset_at(from, rows[i] + 1) - cb_offset_at(from, rows[i]));
        store_int(offsets + (i + 1) * width, size, width);
    }
    check_text_size(from, size);
    uint8_t *bytes = cb_alloc(size, 1);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t begin = cb_offset_at(from, rows[i]), length = cb_offset_at(from, rows[i] + 1) - begin;
        cb_copy(bytes + at, from->bytes + begin, length);
        at += length;
    }
    to->values = offsets;
    to->bytes = bytes;
}

static cb_column take_column(const cb_column *from, const size_t *rows, size_t count) {
    cb_column to = *from;
    to.rows = count;
    if (from->validity != NULL)
        to.validity = take_bits(from->validity, rows, count);
    switch (cb_layout_of(&from->type)) {
    case CB_NOTHING:
        break;
    case CB_BITS:
        to.values = take_bits(from->values, rows, count);
        break;
    case CB_FIXED:
        to.values = take_fixed(from, rows, count);
        break;
    case CB_OFFSETS32:
    case CB_OFFSETS64:
        take_slices(&to, from, rows, count);
        break;
    }
    return to;
}

cb_table cb_take(const cb_table *table, const size_t *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (rows[i] >= table->rows)
            cb_fail("row %zu is to be taken from a table of %zu rows", rows[i], table->rows);
    cb_column *columns = cb_alloc(table->column_count, sizeof *columns);
    for (size_t i = 0; i < table->column_count; i++)
        columns[i] = take_column(&table->columns[i], rows, count);
    cb_table taken = *table;
    taken.rows = count;
    taken.columns = columns;
    return taken;
}

/* ---- Putting record batches together ---- */

static void concat_slices(cb_column *to, const cb_column *parts, size_t count) {
    size_t width = cb_width_of(&to->type), size = 0, row = 0;
    for (size_t p = 0; p < count; p++)
        size = cb_plus(size, cb_offset_at(&parts[p], parts[p].rows) - cb_offset_at(&parts[p], 0));
    check_text_size(to, size);
    uint8_t *offsets = cb_alloc(cb_plus(to->rows, 1), width), *bytes = cb_alloc(size, 1);
    size_t at = 0;
    for (size_t p = 0; p < count; p++) {
        size_t first = cb_offset_at(&parts[p], 0);
        for (size_t i = 1; i <= parts[p].rows; i++)
            store_int(offsets + ++row * width, at + (cb_offset_at(&parts[p], i) - first), width);
        size_t length = cb_offset_at(&parts[p], parts[p].rows) - first;
        cb_copy(bytes + at, parts[p].bytes + first, length);
        at += length;
    }
    to->values = offsets;
    to->bytes = bytes;
}

/* The bits of the parts, one behind the other; `bits_of` picks them, and NULL stands for ones. */
static const uint8_t *concat_bits(const cb_column *parts, size_t count, size_t rows, const uint8_t *(*bits_of)(const cb_column *)) {
    uint8_t *to = cb_alloc(cb_bytes_for_bits(rows), 1);
    size_t row = 0;
    for (size_t p = 0; p < count; p++) {
        const uint8_t *bits = bits_of(&parts[p]);
        for (size_t i = 0; i < parts[p].rows; i++, row++)
            if (bits == NULL || cb_bit(bits, i))
                cb_set_bit(to, row);
    }
    return to;
}

static const uint8_t *validity_of(const cb_column *column) {
    return column->validity;
}

static const uint8_t *value_bits_of(const cb_column *column) {
    return column->values;
}

cb_column cb_concat(const cb_column *parts, size_t count) {
    if (count == 1)
        return parts[0];
    cb_column to = parts[0];
    bool any_null = false;
    to.rows = 0;
    for (size_t p = 0; p < count; p++) {
        to.rows = cb_plus(to.rows, parts[p].rows);
        any_null = any_null || parts[p].validity != NULL;
    }
    to.validity = any_null ? concat_bits(parts, count, to.rows, validity_of) : NULL;
    cb_layout layout = cb_layout_of(&to.type);
    if (layout == CB_BITS)
        to.values = concat_bits(parts, count, to.rows, value_bits_of);
    if (layout == CB_OFFSETS32 || layout == CB_OFFSETS64)
        concat_slices(&to, parts, count);
    if (layout == CB_FIXED) {
        size_t width = cb_width_of(&to.type), at = 0;
        uint8_t *values = cb_alloc(to.rows, width);
        for (size_t p = 0; p < count; p++) {
            cb_copy(values + at, parts[p].values, parts[p].rows * width);
            at += parts[p].rows * width;
        }
        to.values = values;
    }
    return to;
}

/* ---- Dictionaries ---- */

cb_column cb_trim_dictionary(const cb_column *column) {
    const cb_column *dictionary = column->dictionary;
    if (dictionary == NULL)
        return *column;
    /* First whether a value is used, then one more than its new index. */
    size_t *place = cb_alloc(dictionary->rows, sizeof *place);
    size_t *kept = cb_alloc(dictionary->rows, sizeof *kept);
    size_t count = 0;
    bool any_null = false;
    for (size_t row = 0; row < column->rows; row++) {
        if (cb_is_null(column, row))
            any_null = true;
        else
            place[cb_index_at(column, row)] = 1;
    }
    for (size_t value = 0; value < dictionary->rows; value++)
        if (place[value] != 0) {
            kept[count] = value;
            place[value] = ++count;
        }
    if (count == dictionary->rows)
        return *column;

    size_t width = cb_width_of(&column->type);
    uint8_t *indices = cb_alloc(column->rows, width);
    uint8_t *validity = cb_alloc(cb_bytes_for_bits(column->rows), 1);
    for (size_t row = 0; row < column->rows; row++)
        if (!cb_is_null(column, row)) {
            cb_set_bit(validity, row);
            store_int(indices + row * width, place[cb_index_at(column, row)] - 1, width);
        }
    cb_column *values = cb_alloc(1, sizeof *values);
    *values = take_column(dictionary, kept, count);
    cb_column to = *column;
    to.nullable = to.nullable || any_null;
    to.values = indices;
    to.validity = validity;
    to.dictionary = values;
    return to;
}

/* ---- New columns ---- */

static cb_column new_column(const char *name, cb_type type, size_t rows, uint8_t **validity) {
    *validity = cb_alloc(cb_bytes_for_bits(rows), 1);
    return (cb_column){.name = cb_text_of(name), .type = type, .nullable = true, .rows = rows, .validity = *validity};
}

cb_column cb_text_column(const char *name, const cb_text *cells, size_t rows) {
    uint8_t *validity;
    cb_column column = new_column(name, (cb_type){.id = CB_UTF8}, rows, &validity);
    uint8_t *offsets = cb_alloc(cb_plus(rows, 1), 4);
    cb_buffer bytes = {0};
    for (size_t row = 0; row < rows; row++) {
        if (cells[row].bytes != NULL) {
            cb_set_bit(validity, row);
            cb_append(&bytes, cells[row].bytes, cells[row].size);
        }
        check_text_size(&column, bytes.size);
        store_int(offsets + (row + 1) * 4, bytes.size, 4);
    }
    column.values = offsets;
    column.bytes = bytes.data != NULL ? bytes.data : cb_nothing;
    return column;
}

cb_column cb_number_column(const char *name, const double *cells, size_t rows, const char *format) {
    uint8_t *validity;
    cb_column column = new_column(name, (cb_type){.id = CB_FLOAT, .number = {2}}, rows, &validity);
    double *values = cb_alloc(rows, sizeof *values);
    for (size_t row = 0; row < rows; row++)
        if (!isnan(cells[row])) {
            cb_set_bit(validity, row);
            values[row] = cells[row];
        }
    cb_pair *metadata = cb_alloc(1, sizeof *metadata);
    *metadata = (cb_pair){cb_text_of("format"), cb_text_of(format)};
    column.values = (const uint8_t *)values;
    column.metadata = metadata;
    column.metadata_count = 1;
    return column;
}

/* Writes Arrow IPC files: schema, dictionaries, one record batch, footer; uncompressed, each buffer on a multiple of 64 bytes.
 *
 * FlatBuffers are written front to back: a table or vector goes in once the slot that points to it is known, and the slot is
 * filled in then. Everything below works with positions in the buffer, as its bytes move when it grows. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>

enum { ALIGNMENT = 64, METADATA_V5 = 4 };
enum { HEADER_SCHEMA = 1, HEADER_DICTIONARY = 2, HEADER_BATCH = 3 };

/* ---- FlatBuffers ---- */

static void put(cb_buffer *out, size_t at, uint64_t value, size_t size) {
    memcpy(out->data + at, &value, size);
}

/* Zeros, until `extra` bytes later would be a multiple of `alignment`. */
static void pad(cb_buffer *out, size_t alignment, size_t extra) {
    size_t over = (out->size + extra) % alignment;
    if (over != 0)
        cb_append(out, NULL, alignment - over);
}

/* A slot of a table: `size` bytes, 0 if it is absent. One that points elsewhere is 4 bytes, filled in later. */
typedef struct {
    uint8_t size;
    int64_t value;
} slot;

static const slot absent = {0, 0}, pointer = {4, 0};

static slot pointer_if(bool wanted) {
    return wanted ? pointer : absent;
}

enum { MOST_SLOTS = 8 };

/* Puts a table where the slot at `parent` points; `where` becomes the positions of its slots. */
static void put_table(cb_buffer *out, size_t parent, const slot *slots, size_t count, size_t where[MOST_SLOTS]) {
    size_t vtable_size = 4 + 2 * count;
    pad(out, 4, vtable_size);
    size_t vtable = cb_append(out, NULL, vtable_size);
    size_t table = cb_append(out, NULL, 4);
    for (size_t i = 0; i < count; i++) {
        if (slots[i].size == 0)
            continue;
        pad(out, slots[i].size, 0);
        where[i] = cb_append(out, NULL, slots[i].size);
        put(out, where[i], (uint64_t)slots[i].value, slots[i].size);
        put(out, vtable + 4 + 2 * i, where[i] - table, 2);
    }
    put(out, vtable, vtable_size, 2);
    put(out, vtable + 2, out->size - table, 2);
    put(out, table, table - vtable, 4);
    put(out, parent, table - parent, 4);
}

/* Puts a vector of zeros where the slot at `parent` points. Returns where its elements are. */
static size_t put_vector(cb_buffer *out, size_t parent, size_t count, size_t element_size) {
    pad(out, element_size > 4 ? 8 : 4, 4);
    size_t at = cb_append(out, NULL, 4);
    put(out, at, count, 4);
    put(out, parent, at - parent, 4);
    return cb_append(out, NULL, cb_times(count, element_size));
}

static void put_text(cb_buffer *out, size_t parent, cb_text text) {
    size_t at = put_vector(out, parent, text.size, 1);
    cb_copy(out->data + at, text.bytes, text.size);
    cb_append(out, NULL, 1); /* the zero that ends it, beyond its size */
}

/* ---- Schema ---- */

static void put_metadata(cb_buffer *out, size_t parent, const cb_pair *pairs, size_t count) {
    size_t elements = put_vector(out, parent, count, 4);
    for (size_t i = 0; i < count; i++) {
        size_t where[MOST_SLOTS];
        slot slots[] = {pointer, pointer};
        put_table(out, elements + 4 * i, slots, 2, where);
        put_text(out, where[0], pairs[i].key);
        put_text(out, where[1], pairs[i].value);
    }
}

static void put_type(cb_buffer *out, size_t parent, const cb_type *type) {
    const cb_type_form *form = cb_form_of(type->id);
    size_t where[MOST_SLOTS];
    slot slots[3];
    for (size_t i = 0; i < 3; i++) {
        if (form->slots[i] == CB_SLOT_TEXT)
            slots[i] = pointer_if(type->zone.bytes != NULL);
        else
            slots[i] = (slot){form->slots[i], type->number[i]};
    }
    put_table(out, parent, slots, 3, where);
    for (size_t i = 0; i < 3; i++)
        if (form->slots[i] == CB_SLOT_TEXT && type->zone.bytes != NULL)
            put_text(out, where[i], type->zone);
}

/* A dictionary's id is the number of its column. */
static void put_field(cb_buffer *out, size_t parent, const cb_column *column, size_t id) {
    const cb_type *type = column->dictionary != NULL ? &column->dictionary->type : &column->type;
    size_t where[MOST_SLOTS];
    slot slots[] = {
        pointer,
        {1, column->nullable},
        {1, type->id},
        pointer,
        pointer_if(column->dictionary != NULL),
        pointer, /* children: none, but some readers want the vector */
        pointer_if(column->metadata_count != 0),
    };
    put_table(out, parent, slots, 7, where);
    put_text(out, where[0], column->name);
    put_type(out, where[3], type);
    put_vector(out, where[5], 0, 4);
    if (column->metadata_count != 0)
        put_metadata(out, where[6], column->metadata, column->metadata_count);
    if (column->dictionary != NULL) {
        size_t encoding[MOST_SLOTS];
        slot parts[] = {{8, (int64_t)id}, pointer, {1, column->ordered}};
        put_table(out, where[4], parts, 3, encoding);
        put_type(out, encoding[1], &column->type);
    }
}

static void put_schema(cb_buffer *out, size_t parent, const cb_table *table) {
    size_t where[MOST_SLOTS];
    slot slots[] = {{2, 0}, pointer, pointer_if(table->metadata_count != 0)};
    put_table(out, parent, slots, 3, where);
    size_t fields = put_vector(out, where[1], table->column_count, 4);
    for (size_t i = 0; i < table->column_count; i++)
        put_field(out, fields + 4 * i, &table->columns[i], i);
    if (table->metadata_count != 0)
        put_metadata(out, where[2], table->metadata, table->metadata_count);
}

/* ---- Record batches ---- */

typedef struct {
    const uint8_t *bytes;
    size_t size;
} piece;

/* The columns' buffers, as they go into the file one behind the other. */
typedef struct {
    piece *pieces;
    size_t count;
    size_t size; /* with padding */
} body;

static void add_piece(body *to, const uint8_t *bytes, size_t size) {
    to->pieces[to->count++] = (piece){bytes, size};
    size_t padded = cb_plus(size, (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT);
    to->size = cb_plus(to->size, padded);
}

static size_t count_nulls(const cb_column *column) {
    if (column->type.id == CB_NULL)
        return column->rows;
    size_t nulls = 0;
    if (column->validity != NULL)
        for (size_t row = 0; row < column->rows; row++)
            nulls += !cb_bit(column->validity, row);
    return nulls;
}

static void add_column(body *to, const cb_column *column, size_t nulls) {
    size_t bits = cb_bytes_for_bits(column->rows), width = cb_width_of(&column->type);
    cb_layout layout = cb_layout_of(&column->type);
    if (layout == CB_NOTHING)
        return;
    add_piece(to, column->validity, nulls == 0 ? 0 : bits);
    if (layout == CB_BITS)
        add_piece(to, column->values, bits);
    else if (layout == CB_FIXED)
        add_piece(to, column->values, cb_times(column->rows, width));
    else {
        add_piece(to, column->values, cb_times(cb_plus(column->rows, 1), width));
        add_piece(to, column->bytes, cb_offset_at(column, column->rows));
    }
}

static body put_batch(cb_buffer *out, size_t parent, const cb_column *columns, size_t count, size_t rows) {
    body to = {.pieces = cb_alloc(cb_times(count, 3), sizeof *to.pieces)};
    size_t where[MOST_SLOTS];
    slot slots[] = {{8, (int64_t)rows}, pointer, pointer};
    put_table(out, parent, slots, 3, where);
    size_t nodes = put_vector(out, where[1], count, 16);
    for (size_t i = 0; i < count; i++) {
        size_t nulls = count_nulls(&columns[i]);
        put(out, nodes + 16 * i, columns[i].rows, 8);
        put(out, nodes + 16 * i + 8, nulls, 8);
        add_column(&to, &columns[i], nulls);
    }
    size_t buffers = put_vector(out, where[2], to.count, 16);
    size_t offset = 0;
    for (size_t i = 0; i < to.count; i++) {
        size_t size = to.pieces[i].size;
        put(out, buffers + 16 * i, offset, 8);
        put(out, buffers + 16 * i + 8, size, 8);
        offset += size + (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT;
    }
    return to;
}

/* ---- The file ---- */

typedef struct {
    FILE *file;
    const char *path;
    size_t at;
} writer;

/* Where a message is, for the footer. */
typedef struct {
    size_t offset, head_size, body_size;
} block;

/* How many bytes are written at once, and the least that an operating system maps. */
#define PIECE ((size_t)1 << 20)
#define PAGE 4096

/* Looks at all pages of a piece before it is written: Linux starts over at each page that it finds missing, and first blanks
   what it has not come to. Pages of an input are missing until somebody has looked at them. */
static void put_file(writer *to, const void *bytes, size_t size) {
    const volatile uint8_t *from = bytes;
    for (size_t at = 0; at < size;) {
        size_t piece = size - at < PIECE ? size - at : PIECE;
        for (size_t page = 0; page < piece; page += PAGE)
            (void)from[at + page];
        if (fwrite((const uint8_t *)bytes + at, 1, piece, to->file) != piece)
            cb_fail("cannot write %s: %s", to->path, strerror(errno));
        at += piece;
    }
    to->at = cb_plus(to->at, size);
}

static void align_file(writer *to) {
    static const uint8_t zeros[ALIGNMENT] = {0};
    put_file(to, zeros, (ALIGNMENT - to->at % ALIGNMENT) % ALIGNMENT);
}

static void put_file32(writer *to, uint32_t value) {
    put_file(to, &value, sizeof value);
}

/* Begins a message: its root table, whose header is to be put where the slot returned points. */
static size_t begin_message(cb_buffer *head, int kind, size_t *body_size_at) {
    size_t where[MOST_SLOTS];
    slot slots[] = {{2, METADATA_V5}, {1, kind}, pointer, {8, 0}};
    put_table(head, cb_append(head, NULL, 4), slots, 4, where);
    *body_size_at = where[3];
    return where[2];
}

static block put_message(writer *to, cb_buffer *head, size_t body_size_at, const body *content) {
    put(head, body_size_at, content->size, 8);
    pad(head, ALIGNMENT, to->at + 8);
    block at = {to->at, 8 + head->size, content->size};
    put_file32(to, UINT32_MAX);
    put_file32(to, (uint32_t)head->size);
    put_file(to, head->data, head->size);
    for (size_t i = 0; i < content->count; i++) {
        put_file(to, content->pieces[i].bytes, content->pieces[i].size);
        align_file(to);
    }
    return at;
}

static void put_schema_message(writer *to, const cb_table *table) {
    cb_buffer head = {0};
    body none = {0};
    size_t body_size_at, header = begin_message(&head, HEADER_SCHEMA, &body_size_at);
    put_schema(&head, header, table);
    put_message(to, &head, body_size_at, &none);
}

static block put_batch_message(writer *to, const cb_table *table) {
    cb_buffer head = {0};
    size_t body_size_at, header = begin_message(&head, HEADER_BATCH, &body_size_at);
    body content = put_batch(&head, header, table->columns, table->column_count, table->rows);
    return put_message(to, &head, body_size_at, &content);
}

static block put_dictionary_message(writer *to, const cb_column *dictionary, size_t id) {
    cb_buffer head = {0};
    size_t where[MOST_SLOTS], body_size_at, header = begin_message(&head, HEADER_DICTIONARY, &body_size_at);
    slot slots[] = {{8, (int64_t)id}, pointer};
    put_table(&head, header, slots, 2, where);
    body content = put_batch(&head, where[1], dictionary, 1, dictionary->rows);
    return put_message(to, &head, body_size_at, &content);
}

static void put_blocks(cb_buffer *out, size_t parent, const block *blocks, size_t count) {
    size_t at = put_vector(out, parent, count, 24);
    for (size_t i = 0; i < count; i++, at += 24) {
        put(out, at, blocks[i].offset, 8);
        put(out, at + 8, blocks[i].head_size, 4);
        put(out, at + 16, blocks[i].body_size, 8);
    }
}

static void put_footer(writer *to, const cb_table *table, const block *dictionaries, size_t dictionary_count, block batch) {
    cb_buffer footer = {0};
    size_t where[MOST_SLOTS];
    slot slots[] = {{2, METADATA_V5}, pointer, pointer, pointer};
    put_table(&footer, cb_append(&footer, NULL, 4), slots, 4, where);
    put_schema(&footer, where[1], table);
    put_blocks(&footer, where[2], dictionaries, dictionary_count);
    put_blocks(&footer, where[3], &batch, 1);
    pad(&footer, 8, 0);
    put_file32(to, UINT32_MAX); /* the end of the stream, for readers of streams */
    put_file32(to, 0);
    put_file(to, footer.data, footer.size);
    put_file32(to, (uint32_t)footer.size);
    put_file(to, "ARROW1", 6);
}

void cb_write_table(const cb_table *table, const char *path) {
    cb_column *columns = cb_alloc(table->column_count, sizeof *columns);
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].rows != table->rows)
            cb_fail("column \"%.*s\" has %zu rows, the table %zu", (int)table->columns[i].name.size,
                    table->columns[i].name.bytes, table->columns[i].rows, table->rows);
        columns[i] = cb_trim_dictionary(&table->columns[i]);
    }
    cb_table trimmed = *table;
    trimmed.columns = columns;

    writer to = {fopen(path, "wb"), path, 0};
    if (to.file == NULL)
        cb_fail("cannot open %s for writing: %s", path, strerror(errno));
    block *dictionaries = cb_alloc(table->column_count, sizeof *dictionaries);
    size_t dictionary_count = 0;
    put_file(&to, "ARROW1\0\0", 8);
    put_schema_message(&to, &trimmed);
    for (size_t i = 0; i < trimmed.column_count; i++)
        if (columns[i].dictionary != NULL)
            dictionaries[dictionary_count++] = put_dictionary_message(&to, columns[i].dictionary, i);
    block batch = put_batch_message(&to, &trimmed);
    put_footer(&to, &trimmed, dictionaries, dictionary_count, batch);
    if (fclose(to.file) != 0)
        cb_fail("cannot write %s: %s", path, strerror(errno));
}

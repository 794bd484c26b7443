/* Reads Arrow IPC files. Each length and offset is checked before it is followed, so a broken file ends the process with a
 * line in the log and never reads outside the file. Whether text is UTF-8 is not checked: the host has done that.
 *
 * The file: "ARROW1", record batches and dictionaries, a footer that says where they are, its length, "ARROW1". Footer and
 * the head of each batch are FlatBuffers; a batch's body is the columns' buffers, which the columns made here point into. */
#include "internal.h"

/* ---- FlatBuffers ---- */

/* A FlatBuffer. */
typedef struct {
    const char *file; /* for messages */
    const uint8_t *data;
    size_t size;
} flat;

/* A table in it: its slots, by way of its vtable, which says where each one is. */
typedef struct {
    const flat *in;
    size_t at, size;
    size_t vtable, vtable_size;
} flat_table;

static const uint8_t *look(const flat *in, size_t at, size_t size) {
    if (size > in->size || at > in->size - size)
        cb_fail("%s is broken: its metadata points outside itself", in->file);
    return in->data + at;
}

static size_t follow(const flat *in, size_t at) {
    return cb_plus(at, cb_load32(look(in, at, 4)));
}

static flat_table table_at(const flat *in, size_t at) {
    int64_t vtable = (int64_t)at - (int32_t)cb_load32(look(in, at, 4));
    flat_table table = {.in = in, .at = at, .vtable = cb_size(vtable, "the place of a vtable")};
    table.vtable_size = cb_load16(look(in, table.vtable, 4));
    table.size = cb_load16(look(in, table.vtable, 4) + 2);
    look(in, table.vtable, table.vtable_size);
    look(in, at, table.size);
    return table;
}

/* Where a slot of `size` bytes is; 0 if it is absent. */
static size_t slot_at(const flat_table *table, size_t slot, size_t size) {
    size_t entry = 4 + 2 * slot;
    if (entry + 2 > table->vtable_size)
        return 0;
    size_t offset = cb_load16(look(table->in, table->vtable + entry, 2));
    if (offset != 0 && offset + size > table->size)
        cb_fail("%s is broken: its metadata has a slot outside its table", table->in->file);
    return offset == 0 ? 0 : table->at + offset;
}

/* A number of `size` bytes: one byte is unsigned, the longer ones are signed. */
static int64_t number_in(const flat_table *table, size_t slot, size_t size, int64_t otherwise) {
    size_t at = slot_at(table, slot, size);
    if (at == 0)
        return otherwise;
    const uint8_t *from = look(table->in, at, size);
    switch (size) {
    case 1:
        return *from;
    case 2:
        return (int16_t)cb_load16(from);
    case 4:
        return (int32_t)cb_load32(from);
    default:
        return (int64_t)cb_load64(from);
    }
}

static bool has_slot(const flat_table *table, size_t slot) {
    return slot_at(table, slot, 4) != 0;
}

static flat_table table_in(const flat_table *table, size_t slot, const char *what) {
    size_t at = slot_at(table, slot, 4);
    if (at == 0)
        cb_fail("%s is broken: it lacks %s", table->in->file, what);
    return table_at(table->in, follow(table->in, at));
}

/* Where the elements of a vector are; none if it is absent. */
static size_t vector_in(const flat_table *table, size_t slot, size_t element_size, size_t *count) {
    *count = 0;
    size_t at = slot_at(table, slot, 4);
    if (at == 0)
        return 0;
    at = follow(table->in, at);
    *count = cb_load32(look(table->in, at, 4));
    look(table->in, cb_plus(at, 4), cb_times(*count, element_size));
    return at + 4;
}

static flat_table table_of_vector(const flat *in, size_t elements, size_t index) {
    return table_at(in, follow(in, elements + 4 * index));
}

/* `bytes` is NULL if the text is absent. */
static cb_text text_in(const flat_table *table, size_t slot) {
    if (!has_slot(table, slot))
        return (cb_text){NULL, 0};
    size_t size, at = vector_in(table, slot, 1, &size);
    return (cb_text){(const char *)look(table->in, at, size), size};
}

/* ---- Schema ---- */

static const cb_pair *read_metadata(const flat_table *table, size_t slot, size_t *count) {
    size_t elements = vector_in(table, slot, 4, count);
    cb_pair *pairs = cb_alloc(*count, sizeof *pairs);
    for (size_t i = 0; i < *count; i++) {
        flat_table pair = table_of_vector(table->in, elements, i);
        pairs[i] = (cb_pair){text_in(&pair, 0), text_in(&pair, 1)};
    }
    return pairs;
}

static cb_type read_type(const flat_table *table, int id, cb_text column) {
    const cb_type_form *form = cb_form_of(id);
    if (form == NULL)
        cb_fail("column \"%.*s\" of %s has Arrow's type number %d; types with parts (list, struct, map, union), views "
                "and run-ends are not taken: drop or convert the column first",
                (int)column.size, column.bytes, table->in->file, id);
    cb_type type = {.id = (cb_type_id)id};
    for (size_t slot = 0; slot < 3; slot++) {
        if (form->slots[slot] == CB_SLOT_TEXT)
            type.zone = text_in(table, slot);
        else if (form->slots[slot] != CB_SLOT_NONE)
            type.number[slot] = (int32_t)number_in(table, slot, form->slots[slot], form->defaults[slot]);
    }
    cb_check_type(&type, column);
    return type;
}

/* A column without rows yet. `dictionary_id` is set if it is dictionary-encoded. */
static cb_column read_field(const flat_table *field, int64_t *dictionary_id) {
    cb_column column = {.name = text_in(field, 0), .nullable = number_in(field, 1, 1, 0) != 0, .bytes = cb_nothing};
    if (column.name.bytes == NULL)
        column.name = cb_text_of("");
    flat_table type = table_in(field, 3, "the type of a column");
    column.type = read_type(&type, (int)number_in(field, 2, 1, 0), column.name);
    column.metadata = read_metadata(field, 6, &column.metadata_count);
    if (!has_slot(field, 4))
        return column;

    cb_column *dictionary = cb_alloc(1, sizeof *dictionary);
    *dictionary = (cb_column){.name = column.name, .type = column.type, .nullable = true, .values = cb_nothing, .bytes = cb_nothing};
    flat_table encoding = table_in(field, 4, "a dictionary's encoding");
    *dictionary_id = number_in(&encoding, 0, 8, 0);
    column.dictionary = dictionary;
    column.ordered = number_in(&encoding, 2, 1, 0) != 0;
    column.type = (cb_type){.id = CB_INT, .number = {32, 1}};
    if (has_slot(&encoding, 1)) {
        flat_table index = table_in(&encoding, 1, "a dictionary's index type");
        column.type = read_type(&index, CB_INT, column.name);
    }
    return column;
}

/* ---- Batches ---- */

enum { HEADER_DICTIONARY = 2, HEADER_BATCH = 3 };
enum { BLOCK_BYTES = 24, NODE_BYTES = 16, BUFFER_BYTES = 16 };

/* A message: its head, and its body in the file. */
typedef struct {
    flat head;
    const uint8_t *body;
    size_t body_size;
} message;

/* A record batch, or a dictionary's values, read column by column. */
typedef struct {
    message of;
    size_t rows;
    size_t nodes, node_count;
    size_t buffers, buffer_count;
} batch;

/* The message that a block of the footer points to. Its flat_table is made by its users, as it points to the message. */
static message read_message(const flat *file, const flat *footer, size_t block) {
    const uint8_t *at = look(footer, block, BLOCK_BYTES);
    size_t offset = cb_size((int64_t)cb_load64(at), "a block's offset");
    size_t head_size = cb_size((int32_t)cb_load32(at + 8), "the length of a block's metadata");
    size_t body_size = cb_size((int64_t)cb_load64(at + 16), "the length of a block's body");
    const uint8_t *head = look(file, offset, cb_plus(head_size, body_size));
    /* Files older than Arrow 0.15 lack the marker in front of the length. */
    size_t prefix = head_size >= 8 && cb_load32(head) == UINT32_MAX ? 8 : 4;
    if (head_size < prefix)
        cb_fail("%s is broken: a block's metadata is %zu bytes long", file->file, head_size);
    size_t length = cb_size((int32_t)cb_load32(head + prefix - 4), "the length of a message");
    if (length > head_size - prefix)
        cb_fail("%s is broken: a message is longer than its block", file->file);
    return (message){.head = {file->file, head + prefix, length}, .body = head + head_size, .body_size = body_size};
}

static flat_table header_of(const message *from, int kind) {
    flat_table root = table_at(&from->head, follow(&from->head, 0));
    if (number_in(&root, 1, 1, 0) != kind)
        cb_fail("%s is broken: a block is not the kind of message that its footer says", from->head.file);
    return table_in(&root, 2, "a message's header");
}

static batch read_batch(const message *from, const flat_table *header) {
    if (has_slot(header, 3))
        cb_fail("%s is compressed: this step takes uncompressed Arrow files", from->head.file);
    batch into = {.of = *from, .rows = cb_size(number_in(header, 0, 8, 0), "a batch's number of rows")};
    into.nodes = vector_in(header, 1, NODE_BYTES, &into.node_count);
    into.buffers = vector_in(header, 2, BUFFER_BYTES, &into.buffer_count);
    return into;
}

/* The next buffer of the batch, which must hold that many bytes at least. */
static const uint8_t *next_buffer(batch *from, size_t needed, size_t *size) {
    const flat *head = &from->of.head;
    if (from->buffer_count == 0)
        cb_fail("%s is broken: a batch has too few buffers", head->file);
    const uint8_t *at = look(head, from->buffers, BUFFER_BYTES);
    size_t offset = cb_size((int64_t)cb_load64(at), "a buffer's offset");
    *size = cb_size((int64_t)cb_load64(at + 8), "a buffer's length");
    from->buffers += BUFFER_BYTES;
    from->buffer_count--;
    if (*size > from->of.body_size || offset > from->of.body_size - *size)
        cb_fail("%s is broken: a buffer lies outside its batch", head->file);
    if (*size < needed)
        cb_fail("%s is broken: a buffer of %zu bytes should have %zu", head->file, *size, needed);
    return from->of.body + offset;
}

/* Offsets must go up from one row to the next and stay inside the bytes. */
static void read_slices(batch *from, cb_column *column) {
    size_t width = cb_width_of(&column->type), size;
    size_t needed = column->rows == 0 ? 0 : cb_times(cb_plus(column->rows, 1), width);
    column->values = next_buffer(from, needed, &size);
    if (column->rows == 0)
        column->values = cb_nothing;
    column->bytes = next_buffer(from, 0, &size);
    uint64_t before = 0;
    for (size_t row = 0; row <= column->rows; row++) {
        uint64_t offset = width == 4 ? cb_load32(column->values + row * 4) : cb_load64(column->values + row * 8);
        if (offset < before || offset > size)
            cb_fail("%s is broken: column \"%.*s\" has a wrong offset at row %zu", from->of.head.file,
                    (int)column->name.size, column->name.bytes, row);
        before = offset;
    }
}

static void check_indices(const batch *from, const cb_column *column) {
    for (size_t row = 0; row < column->rows; row++)
        if ((column->validity == NULL || cb_bit(column->validity, row)) &&
            cb_index_at(column, row) >= column->dictionary->rows)
            cb_fail("%s is broken: column \"%.*s\" has an index outside its dictionary at row %zu", from->of.head.file,
                    (int)column->name.size, column->name.bytes, row);
}

/* Fills in the rows of the batch's next column, which is like `field`. */
static cb_column read_column(batch *from, const cb_column *field) {
    const flat *head = &from->of.head;
    if (from->node_count == 0)
        cb_fail("%s is broken: a batch has too few columns", head->file);
    const uint8_t *node = look(head, from->nodes, NODE_BYTES);
    if (cb_load64(node) != from->rows)
        cb_fail("%s is broken: a column has more or fewer rows than its batch", head->file);
    bool any_null = cb_load64(node + 8) != 0;
    from->nodes += NODE_BYTES;
    from->node_count--;

    cb_column column = *field;
    column.rows = from->rows;
    cb_layout layout = cb_layout_of(&column.type);
    if (layout == CB_NOTHING)
        return column;
    size_t size;
    column.validity = next_buffer(from, any_null ? cb_bytes_for_bits(column.rows) : 0, &size);
    if (!any_null)
        column.validity = NULL;
    if (layout == CB_OFFSETS32 || layout == CB_OFFSETS64)
        read_slices(from, &column);
    else if (layout == CB_BITS)
        column.values = next_buffer(from, cb_bytes_for_bits(column.rows), &size);
    else
        column.values = next_buffer(from, cb_times(column.rows, cb_width_of(&column.type)), &size);
    if (column.dictionary != NULL)
        check_indices(from, &column);
    return column;
}

/* ---- The file ---- */

/* The dictionary of that id; one without values if the file has none, as it may if it has no batch. */
static const cb_column *read_dictionary(const flat *file, const flat_table *footer, int64_t id, const cb_column *like) {
    size_t count, blocks = vector_in(footer, 2, BLOCK_BYTES, &count);
    const cb_column *found = NULL;
    for (size_t i = 0; i < count; i++) {
        message from = read_message(file, footer->in, blocks + i * BLOCK_BYTES);
        flat_table header = header_of(&from, HEADER_DICTIONARY);
        if (number_in(&header, 0, 8, 0) != id)
            continue;
        if (found != NULL || number_in(&header, 2, 1, 0) != 0)
            cb_fail("%s has a dictionary in several pieces, which this step does not take", file->file);
        flat_table data = table_in(&header, 1, "a dictionary's values");
        batch values = read_batch(&from, &data);
        cb_column *dictionary = cb_alloc(1, sizeof *dictionary);
        *dictionary = read_column(&values, like);
        found = dictionary;
    }
    return found != NULL ? found : like;
}

/* All rows of the columns that the schema has. */
static void read_batches(const flat *file, const flat_table *footer, cb_table *table, cb_column *columns) {
    size_t count, blocks = vector_in(footer, 3, BLOCK_BYTES, &count);
    batch *batches = cb_alloc(count, sizeof *batches);
    for (size_t i = 0; i < count; i++) {
        message from = read_message(file, footer->in, blocks + i * BLOCK_BYTES);
        flat_table header = header_of(&from, HEADER_BATCH);
        batches[i] = read_batch(&from, &header);
        table->rows = cb_plus(table->rows, batches[i].rows);
    }
    cb_column *parts = cb_alloc(count, sizeof *parts);
    for (size_t c = 0; c < table->column_count; c++) {
        for (size_t i = 0; i < count; i++)
            parts[i] = read_column(&batches[i], &columns[c]);
        if (count == 0)
            columns[c].values = cb_nothing;
        else
            columns[c] = cb_concat(parts, count);
    }
}

cb_table cb_read_table(cb_buffer bytes, const char *name) {
    static const char magic[6] = {'A', 'R', 'R', 'O', 'W', '1'};
    enum { TAIL = 4 + sizeof magic };
    if (bytes.size == 0)
        return (cb_table){0};
    if (bytes.size < 8 + TAIL || memcmp(bytes.data, magic, sizeof magic) != 0 ||
        memcmp(bytes.data + bytes.size - sizeof magic, magic, sizeof magic) != 0)
        cb_fail("%s is not an Arrow IPC file", name);
    size_t footer_size = cb_size((int32_t)cb_load32(bytes.data + bytes.size - TAIL), "the length of the footer");
    if (footer_size > bytes.size - TAIL)
        cb_fail("%s is broken: its footer is longer than the file", name);
    flat file = {name, bytes.data, bytes.size};
    flat footer_bytes = {name, bytes.data + bytes.size - TAIL - footer_size, footer_size};
    flat_table footer = table_at(&footer_bytes, follow(&footer_bytes, 0));
    flat_table schema = table_in(&footer, 1, "a schema");
    if (number_in(&schema, 0, 2, 0) != 0)
        cb_fail("%s is big-endian, which this step does not take", name);

    cb_table table = {0};
    size_t fields = vector_in(&schema, 1, 4, &table.column_count);
    table.metadata = read_metadata(&schema, 2, &table.metadata_count);
    cb_column *columns = cb_alloc(table.column_count, sizeof *columns);
    for (size_t i = 0; i < table.column_count; i++) {
        flat_table field = table_of_vector(&footer_bytes, fields, i);
        int64_t dictionary_id = 0;
        columns[i] = read_field(&field, &dictionary_id);
        if (columns[i].dictionary != NULL)
            columns[i].dictionary = read_dictionary(&file, &footer, dictionary_id, columns[i].dictionary);
    }
    read_batches(&file, &footer, &table, columns);
    table.columns = columns;
    return table;
}

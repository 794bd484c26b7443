/* What the SDK's files share; authors need crunchbox.h alone. */
#ifndef CRUNCHBOX_INTERNAL_H
#define CRUNCHBOX_INTERNAL_H

#include "crunchbox.h"

/* ---- memory.c ---- */

/* Bytes that grow. */
typedef struct {
    uint8_t *data;
    size_t size;
    size_t room;
} cb_buffer;

/* Appends; NULL `bytes` appends zeros. Returns where they begin. */
size_t cb_append(cb_buffer *buffer, const void *bytes, size_t size);

/* Sums and products of sizes; end the process on overflow. */
size_t cb_plus(size_t a, size_t b);
size_t cb_times(size_t a, size_t b);

/* A 64-bit length or offset from a file as a size that fits in memory; `what` names it if it does not. */
size_t cb_size(int64_t value, const char *what);

cb_buffer cb_read_descriptor(int descriptor, const char *name);

/* ---- input.c ---- */

/* A path that the contract's names make. The host is to send plain names; one that leaves its folder ends the process. */
const char *cb_path_of(cb_text folder, cb_text name);

/* All bytes of one of the files in the folder of the inputs. They must not be written to. */
cb_buffer cb_read_file(cb_text basedir, cb_text filename);

/* ---- numbers ---- */

/* Little-endian, from any address. WebAssembly and every machine that the tests run on are little-endian. */
static inline uint16_t cb_load16(const uint8_t *from) {
    uint16_t value;
    memcpy(&value, from, sizeof value);
    return value;
}
static inline uint32_t cb_load32(const uint8_t *from) {
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return value;
}
static inline uint64_t cb_load64(const uint8_t *from) {
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return value;
}

/* memcpy, but from NULL too if there is nothing to copy. */
static inline void cb_copy(void *to, const void *from, size_t size) {
    if (size != 0)
        memcpy(to, from, size);
}

static inline bool cb_bit(const uint8_t *bits, size_t at) {
    return (bits[at / 8] >> (at % 8)) & 1;
}
static inline void cb_set_bit(uint8_t *bits, size_t at) {
    bits[at / 8] |= (uint8_t)(1u << (at % 8));
}
/* Bytes for that many bits, rounded up. */
static inline size_t cb_bytes_for_bits(size_t bits) {
    return bits / 8 + (bits % 8 != 0);
}

/* ---- types.c ---- */

/* What the pointers of a column without rows point to: one offset, and no bytes. */
extern const uint8_t cb_nothing[8];

/* What one slot of a type's table in Arrow's schema holds: its bytes, or a text. */
enum { CB_SLOT_NONE = 0, CB_SLOT_BOOL = 1, CB_SLOT_SHORT = 2, CB_SLOT_INT = 4, CB_SLOT_TEXT = 9 };

typedef struct {
    const char *name;      /* NULL: the type is not known here */
    uint8_t slots[3];      /* of the type's table, in order */
    int32_t defaults[3];   /* of slots that are absent */
} cb_type_form;

/* The form of the type with that number, or NULL. */
const cb_type_form *cb_form_of(int id);

/* How a type's cells lie in memory. */
typedef enum { CB_NOTHING, CB_BITS, CB_FIXED, CB_OFFSETS32, CB_OFFSETS64 } cb_layout;
cb_layout cb_layout_of(const cb_type *type);

/* Bytes of a cell, for CB_FIXED, or of an offset. */
size_t cb_width_of(const cb_type *type);

/* Ends the process if the type's numbers are none that Arrow has. */
void cb_check_type(const cb_type *type, cb_text column);

/* ---- table.c ---- */

/* The index of a cell of a dictionary-encoded column that has a value there. */
uint64_t cb_index_at(const cb_column *column, size_t row);

/* Where a cell of a column with offsets begins, in its `bytes`; `row` may be the number of rows. */
size_t cb_offset_at(const cb_column *column, size_t row);

/* Columns of one type (and one dictionary), one below the other. */
cb_column cb_concat(const cb_column *parts, size_t count);

/* The column without the dictionary's values that no row uses; rows whose value is a null are nulls. */
cb_column cb_trim_dictionary(const cb_column *column);

/* ---- arrow_read.c, arrow_write.c ---- */

/* The table in an Arrow IPC file; `name` is for messages. A file of no bytes is a table without columns. */
cb_table cb_read_table(cb_buffer file, const char *name);

/* Writes the table as an Arrow IPC file. */
void cb_write_table(const cb_table *table, const char *path);

/* ---- thrift_read.c, thrift_write.c ---- */

cb_request cb_read_render_request(cb_buffer bytes);
/* The params in a request to migrate them. */
cb_json cb_read_migrate_request(cb_buffer bytes);
cb_fetch_request cb_read_fetch_request(cb_buffer bytes);

cb_buffer cb_write_render_result(const cb_result *result);
cb_buffer cb_write_migrate_result(const cb_json *params);
/* Of `result` only the messages count. */
cb_buffer cb_write_fetch_result(cb_text filename, const cb_result *result);
cb_buffer cb_write_validate_result(void);

#endif

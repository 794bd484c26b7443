/* What the author of a step in C sees. README.md beside this file says how to write and build one.
 *
 * A step is one process that makes one call and ends, so nothing is ever freed: whatever is handed out here stays
 * valid until the end. What cannot go on (a request or a table that is broken, no memory) ends the
 * process through cb_fail, so no function here returns an error to check.
 */
#ifndef CRUNCHBOX_H
#define CRUNCHBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define CB_PRINTF __attribute__((format(printf, 1, 2)))
#define CB_FAIL __attribute__((noreturn, format(printf, 1, 2)))
#else
#define CB_PRINTF
#define CB_FAIL
#endif

/* ---- Text, memory, log ---- */

/* UTF-8 that need not end in a zero and may hold one. `bytes` is NULL for no text (null), never for an empty one. */
typedef struct {
    const char *bytes;
    size_t size;
} cb_text;

cb_text cb_text_of(const char *zero_terminated);
bool cb_text_equal(cb_text a, cb_text b);

/* Zeroed memory for `count` things of `size` bytes; ends the process when there is none. Never NULL. */
void *cb_alloc(size_t count, size_t size);

/* Writes one line to the log (standard error). */
void cb_log(const char *format, ...) CB_PRINTF;

/* A bug, or input that the step cannot take: logs one line and ends the process with status 1. What the user can
 * mend is told by cb_add_error instead. */
void cb_fail(const char *format, ...) CB_FAIL;

/* ---- JSON: the params that come in, and what goes out ---- */

typedef enum { CB_JSON_NULL, CB_JSON_TEXT, CB_JSON_INT, CB_JSON_DOUBLE, CB_JSON_BOOL, CB_JSON_LIST, CB_JSON_MAP } cb_json_kind;

typedef struct cb_json {
    cb_json_kind kind;
    bool boolean;                /* CB_JSON_BOOL */
    cb_text text;                /* CB_JSON_TEXT */
    int64_t integer;             /* CB_JSON_INT */
    double number;               /* CB_JSON_DOUBLE */
    size_t count;                /* CB_JSON_LIST, CB_JSON_MAP */
    const struct cb_json *items; /* the list's items, or the map's values */
    const cb_text *keys;         /* the map's keys, in the order of its values */
} cb_json;

/* The value of `key` in a map; NULL if `json` is no map or has no such key. */
const cb_json *cb_json_get(const cb_json *json, const char *key);

cb_json cb_json_text(cb_text text);
cb_json cb_json_list(const cb_json *items, size_t count);
cb_json cb_json_map(const cb_text *keys, const cb_json *values, size_t count);

/* ---- Tables ---- */

/* Arrow's types that have no parts, by the numbers that Arrow's schema gives them. */
typedef enum {
    CB_NULL = 1,
    CB_INT = 2,
    CB_FLOAT = 3,
    CB_BINARY = 4,
    CB_UTF8 = 5,
    CB_BOOL = 6,
    CB_DECIMAL = 7,
    CB_DATE = 8,
    CB_TIME = 9,
    CB_TIMESTAMP = 10,
    CB_INTERVAL = 11,
    CB_FIXED_SIZE_BINARY = 15,
    CB_DURATION = 18,
    CB_LARGE_BINARY = 19,
    CB_LARGE_UTF8 = 20
} cb_type_id;

/* What the type's numbers are:
 *   CB_INT: bits, is signed. CB_FLOAT: precision (0 half, 1 single, 2 double). CB_DECIMAL: precision, scale, bits.
 *   CB_DATE: unit (0 days in 32 bits, 1 milliseconds in 64). CB_TIME: unit, bits. CB_TIMESTAMP, CB_DURATION: unit.
 *   CB_INTERVAL: unit (0 months, 1 days and milliseconds, 2 months, days and nanoseconds). CB_FIXED_SIZE_BINARY: bytes.
 * Another unit is 0 seconds, 1 milliseconds, 2 microseconds, 3 nanoseconds. */
typedef struct {
    cb_type_id id;
    int32_t number[3];
    cb_text zone; /* CB_TIMESTAMP: its time zone, bytes NULL if it has none */
} cb_type;

typedef struct {
    cb_text key;
    cb_text value;
} cb_pair;

/* One column. Read cells through the functions below; the pointers are for those who need the speed. */
typedef struct cb_column {
    cb_text name;
    cb_type type; /* of a dictionary-encoded column: of its indices */
    bool nullable;
    const cb_pair *metadata; /* "format" or "unit", say */
    size_t metadata_count;
    size_t rows;
    const uint8_t *validity;            /* a bit per row, 1 = has a value; NULL if all have */
    const uint8_t *values;              /* little-endian, maybe unaligned; CB_BOOL: a bit per row; CB_UTF8 and its like: offsets */
    const uint8_t *bytes;               /* CB_UTF8 and its like: what the offsets point into */
    const struct cb_column *dictionary; /* the values that the indices choose from; NULL if not dictionary-encoded */
    bool ordered;                       /* the dictionary's order means something */
} cb_column;

typedef struct {
    size_t rows;
    size_t column_count;
    const cb_column *columns;
    const cb_pair *metadata;
    size_t metadata_count;
} cb_table;

/* The first column of that name, or NULL. */
const cb_column *cb_find_column(const cb_table *table, cb_text name);

/* Whether cells are text, dictionary-encoded or not. */
bool cb_is_text(const cb_column *column);

bool cb_is_null(const cb_column *column, size_t row);

/* A cell of a column that cb_is_text; bytes is NULL if it is null. */
cb_text cb_text_at(const cb_column *column, size_t row);

/* A cell of a column whose type is CB_INT, CB_DATE, CB_TIME, CB_TIMESTAMP or CB_DURATION and that has no dictionary; 0 if it is null.
 * An unsigned 64-bit number comes as the same bits. */
int64_t cb_int_at(const cb_column *column, size_t row);

/* A cell of a column whose type is CB_INT or CB_FLOAT, as a double; NaN if it is null. */
double cb_number_at(const cb_column *column, size_t row);

/* The table that has the given rows of `table`, in the given order, each as often as it is named. */
cb_table cb_take(const cb_table *table, const size_t *rows, size_t count);

/* New columns. A text of NULL bytes and a NaN are null. `format` is a number format such as "{:,}". */
cb_column cb_text_column(const char *name, const cb_text *cells, size_t rows);
cb_column cb_number_column(const char *name, const double *cells, size_t rows, const char *format);

/* ---- The call ---- */

typedef struct {
    cb_text basedir;          /* the folder of the inputs */
    cb_text input_filename;   /* in it; main.c has read it */
    cb_json params;           /* a map */
    cb_text tab_name;         /* as the user named the tab */
    cb_text fetched_filename; /* what the step's last fetch left, for cb_read_input; bytes is NULL if there was none */
    cb_text output_filename;  /* main.c writes it */
} cb_request;

typedef struct cb_message cb_message;
typedef struct cb_error cb_error;
typedef struct {
    cb_error *first_error;
    cb_error *last_error;
    cb_json json; /* for the step's own page; null for none, else a map */
} cb_result;

/* Tells the user something: an error if the output has no columns, a warning if it has some. `id` is looked up in a catalogue;
 * arguments are added to the error's message. Texts are not copied: they must stay valid until the end. */
cb_error *cb_add_error(cb_result *result, const char *id);
cb_message *cb_error_message(cb_error *error);

/* Offers to put the step `module` before this one, with `params` (a map) over its defaults. Returns the button's text. */
cb_message *cb_add_quick_fix(cb_error *error, const char *button_id, const char *module, cb_json params);

void cb_set_source(cb_message *message, const char *source); /* "module" if the step has its own catalogue */
void cb_add_text(cb_message *message, const char *name, cb_text value);
void cb_add_int(cb_message *message, const char *name, int32_t value);
void cb_add_double(cb_message *message, const char *name, double value);

/* The author writes this one: the output table for an input. A table without columns means that there is none, and
 * `result` should then say why. */
cb_table render(const cb_request *request, const cb_table *input, cb_result *result);

/* ---- Calls that a step may answer, or leave out: then the functions of defaults.c stand in ---- */

/* The params in today's form, for `params` (a map) of any version that the step ever had. The manifest must say `migrates_params: true`,
 * or nobody asks. Without one they stay as they are. */
cb_json migrate_params(const cb_json *params);

/* A file that the host handed over. */
typedef struct {
    cb_text uuid;     /* what a param holds */
    cb_text name;     /* as its owner called it: any text at all */
    cb_text filename; /* what it is called in the folder of the inputs */
} cb_file;

typedef struct {
    cb_text basedir;                /* the folder of the inputs */
    cb_json params;                 /* a map */
    cb_json secrets;                /* a map by param name: keep it out of messages, files and the log */
    cb_text last_filename;          /* what the last fetch left; bytes is NULL if this is the first */
    cb_text input_parquet_filename; /* the table before this step; bytes is NULL if there is none */
    cb_text output_filename;        /* main.c writes it */
    const cb_file *files;           /* what there is to fetch from: there is no network */
    size_t file_count;
} cb_fetch_request;

/* The bytes of one of the files in the folder of the inputs. No copy is made: they must not be written to. */
cb_text cb_read_input(cb_text basedir, cb_text filename);

/* The bytes of what was fetched, whatever they are; none for nothing, and `result` should then say why. Quick fixes and JSON in `result`
 * are left out. Without one the step fetches nothing. */
cb_text fetch(const cb_fetch_request *request, cb_result *result);

#endif

/* Tests of the C SDK, natively: tables survive writing and reading, and broken files and requests end the process with a line in the log,
 * never otherwise. To be built with the address and undefined-behaviour sanitizers; README.md has the command.
 *
 *     test FOLDER [ROUNDS [FILE.arrow]...]
 *
 * FOLDER takes the files that the tests write. ROUNDS of damage are done, 2,000 if not said, to a request, a table and the files named.
 */
#include "../internal.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A finding of a sanitizer must look different from a refusal, whose status is 1. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "exitcode=99:detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=2048";
}
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void) {
    return "exitcode=99:halt_on_error=1:print_stacktrace=1";
}

static const char *folder;

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
            exit(2);                                                                 \
        }                                                                            \
    } while (0)

static const char *path_in_folder(const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = cb_alloc(size, 1);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static cb_buffer read_whole(const char *path) {
    int descriptor = open(path, O_RDONLY);
    CHECK(descriptor >= 0);
    cb_buffer bytes = cb_read_descriptor(descriptor, path);
    close(descriptor);
    return bytes;
}

/* ---- Tables ---- */

static cb_text text(const char *zero_terminated) {
    return cb_text_of(zero_terminated);
}

static const cb_text none = {NULL, 0};

/* Five rows: text, number, bool, dictionary-encoded text, and a type that the SDK only hands on. */
static cb_table sample(void) {
    static const uint8_t bools = 0x15, validity = 0x1b, indices[] = {2, 0, 0, 2, 3};
    static const int64_t durations[] = {1, -2, 3, -4, 5};
    cb_text *cells = cb_alloc(5, sizeof *cells);
    cells[0] = text("a"), cells[1] = text(""), cells[2] = none, cells[3] = text("d\xc3\xa9"), cells[4] = text("e");
    double numbers[] = {1.5, NAN, -3, 4e300, 0};
    cb_column *dictionary = cb_alloc(1, sizeof *dictionary), *columns = cb_alloc(5, sizeof *columns);
    cb_text values[] = {text("zero"), text("unused"), text("two"), none};
    *dictionary = cb_text_column("", values, 4);
    columns[0] = cb_text_column("text", cells, 5);
    columns[1] = cb_number_column("number", numbers, 5, "{:,}");
    columns[2] = (cb_column){.name = text("bool"), .type = {.id = CB_BOOL}, .rows = 5, .values = &bools};
    columns[3] = (cb_column){.name = text("choice"), .type = {.id = CB_INT, .number = {8, 1}}, .nullable = true, .rows = 5,
                             .validity = &validity, .values = indices, .dictionary = dictionary};
    columns[4] = (cb_column){.name = text("time"), .type = {.id = CB_DURATION, .number = {2}}, .rows = 5,
                             .values = (const uint8_t *)durations};
    return (cb_table){.rows = 5, .column_count = 5, .columns = columns};
}

static cb_table written_and_read(const cb_table *table, const char *name) {
    const char *path = path_in_folder(name);
    cb_write_table(table, path);
    return cb_read_table(read_whole(path), path);
}

static void check_text(const cb_column *column, size_t row, cb_text wanted) {
    CHECK(cb_text_equal(cb_text_at(column, row), wanted));
    CHECK(cb_is_null(column, row) == (wanted.bytes == NULL));
}

static void test_round_trip(void) {
    cb_table table = sample(), got = written_and_read(&table, "round-trip.arrow");
    CHECK(got.rows == 5 && got.column_count == 5);
    const cb_column *c = got.columns;
    check_text(&c[0], 0, text("a"));
    check_text(&c[0], 1, text(""));
    check_text(&c[0], 2, none);
    check_text(&c[0], 3, text("d\xc3\xa9"));
    CHECK(cb_number_at(&c[1], 0) == 1.5 && cb_is_null(&c[1], 1) && cb_number_at(&c[1], 3) == 4e300);
    CHECK(c[1].metadata_count == 1 && cb_text_equal(c[1].metadata[0].value, text("{:,}")));
    CHECK(c[2].type.id == CB_BOOL && cb_bit(c[2].values, 0) && !cb_bit(c[2].values, 1) && cb_bit(c[2].values, 4));
    CHECK(c[4].type.id == CB_DURATION && c[4].type.number[0] == 2 && cb_int_at(&c[4], 3) == -4);
    CHECK(cb_find_column(&got, text("bool")) == &c[2] && cb_find_column(&got, text("boo")) == NULL);
}

/* Row 2 has no index, row 4 has the index of a null: both are null, and neither null nor unused values are written. */
static void test_dictionary(void) {
    cb_table table = sample();
    check_text(&table.columns[3], 4, none);
    cb_table got = written_and_read(&table, "dictionary.arrow");
    const cb_column *c = &got.columns[3];
    CHECK(c->dictionary->rows == 2);
    const cb_text wanted[] = {text("two"), text("zero"), none, text("two"), none};
    for (size_t row = 0; row < 5; row++)
        check_text(c, row, wanted[row]);
}

static void test_take(void) {
    cb_table table = sample();
    const size_t rows[] = {4, 3, 3, 1};
    cb_table taken = cb_take(&table, rows, 4), got = written_and_read(&taken, "take.arrow");
    CHECK(got.rows == 4);
    check_text(&got.columns[0], 0, text("e"));
    check_text(&got.columns[0], 2, text("d\xc3\xa9"));
    check_text(&got.columns[0], 3, text(""));
    CHECK(cb_int_at(&got.columns[4], 1) == -4 && cb_is_null(&got.columns[1], 3));
    check_text(&got.columns[3], 3, text("zero"));

    taken = cb_take(&table, NULL, 0);
    got = written_and_read(&taken, "no-rows.arrow");
    CHECK(got.rows == 0 && got.column_count == 5 && got.columns[3].dictionary->rows == 0);
}

static void test_concat(void) {
    cb_table table = sample();
    for (size_t i = 0; i < table.column_count; i++) {
        cb_column parts[] = {table.columns[i], table.columns[i], table.columns[i]};
        cb_column all = cb_concat(parts, 3);
        CHECK(all.rows == 15);
        for (size_t row = 0; row < 15; row++) {
            CHECK(cb_is_null(&all, row) == cb_is_null(&parts[0], row % 5));
            if (cb_is_text(&all))
                check_text(&all, row, cb_text_at(&parts[0], row % 5));
        }
    }
}

/* Halves are the one kind of number that C cannot read by itself. */
static void test_halves(void) {
    static const uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x7e00};
    static const double wanted[] = {1, -2, 0x1p-24, 65504, -INFINITY};
    cb_column column = {.type = {.id = CB_FLOAT}, .rows = 6, .values = (const uint8_t *)halves};
    for (size_t row = 0; row < 5; row++)
        CHECK(cb_number_at(&column, row) == wanted[row]);
    CHECK(isnan(cb_number_at(&column, 5)));
}

/* ---- Messages ---- */

static void append_uint(cb_buffer *out, uint64_t value, size_t size) {
    for (size_t i = size; i-- > 0;)
        cb_append(out, &(uint8_t){(uint8_t)(value >> (8 * i))}, 1);
}

static void append_text_field(cb_buffer *out, int id, const char *value) {
    append_uint(out, 11, 1);
    append_uint(out, (uint64_t)id, 2);
    append_uint(out, strlen(value), 4);
    cb_append(out, value, strlen(value));
}

/* A request; its params are one that nests, and {"n": 7}. */
static cb_buffer sample_request(void) {
    cb_json items[] = {cb_json_text(text("x")), {.kind = CB_JSON_NULL}, {.kind = CB_JSON_BOOL, .boolean = true},
                       cb_json_map(NULL, NULL, 0)};
    cb_json values[] = {cb_json_list(items, 4), {.kind = CB_JSON_INT, .integer = 7}, {.kind = CB_JSON_DOUBLE, .number = -0.5}};
    cb_text keys[] = {text("list"), text("n"), text("half")};
    cb_json params = cb_json_map(keys, values, 3);
    cb_buffer request = {0}, migrate = cb_write_migrate_result(&params);
    append_text_field(&request, 1, "/in");
    append_text_field(&request, 2, "input.arrow");
    append_text_field(&request, 4, "Tab 1");
    append_text_field(&request, 6, "output.arrow");
    append_text_field(&request, 77, "of a later version");
    cb_append(&request, "\x0c\0\5", 3);
    append_text_field(&request, 1, "fetched");
    cb_append(&request, "\0", 1);
    /* The migrated params are field 1 of their struct; here they are field 3. */
    migrate.data[2] = 3;
    cb_append(&request, migrate.data, migrate.size);
    return request;
}

static void test_request(void) {
    cb_request request = cb_read_render_request(sample_request());
    CHECK(cb_text_equal(request.input_filename, text("input.arrow")) && cb_text_equal(request.output_filename, text("output.arrow")));
    CHECK(cb_text_equal(request.fetched_filename, text("fetched")));
    CHECK(cb_text_equal(request.tab_name, text("Tab 1")) && cb_text_equal(request.basedir, text("/in")));
    const cb_json *list = cb_json_get(&request.params, "list");
    CHECK(list != NULL && list->kind == CB_JSON_LIST && list->count == 4);
    CHECK(cb_text_equal(list->items[0].text, text("x")) && list->items[1].kind == CB_JSON_NULL && list->items[2].boolean);
    CHECK(list->items[3].kind == CB_JSON_MAP && list->items[3].count == 0);
    CHECK(cb_json_get(&request.params, "n")->integer == 7 && cb_json_get(&request.params, "half")->number == -0.5);
    CHECK(cb_json_get(&request.params, "absent") == NULL);
}

/* A request to fetch: the params of the other sample, also as its secrets, and one file. */
static cb_buffer sample_fetch_request(void) {
    cb_json values[] = {{.kind = CB_JSON_INT, .integer = 7}};
    cb_text keys[] = {text("n")};
    cb_json params = cb_json_map(keys, values, 1);
    cb_buffer request = {0}, map = cb_write_migrate_result(&params);
    append_text_field(&request, 1, "/in");
    append_text_field(&request, 6, "output");
    append_text_field(&request, 5, "input.parquet");
    /* Without the stop behind its one field: the params are field 1 there, and 2 and 3 here. */
    for (uint8_t id = 2; id <= 3; id++) {
        map.data[2] = id;
        cb_append(&request, map.data, map.size - 1);
    }
    cb_append(&request, "\x0d\0\x07\x0b\x0c\0\0\0\1\0\0\0\1u", 14);
    append_text_field(&request, 1, "a b.csv");
    append_text_field(&request, 2, "u_a-b.csv");
    cb_append(&request, "\0", 1);
    cb_append(&request, "\x0c\0\4", 3);
    append_text_field(&request, 1, "fetched");
    cb_append(&request, "\0\0", 2);
    return request;
}

static void test_fetch(void) {
    cb_fetch_request request = cb_read_fetch_request(sample_fetch_request());
    CHECK(cb_text_equal(request.basedir, text("/in")) && cb_text_equal(request.output_filename, text("output")));
    CHECK(cb_text_equal(request.input_parquet_filename, text("input.parquet")));
    CHECK(cb_text_equal(request.last_filename, text("fetched")));
    CHECK(cb_json_get(&request.params, "n")->integer == 7 && cb_json_get(&request.secrets, "n")->integer == 7);
    CHECK(request.file_count == 1 && cb_text_equal(request.files[0].uuid, text("u")));
    CHECK(cb_text_equal(request.files[0].name, text("a b.csv")) && cb_text_equal(request.files[0].filename, text("u_a-b.csv")));

    cb_result result = {0};
    cb_add_error(&result, "e");
    static const char wanted[] = "\x0b\0\1\0\0\0\6output\x0f\0\2\x0c\0\0\0\1\x0c\0\1\x0b\0\1\0\0\0\1e\x0d\0\2\x0b\x0c\0\0\0\0\0\0";
    cb_buffer written = cb_write_fetch_result(text("output"), &result);
    CHECK(written.size == sizeof wanted && memcmp(written.data, wanted, sizeof wanted) == 0);
    CHECK(migrate_params(&request.params).count == 1);
}

/* Byte for byte what an encoder that was made from the contract's IDL writes. */
static void test_result(void) {
    static const char wanted[] =
        "0f000" "10c00000001"                         /* errors: a list of one struct */
        "0c00010b0001000000" "0165" "0d0002" "0b0c00000003" /* message: id "e", three arguments */
        "0000000174" "0b00010000000178" "00"           /* t: "x" */
        "0000000169" "080002" "fffffffe" "00"          /* i: -2 */
        "0000000164" "040003" "3ff8000000000000" "00"  /* d: 1.5 */
        "0b0003000000066d6f64756c65" "00"              /* source: "module" */
        "0f00020c00000001"                             /* quick fixes: one */
        "0c00010b00010000000162" "0d00020b0c00000000" "00" /* button text: id "b" */
        "0c00020c0001" "0b00010000000173" "0d00020b0c00000001" /* prepend step "s" with one param */
        "0000000163" "0f00050c00000001" "0b00010000000141" "00" "00" /* c: ["A"] */
        "000000" "00"                                  /* ends of step, action, fix and error */
        "0d00020b0c00000000" "00";                     /* json: {} */
    cb_result result = {0};
    cb_error *error = cb_add_error(&result, "e");
    cb_add_text(cb_error_message(error), "t", text("x"));
    cb_add_int(cb_error_message(error), "i", -2);
    cb_add_double(cb_error_message(error), "d", 1.5);
    cb_set_source(cb_error_message(error), "module");
    cb_json item = cb_json_text(text("A")), list = cb_json_list(&item, 1);
    cb_text key = text("c");
    cb_add_quick_fix(error, "b", "s", cb_json_map(&key, &list, 1));
    cb_buffer bytes = cb_write_render_result(&result);
    CHECK(bytes.size * 2 == sizeof wanted - 1);
    for (size_t i = 0; i < bytes.size; i++) {
        char hex[3];
        snprintf(hex, sizeof hex, "%02x", bytes.data[i]);
        CHECK(memcmp(hex, wanted + 2 * i, 2) == 0);
    }
}

/* ---- Damage ---- */

static uint32_t random_state = 1;

/* The same numbers on every machine, so that a finding can be found again. */
static uint32_t random_below(uint32_t bound) {
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)random_state * bound) >> 32);
}

/* A copy in memory of its own size, so that the address sanitizer sees a read behind its end. */
static cb_buffer damaged(cb_buffer from) {
    size_t size = random_below(4) == 0 ? random_below((uint32_t)from.size + 1) : from.size;
    cb_buffer to = {cb_alloc(size, 1), size, size};
    cb_copy(to.data, from.data, size);
    for (uint32_t left = random_below(4); left > 0 && size >= 8; left--) {
        /* Metadata is at the end of the file and sparse in the rest: prefer the end. */
        size_t span = random_below(2) == 0 && size > 2048 ? 2048 : size;
        size_t at = size - 1 - random_below((uint32_t)span);
        static const uint32_t odd[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8, 64};
        uint32_t word = odd[random_below(7)];
        if (random_below(2) == 0)
            to.data[at] = (uint8_t)random_below(256);
        else if (at + sizeof word <= size)
            memcpy(to.data + at, &word, sizeof word);
    }
    return to;
}

/* All that a step may do with a table. */
static void use_table(cb_buffer file) {
    cb_table table = cb_read_table(file, "damaged.arrow");
    size_t rows[64], count = 0;
    for (size_t row = 0; row < table.rows && count < 64; row++)
        rows[count++] = row;
    cb_table taken = cb_take(&table, rows, count);
    for (size_t i = 0; i < taken.column_count; i++)
        for (size_t row = 0; row < count; row++) {
            const cb_column *column = &taken.columns[i];
            if (cb_is_text(column))
                cb_text_at(column, row);
            else if (column->type.id == CB_INT || column->type.id == CB_FLOAT)
                cb_number_at(column, row);
        }
    cb_write_table(&taken, "/dev/null");
    cb_write_table(&table, "/dev/null");
}

static void use_request(cb_buffer bytes) {
    cb_request request = cb_read_render_request(bytes);
    cb_write_migrate_result(&request.params);
}

static void use_fetch_request(cb_buffer bytes) {
    cb_fetch_request request = cb_read_fetch_request(bytes);
    cb_write_migrate_result(&request.secrets);
    for (size_t i = 0; i < request.file_count; i++)
        cb_text_equal(request.files[i].name, request.files[i].filename);
}

/* Each round in a process of its own: it may end well or refuse, or use up its time (a batch of 2^60 rows without
 * buffers is valid), but a sanitizer may find nothing. */
static void test_damage(const char *what, cb_buffer good, void (*use)(cb_buffer), int rounds) {
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
        cb_buffer bytes = damaged(good);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            struct rlimit seconds = {1, 1};
            setrlimit(RLIMIT_CPU, &seconds);
            int log = open(path_in_folder("damage.log"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
            dup2(log, STDERR_FILENO);
            use(bytes);
            _exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        bool out_of_time = WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL);
        bool refusal = WIFEXITED(status) && WEXITSTATUS(status) == 1;
        refused += refusal;
        if (!out_of_time && !refusal && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
            cb_buffer log = read_whole(path_in_folder("damage.log"));
            fprintf(stderr, "%s, round %d: status %#x\n%.*s", what, round, (unsigned)status, (int)log.size, (const char *)log.data);
            exit(2);
        }
        free(bytes.data);
    }
    printf("%s: %d rounds of damage, %d refused\n", what, rounds, refused);
    fflush(stdout); /* or the children of the next test would print it again */
    CHECK(rounds < 100 || refused > rounds / 10);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: test FOLDER [ROUNDS [FILE.arrow]...]\n");
        return 2;
    }
    folder = argv[1];
    int rounds = argc > 2 ? atoi(argv[2]) : 2000;
    test_round_trip();
    test_dictionary();
    test_take();
    test_concat();
    test_halves();
    test_request();
    test_fetch();
    test_result();
    test_damage("request", sample_request(), use_request, rounds);
    test_damage("requests to fetch", sample_fetch_request(), use_fetch_request, rounds);
    test_damage("table", read_whole(path_in_folder("dictionary.arrow")), use_table, rounds);
    for (int i = 3; i < argc; i++)
        test_damage(argv[i], read_whole(argv[i]), use_table, rounds);
    return 0;
}

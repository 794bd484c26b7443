/* Adds a column with the number of characters in the texts of a column.
 * Params: {"column": the column's name, "" for none chosen yet}. */
#include "crunchbox.h"

#include <math.h>

static double characters(cb_text text) {
    if (text.bytes == NULL)
        return (double)NAN; /* null, in a new column */
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.bytes[i] & 0xc0) != 0x80; /* all but the bytes that go on with a character */
    return (double)count;
}

/* Says what is wrong and how the user can mend it. No output goes with it, so it is an error, not a warning. */
static cb_table refuse(const cb_column *column, cb_result *result) {
    cb_error *error = cb_add_error(result, "length.notText");
    cb_set_source(cb_error_message(error), "module");
    cb_add_text(cb_error_message(error), "column", column->name);

    cb_json *name = cb_alloc(1, sizeof *name), *names = cb_alloc(1, sizeof *names);
    cb_text *key = cb_alloc(1, sizeof *key);
    *name = cb_json_text(column->name);
    *names = cb_json_list(name, 1);
    *key = cb_text_of("colnames");
    cb_set_source(cb_add_quick_fix(error, "length.convert", "converttotext", cb_json_map(key, names, 1)), "module");
    return (cb_table){0};
}

cb_table render(const cb_request *request, const cb_table *input, cb_result *result) {
    const cb_json *name = cb_json_get(&request->params, "column");
    if (name == NULL || name->kind != CB_JSON_TEXT)
        cb_fail("the param \"column\" is not a text");
    const cb_column *column = cb_find_column(input, name->text);
    if (column == NULL)
        return *input;
    if (!cb_is_text(column))
        return refuse(column, result);

    double *lengths = cb_alloc(input->rows, sizeof *lengths);
    for (size_t row = 0; row < input->rows; row++)
        lengths[row] = characters(cb_text_at(column, row));
    cb_column *columns = cb_alloc(input->column_count + 1, sizeof *columns);
    memcpy(columns, input->columns, input->column_count * sizeof *columns);
    columns[input->column_count] = cb_number_column("Length", lengths, input->rows, "{:,d}");

    cb_table output = *input;
    output.columns = columns;
    output.column_count++;
    return output;
}

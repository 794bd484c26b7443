/* Drops the rows in which any of the chosen columns is empty: null, or a text of no characters. */
#include "crunchbox.h"

typedef struct {
    const cb_column **columns;
    size_t count;
} choice;

/* The columns that the params name. A name that the table lacks is passed over, as the host does when it cleans params. */
static choice chosen_columns(const cb_json *params, const cb_table *input) {
    const cb_json *names = cb_json_get(params, "colnames");
    if (names == NULL || names->kind != CB_JSON_LIST)
        cb_fail("the param \"colnames\" is not a list of column names");
    choice chosen = {cb_alloc(names->count, sizeof *chosen.columns), 0};
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].kind != CB_JSON_TEXT)
            cb_fail("the param \"colnames\" has something else than a text at position %zu", i + 1);
        const cb_column *column = cb_find_column(input, names->items[i].text);
        if (column != NULL)
            chosen.columns[chosen.count++] = column;
    }
    return chosen;
}

static bool is_empty(const cb_column *column, size_t row) {
    return cb_is_text(column) ? cb_text_at(column, row).size == 0 : cb_is_null(column, row);
}

static bool any_empty(const choice *chosen, size_t row) {
    for (size_t i = 0; i < chosen->count; i++)
        if (is_empty(chosen->columns[i], row))
            return true;
    return false;
}

cb_table render(const cb_request *request, const cb_table *input, cb_result *result) {
    (void)result; /* nothing can be wrong that the user should hear of */
    choice chosen = chosen_columns(&request->params, input);
    if (chosen.count == 0)
        return *input;
    size_t *kept = cb_alloc(input->rows, sizeof *kept);
    size_t count = 0;
    for (size_t row = 0; row < input->rows; row++)
        if (!any_empty(&chosen, row))
            kept[count++] = row;
    return count == input->rows ? *input : cb_take(input, kept, count);
}

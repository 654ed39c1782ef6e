/* Answers and the pieces of their documents. */
#include "call.h"

#include <stdio.h>
#include <stdlib.h>

void answer_json(struct answer *answer, unsigned status, struct sb_json_out *out)
{
    char *text = out != NULL ? sb_json_out_take(out) : NULL;
    sb_json_out_destroy(out);
    free(answer->body);
    answer->body = text;
    answer->status = text != NULL ? status : 500;
    if (text == NULL)
        sb_log(SB_LOG_ERROR, "api", "an answer needs more than %d MiB or there is no memory: 500", ANSWER_MAX >> 20);
}

void answer_error(struct answer *answer, unsigned status, const char *code, const char *message)
{
    struct sb_json_out *out = sb_json_out_create(8192);
    if (out != NULL) {
        sb_json_object_begin(out);
        sb_json_key(out, "error");
        sb_json_object_begin(out);
        put_text(out, "code", code);
        put_text(out, "message", message);
        sb_json_object_end(out);
        sb_json_object_end(out);
    }
    answer_json(answer, status, out);
}

void answer_failure(struct answer *answer, const struct sb_error *err)
{
    unsigned status = 503;
    const char *code = "unavailable";
    if (err->code == SB_ERR_NOT_FOUND) {
        status = 404;
        code = "not_found";
    } else if (err->code == SB_ERR_CONFLICT || err->code == SB_ERR_REFUSED || err->code == SB_ERR_EXISTS) {
        status = 409;
        code = "refused";
    } else if (err->code == SB_ERR_INVALID || err->code == SB_ERR_TOO_LARGE) {
        status = 400;
        code = "invalid";
    } else if (err->code == SB_ERR_NOMEM || err->code == SB_ERR_BUG) {
        status = 500;
        code = "internal";
    }
    answer_error(answer, status, code, err->text);
}

void put_text(struct sb_json_out *out, const char *key, const char *value)
{
    sb_json_key(out, key);
    sb_json_string(out, value);
}

void put_number(struct sb_json_out *out, const char *key, int64_t value)
{
    sb_json_key(out, key);
    sb_json_integer(out, value);
}

void put_flag(struct sb_json_out *out, const char *key, bool value)
{
    sb_json_key(out, key);
    sb_json_boolean(out, value);
}

void put_wall(struct sb_json_out *out, const char *key, struct sb_wall wall)
{
    if (wall.ns > 0)
        put_number(out, key, wall.ns / SB_MS(1));
    else
        put_text(out, key, NULL);
}

void put_usd(struct sb_json_out *out, const char *key, struct sb_usd usd)
{
    char digits[32];
    struct sb_text text;
    sb_text_init(&text, digits, sizeof(digits));
    sb_text_add_usd(&text, usd, 6);
    sb_json_key(out, key);
    sb_json_raw(out, digits);
}

void put_cell(struct sb_json_out *out, const char *key, const struct sb_cell *cell)
{
    sb_json_key(out, key);
    if (cell == NULL || cell->type == SB_CELL_NULL)
        sb_json_string(out, NULL);
    else if (cell->type == SB_CELL_INT)
        sb_json_integer(out, cell->integer);
    else
        sb_json_string_n(out, cell->text, cell->size);
}

enum sb_err put_rows(struct sb_json_out *out, const char *key, struct sb_store *store, const char *sql, const struct sb_cell *params,
                     size_t param_count, const struct sb_op *op, struct sb_error *err)
{
    struct sb_rows *rows = NULL;
    struct sb_statement statement = { .sql = sql, .params = params, .param_count = param_count, .expect_rows = -1 };
    enum sb_err rc = store != NULL ? store->ops->query(store, &statement, op, &rows, err) : SB_OK;
    if (key != NULL)
        sb_json_key(out, key);
    sb_json_array_begin(out);
    for (size_t r = 0; rc == SB_OK && rows != NULL && r < sb_rows_count(rows); r++) {
        sb_json_object_begin(out);
        for (size_t c = 0; c < sb_rows_columns(rows); c++)
            put_cell(out, sb_rows_column(rows, c), sb_rows_cell(rows, r, c));
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    sb_rows_destroy(rows);
    return rc;
}

/* Result sets: cells in one array, texts in one buffer. Belongs to the caller's thread once it is returned. */
#include "rows.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

struct sb_rows {
    size_t columns, count, cap; /* cells */
    struct sb_cell *cells;      /* texts point into `texts` */
    char **names;
    char *texts;
    size_t text_len, text_cap;
};

struct sb_cell sb_cell_text(const char *text)
{
    if (!text)
        return sb_cell_null();
    return (struct sb_cell){ .type = SB_CELL_TEXT, .text = text, .size = strlen(text) };
}

struct sb_rows *sb_rows_create(size_t columns)
{
    struct sb_rows *rows = calloc(1, sizeof *rows);
    if (!rows)
        return NULL;
    rows->columns = columns;
    rows->names = calloc(columns + 1, sizeof *rows->names);
    if (!rows->names) {
        free(rows);
        return NULL;
    }
    return rows;
}

void sb_rows_destroy(struct sb_rows *rows)
{
    if (!rows)
        return;
    for (size_t i = 0; i < rows->columns; i++)
        free(rows->names[i]);
    free(rows->names);
    free(rows->cells);
    free(rows->texts);
    free(rows);
}

enum sb_err sb_rows_name(struct sb_rows *rows, size_t column, const char *name, struct sb_error *err)
{
    SB_ASSERT(column < rows->columns && !rows->names[column]);
    rows->names[column] = strdup(name);
    return rows->names[column] ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for a result");
}

static bool grow_cells(struct sb_rows *rows)
{
    size_t cap = rows->cap ? rows->cap * 2 : 64;
    struct sb_cell *cells = realloc(rows->cells, cap * sizeof *cells);
    if (!cells)
        return false;
    rows->cells = cells;
    rows->cap = cap;
    return true;
}

/* When the buffer moves, the cells that point into it move along. */
static bool grow_texts(struct sb_rows *rows, size_t size)
{
    size_t cap = rows->text_cap ? rows->text_cap : 1024;
    while (cap - rows->text_len < size)
        cap *= 2;
    char *texts = malloc(cap);
    if (!texts)
        return false;
    if (rows->text_len > 0)
        memcpy(texts, rows->texts, rows->text_len);
    for (size_t i = 0; i < rows->count; i++)
        if (rows->cells[i].type == SB_CELL_TEXT)
            rows->cells[i].text = texts + (rows->cells[i].text - rows->texts);
    free(rows->texts);
    rows->texts = texts;
    rows->text_cap = cap;
    return true;
}

static enum sb_err check_bounds(const struct sb_rows *rows, size_t size, struct sb_error *err)
{
    if (rows->count / rows->columns >= SB_ROWS_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the result has more than %d rows: add a LIMIT", SB_ROWS_MAX);
    if (size >= SB_ROWS_BYTES_MAX || rows->text_len + size >= SB_ROWS_BYTES_MAX)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the result has more than %d bytes: select fewer columns or rows",
                            SB_ROWS_BYTES_MAX);
    return SB_OK;
}

enum sb_err sb_rows_add(struct sb_rows *rows, const struct sb_cell *cell, struct sb_error *err)
{
    bool is_text = cell->type == SB_CELL_TEXT;
    size_t size = is_text ? cell->size + 1 : 0;
    enum sb_err code = check_bounds(rows, size, err);
    if (code)
        return code;
    if (rows->count == rows->cap && !grow_cells(rows))
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a result");
    if (size > rows->text_cap - rows->text_len && !grow_texts(rows, size))
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a result");
    struct sb_cell *added = &rows->cells[rows->count];
    *added = *cell;
    if (is_text) {
        char *at = rows->texts + rows->text_len;
        if (cell->size > 0)
            memcpy(at, cell->text, cell->size);
        at[cell->size] = '\0';
        rows->text_len += size;
        added->text = at;
    }
    rows->count++;
    return SB_OK;
}

size_t sb_rows_count(const struct sb_rows *rows)
{
    return rows->columns ? rows->count / rows->columns : 0;
}

size_t sb_rows_columns(const struct sb_rows *rows)
{
    return rows->columns;
}

const char *sb_rows_column(const struct sb_rows *rows, size_t column)
{
    SB_ASSERT(column < rows->columns);
    return rows->names[column];
}

const struct sb_cell *sb_rows_cell(const struct sb_rows *rows, size_t row, size_t column)
{
    SB_ASSERT(column < rows->columns && row < sb_rows_count(rows));
    return &rows->cells[row * rows->columns + column];
}

const struct sb_cell *sb_rows_get(const struct sb_rows *rows, size_t row, const char *column)
{
    for (size_t i = 0; i < rows->columns; i++)
        if (sb_streq(rows->names[i], column))
            return sb_rows_cell(rows, row, i);
    return NULL;
}

int64_t sb_rows_number(const struct sb_rows *rows, size_t row, const char *column)
{
    const struct sb_cell *cell = sb_rows_get(rows, row, column);
    return cell && cell->type == SB_CELL_INT ? cell->integer : 0;
}

const char *sb_rows_words(const struct sb_rows *rows, size_t row, const char *column)
{
    const struct sb_cell *cell = sb_rows_get(rows, row, column);
    return cell && cell->type == SB_CELL_TEXT ? cell->text : "";
}

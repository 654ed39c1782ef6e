/* Rows of the journal as arrays: one statement inserts many, which saves most of what an insert costs the server. Writer thread only. */
#include "postgres.h"

#include "signalbox/base/assert.h"

#include <stdlib.h>
#include <string.h>

/* A one-dimensional array in the binary form: dimensions, has NULL, type, length, lower bound; then each element after its size. */
enum { HEAD_BYTES = 20, INT8 = 20, TEXT = 25, INT8_ARRAY = 1016, TEXT_ARRAY = 1009 };

static const struct {
    Oid element, array;
} types[SB_PG_ROW_COLUMNS] = { { INT8, INT8_ARRAY }, { INT8, INT8_ARRAY }, { TEXT, TEXT_ARRAY }, { INT8, INT8_ARRAY }, { TEXT, TEXT_ARRAY },
                               { TEXT, TEXT_ARRAY } };
static const char insert[] = "INSERT INTO events (seq, at_ms, kind, run, job_name, payload) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)";

static void put_u32(char *at, uint32_t value)
{
    for (int byte = 0; byte < 4; byte++)
        at[byte] = (char)(value >> (24 - 8 * byte));
}

/* Room for `size` bytes more; NULL when out of memory. */
static char *grow(struct sb_pg_rows *rows, size_t column, size_t size)
{
    size_t used = rows->columns[column].size, cap = rows->columns[column].cap;
    if (used + size > cap) {
        cap = (used + size) * 2;
        char *bytes = realloc(rows->columns[column].bytes, cap);
        if (!bytes)
            return NULL;
        rows->columns[column].bytes = bytes;
        rows->columns[column].cap = cap;
    }
    rows->columns[column].size = used + size;
    return rows->columns[column].bytes + used;
}

static bool add_cell(struct sb_pg_rows *rows, size_t column, const struct sb_cell *cell)
{
    size_t size = cell->type == SB_CELL_NULL ? 0 : cell->type == SB_CELL_INT ? 8 : cell->size;
    if (rows->columns[column].size == 0 && !grow(rows, column, HEAD_BYTES))
        return false;
    char *at = grow(rows, column, 4 + size);
    if (!at)
        return false;
    put_u32(at, cell->type == SB_CELL_NULL ? UINT32_MAX : (uint32_t)size);
    if (cell->type == SB_CELL_INT) {
        SB_ASSERT(types[column].element == INT8);
        put_u32(at + 4, (uint32_t)((uint64_t)cell->integer >> 32));
        put_u32(at + 8, (uint32_t)cell->integer);
    } else if (size > 0) {
        SB_ASSERT(types[column].element == TEXT);
        memcpy(at + 4, cell->text, size);
    }
    rows->columns[column].has_null = rows->columns[column].has_null || cell->type == SB_CELL_NULL;
    return true;
}

bool sb_pg_rows_add(struct sb_pg_rows *rows, const struct sb_cell cells[SB_PG_ROW_COLUMNS])
{
    for (size_t column = 0; column < SB_PG_ROW_COLUMNS; column++)
        if (!add_cell(rows, column, &cells[column]))
            return false;
    rows->count++;
    return true;
}

void sb_pg_rows_clear(struct sb_pg_rows *rows)
{
    rows->count = 0;
    for (size_t column = 0; column < SB_PG_ROW_COLUMNS; column++) {
        rows->columns[column].size = 0;
        rows->columns[column].has_null = false;
    }
}

void sb_pg_rows_deinit(struct sb_pg_rows *rows)
{
    for (size_t column = 0; column < SB_PG_ROW_COLUMNS; column++)
        free(rows->columns[column].bytes);
}

enum sb_err sb_pg_rows_push(struct sb_pg_rows *rows, struct sb_pg_pipe *pipe, struct sb_error *err)
{
    struct sb_pg_bound bound = { .count = SB_PG_ROW_COLUMNS };
    if (rows->count == 0)
        return SB_OK;
    for (size_t column = 0; column < SB_PG_ROW_COLUMNS; column++) {
        char *head = rows->columns[column].bytes;
        put_u32(head, 1);
        put_u32(head + 4, rows->columns[column].has_null);
        put_u32(head + 8, types[column].element);
        put_u32(head + 12, rows->count);
        put_u32(head + 16, 1);
        bound.values[column] = head;
        bound.sizes[column] = (int)rows->columns[column].size;
        bound.formats[column] = 1;
        bound.types[column] = types[column].array;
    }
    enum sb_err code = sb_pg_pipe_push_bound(pipe, insert, &bound, NULL, err);
    sb_pg_rows_clear(rows);
    return code;
}

/* What the commands that print tables share: a query of the store, and its rows as a table or as JSON. */
#include "tables.h"

#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>

static struct sb_op within_ten_seconds(void)
{
    return (struct sb_op){ .deadline = sb_now() + SB_S(10) };
}

/* Text from outside is printed with control characters made visible. */
static void print_cell(const struct sb_cell *cell, int width)
{
    char line[64];
    size_t used = 0;
    if (cell != NULL && cell->type == SB_CELL_INT) {
        (void)printf("%-*lld ", width, (long long)cell->integer);
        return;
    }
    for (size_t i = 0; cell != NULL && cell->type == SB_CELL_TEXT && i < cell->size && used + 1 < sizeof(line); i++) {
        unsigned char c = (unsigned char)cell->text[i];
        line[used++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
    line[used] = '\0';
    (void)printf("%-*s ", width, used > 0 ? line : "-");
}

void tables_print(const struct sb_rows *rows, const int *widths)
{
    for (size_t c = 0; c < sb_rows_columns(rows); c++)
        (void)printf("%-*s ", widths[c], sb_rows_column(rows, c));
    (void)putchar('\n');
    for (size_t r = 0; r < sb_rows_count(rows); r++) {
        for (size_t c = 0; c < sb_rows_columns(rows); c++)
            print_cell(sb_rows_cell(rows, r, c), widths[c]);
        (void)putchar('\n');
    }
}

void tables_json_cell(struct sb_json_out *out, const char *key, const struct sb_cell *cell)
{
    sb_json_key(out, key);
    if (cell == NULL || cell->type == SB_CELL_NULL)
        sb_json_string(out, NULL);
    else if (cell->type == SB_CELL_INT)
        sb_json_integer(out, cell->integer);
    else
        sb_json_string_n(out, cell->text, cell->size);
}

void tables_json_list(struct installation *in, struct sb_json_out *out, const char *key, const char *sql, const struct sb_cell *param)
{
    struct sb_rows *rows = NULL;
    sb_json_key(out, key);
    sb_json_array_begin(out);
    if (tables_query(in, sql, param, 1, &rows) == EXIT_OK) {
        for (size_t r = 0; r < sb_rows_count(rows); r++) {
            sb_json_object_begin(out);
            for (size_t c = 0; c < sb_rows_columns(rows); c++)
                tables_json_cell(out, sb_rows_column(rows, c), sb_rows_cell(rows, r, c));
            sb_json_object_end(out);
        }
    }
    sb_json_array_end(out);
    sb_rows_destroy(rows);
}

void tables_field(const char *name, const struct sb_cell *cell)
{
    if (cell->type == SB_CELL_NULL)
        return;
    (void)printf("%-16s ", name);
    if (cell->type == SB_CELL_INT)
        (void)printf("%lld", (long long)cell->integer);
    for (size_t i = 0; cell->type == SB_CELL_TEXT && i < cell->size; i++) {
        unsigned char c = (unsigned char)cell->text[i];
        (void)putchar(c < 0x20 || c == 0x7f ? '?' : c);
    }
    (void)putchar('\n');
}

int tables_finish(struct sb_json_out *out)
{
    char *text = out != NULL ? sb_json_out_take(out) : NULL;
    if (text != NULL)
        (void)puts(text);
    int code = text != NULL ? EXIT_OK : EXIT_BUG;
    free(text);
    sb_json_out_destroy(out);
    return code;
}

int tables_query(struct installation *in, const char *sql, const struct sb_cell *params, size_t count, struct sb_rows **rows)
{
    struct sb_error error = { 0 };
    struct sb_op op = within_ten_seconds();
    struct sb_statement statement = { .sql = sql, .params = params, .param_count = count, .expect_rows = -1 };
    enum sb_err rc = in->services.store->ops->query(in->services.store, &statement, &op, rows, &error);
    if (rc != SB_OK)
        complain("%s", error.text);
    return exit_code_of(rc);
}

uint16_t tables_job(const struct sb_catalogue *catalogue, const char *name)
{
    const struct sb_job_alias *alias = NULL;
    uint16_t index = sb_catalogue_resolve(catalogue, name, &alias);
    if (index == SB_NO_JOB) {
        complain("there is no job \"%.60s\" in catalogue %s; `signalbox job list` names them", name, catalogue->name);
    } else if (alias != NULL) {
        const struct sb_job_def *job = &catalogue->jobs[index];
        (void)fprintf(stderr, "signalbox: %s is %s now, step %s\n", alias->name, job->name, catalogue->steps[job->first_step + alias->step].name);
    }
    return index;
}

/* Step kind `sql`: one statement of the catalogue over the store port. Values reach the database as bound parameters only. Runs on a worker
 * thread; must never build SQL from a value. */
#include "template.h"

#include <stdlib.h>
#include <string.h>

enum { PARAMS_MAX = 32 };

/* The parameters of one execution. */
struct bound {
    struct sb_cell cells[PARAMS_MAX];
    char *texts[PARAMS_MAX];
    size_t count;
};

static void bound_free(struct bound *bound)
{
    for (size_t i = 0; i < bound->count; i++)
        free(bound->texts[i]);
    bound->count = 0;
}

static enum sb_err bind_all(const struct sb_scope *scope, const struct sb_sql_params *params, struct bound *bound, struct sb_error *err)
{
    if (params->param_count > PARAMS_MAX)
        return sb_error_set(err, SB_ERR_CONFIG, "%s: a statement has at most %d parameters", scope->place, PARAMS_MAX);
    for (size_t i = 0; i < params->param_count; i++) {
        enum sb_err code = sb_template_cell(scope, params->params[i], &bound->cells[i], &bound->texts[i], err);
        if (code != SB_OK) {
            bound_free(bound);
            return code;
        }
        bound->count = i + 1;
    }
    return SB_OK;
}

static void put_rows(struct sb_json_out *out, const struct sb_rows *rows)
{
    sb_json_object_begin(out);
    sb_json_key(out, "rows");
    sb_json_array_begin(out);
    for (size_t row = 0; row < sb_rows_count(rows); row++) {
        sb_json_object_begin(out);
        for (size_t column = 0; column < sb_rows_columns(rows); column++) {
            const struct sb_cell *cell = sb_rows_cell(rows, row, column);
            sb_json_key(out, sb_rows_column(rows, column));
            if (cell->type == SB_CELL_INT)
                sb_json_integer(out, cell->integer);
            else if (cell->type == SB_CELL_TEXT)
                sb_json_string_n(out, cell->text, cell->size);
            else
                sb_json_string(out, NULL);
        }
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    sb_json_key(out, "count");
    sb_json_integer(out, (int64_t)sb_rows_count(rows));
    sb_json_object_end(out);
}

static enum sb_err read_rows(const struct sb_step_env *env, const struct sb_scope *scope, struct sb_step_result *result,
                             struct sb_error *err)
{
    const struct sb_sql_params *params = &env->params->as.sql;
    struct bound bound = { .count = 0 };
    struct sb_rows *rows = NULL;
    struct sb_json_out *out = NULL;
    int64_t count = 0;
    enum sb_err code = bind_all(scope, params, &bound, err);
    if (code != SB_OK)
        return code;
    struct sb_statement statement = { .sql = params->statement, .params = bound.cells, .param_count = bound.count, .expect_rows = -1 };
    code = env->services->store->ops->query(env->services->store, &statement, &env->op, &rows, err);
    if (code != SB_OK)
        goto out;
    out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    if (out == NULL) {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for the rows");
        goto out;
    }
    put_rows(out, rows);
    count = (int64_t)sb_rows_count(rows);
    if (count == 0 && params->stop_when != NULL && sb_streq(params->stop_when, "empty"))
        sb_step_nothing(result, "no row: nothing to do");
    else
        sb_step_succeed(result, count, "%lld rows", (long long)count);
    sb_step_output(result, out);
out:
    sb_json_out_destroy(out);
    sb_rows_destroy(rows);
    bound_free(&bound);
    return code;
}

/* One transaction over all elements: either every element's write is in the store or none. */
static enum sb_err write_rows(const struct sb_step_env *env, struct sb_scope *scope, struct sb_step_result *result, struct sb_error *err)
{
    const struct sb_sql_params *params = &env->params->as.sql;
    struct sb_statement *statements = NULL;
    struct bound *bounds = NULL;
    int64_t *changed = NULL, total = 0;
    char *list = NULL;
    size_t count = 1, made = 0;
    enum sb_err code = SB_OK;
    if (params->for_each != NULL)
        code = sb_template_array(scope, params->for_each, &list, &count, err);
    if (code == SB_OK && count > SB_STEP_ITEMS_MAX)
        code = sb_error_set(err, SB_ERR_TOO_LARGE, "%s: %zu elements in one transaction, at most %d", scope->place, count, SB_STEP_ITEMS_MAX);
    if (code != SB_OK)
        goto out;
    statements = calloc(count + 1, sizeof *statements);
    bounds = calloc(count + 1, sizeof *bounds);
    changed = calloc(count + 1, sizeof *changed);
    if (statements == NULL || bounds == NULL || changed == NULL) {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu statements", count);
        goto out;
    }
    for (; made < count && code == SB_OK; made += code == SB_OK) {
        char path[256];
        struct sb_text text;
        sb_text_init(&text, path, sizeof path);
        sb_text_addf(&text, "%s.%zu", list ? list : "", made);
        scope->item = list ? scope->outputs : NULL;
        scope->item_path = path;
        code = bind_all(scope, params, &bounds[made], err);
        statements[made] = (struct sb_statement){ params->statement, bounds[made].cells, bounds[made].count, -1 };
    }
    if (code == SB_OK && count > 0)
        code = env->services->store->ops->write(env->services->store, statements, count, changed, &env->op, err);
    for (size_t i = 0; i < count && code == SB_OK; i++)
        total += changed[i];
    if (code == SB_OK)
        sb_step_succeed(result, total, "%lld rows changed", (long long)total);
out:
    for (size_t i = 0; i < made; i++)
        bound_free(&bounds[i]);
    free(changed);
    free(bounds);
    free(statements);
    free(list);
    return code;
}

static void put_changed(struct sb_step_result *result)
{
    struct sb_json_out *out = sb_json_out_create(256);
    if (out != NULL) {
        sb_json_object_begin(out);
        sb_json_key(out, "changed");
        sb_json_integer(out, result->rows);
        sb_json_object_end(out);
        sb_step_output(result, out);
    }
    sb_json_out_destroy(out);
}

void sb_step_sql(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct sb_error err = { 0 };
    struct sb_json *outputs = NULL;
    enum sb_err code = env->services->store ? SB_OK : sb_error_set(&err, SB_ERR_UNAVAILABLE, "there is no store");
    if (code == SB_OK)
        code = sb_step_outputs(env, &outputs, &err);
    struct sb_scope scope = sb_scope_make(env, outputs);
    if (code == SB_OK && env->params->as.sql.is_write) {
        code = write_rows(env, &scope, result, &err);
        if (code == SB_OK)
            put_changed(result);
    } else if (code == SB_OK) {
        code = read_rows(env, &scope, result, &err);
    }
    if (code != SB_OK)
        sb_step_fail(result, &err);
    sb_json_destroy(outputs);
}

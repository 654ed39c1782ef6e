/* Step kind `native`: functions of this program that the catalogue names, in a table of one file each. Runs on a worker thread. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum sb_err (*run)(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err);
} natives[] = {
#define X(name) { #name, sb_native_##name },
#include "natives.def"
#undef X
};

static void call(size_t row, struct sb_native *native, struct sb_step_result *result)
{
    const struct sb_native_params *params = &native->env->params->as.native;
    struct sb_error err = { 0 };
    struct sb_json *outputs = NULL;
    enum sb_err code = sb_step_outputs(native->env, &outputs, &err);
    struct sb_scope scope = sb_scope_make(native->env, outputs);
    if (code == SB_OK)
        code = sb_args_expand(&scope, params->with, params->with_count, &native->args, &err);
    const char *site = code == SB_OK ? sb_args_get(&native->args, "site") : NULL;
    if (site != NULL)
        code = sb_flow_find(native->env, site, NULL, &native->site, NULL, &err);
    if (code == SB_OK) {
        native->account = native->site ? native->site->account : NULL;
        code = natives[row].run(native, result, &err);
    }
    if (code != SB_OK)
        sb_step_fail(result, &err);
    sb_args_free(&native->args);
    sb_json_destroy(outputs);
}

/* A practice world that runs faster publishes faster, like its schedules. The times of the publishing protocol stay real: they protect against
 * real delays. */
static void hurry(struct sb_native *native, const struct sb_settings *settings)
{
    if (!settings->is_practice || settings->speed_pct <= 100)
        return;
    native->content.spacing = native->content.spacing / settings->speed_pct * 100;
    native->content.reply_spacing = native->content.reply_spacing / settings->speed_pct * 100;
    native->hour = native->hour / settings->speed_pct * 100;
    native->day = native->day / settings->speed_pct * 100;
}

void sb_step_native(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct sb_native native = { .env = env, .content = env->services->catalogue->content, .hour = SB_HOUR(1), .day = SB_DAY(1) };
    const char *name = env->params->as.native.function;
    hurry(&native, &env->services->catalogue->settings);
    for (size_t i = 0; i < SB_LEN(natives); i++)
        if (sb_streq(natives[i].name, name)) {
            call(i, &native, result);
            return;
        }
    sb_step_fail_class(result, SB_CLASS_FATAL, "%s: there is no native function \"%s\"", env->params->place, name);
}

enum sb_err sb_native_arg(const struct sb_native *native, const char *name, const char **value, struct sb_error *err)
{
    const char *found = sb_args_get(&native->args, name);
    if (found == NULL)
        return sb_error_set(err, SB_ERR_CONFIG, "%s: %s needs \"with.%s\"", native->env->params->place,
                            native->env->params->as.native.function, name);
    *value = found;
    return SB_OK;
}

enum sb_err sb_native_json(const struct sb_native *native, const char *name, struct sb_json **json, struct sb_error *err)
{
    const char *text = NULL;
    enum sb_err code = sb_native_arg(native, name, &text, err);
    if (code == SB_OK)
        code = sb_json_parse(json, text, strlen(text), err);
    return code == SB_OK ? SB_OK : sb_error_wrap(err, "with.%s", name);
}

enum sb_err sb_native_needs(const struct sb_native *native, bool needs_site, bool needs_receipts, struct sb_error *err)
{
    if (native->env->services->store == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no store");
    if (needs_receipts && native->env->services->receipts == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no receipts journal: nothing may be published");
    if (needs_site && (native->site == NULL || native->account == NULL))
        return sb_error_set(err, SB_ERR_CONFIG, "%s: %s needs \"with.site\", a site with an account", native->env->params->place,
                            native->env->params->as.native.function);
    return SB_OK;
}

enum sb_err sb_native_number(const struct sb_native *native, const char *sql, const struct sb_cell *params, size_t param_count,
                             int64_t fallback, int64_t *value, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    struct sb_statement statement = { .sql = sql, .params = params, .param_count = param_count, .expect_rows = -1 };
    struct sb_rows *rows = NULL;
    enum sb_err code = store->ops->query(store, &statement, &native->env->op, &rows, err);
    if (code != SB_OK)
        return code;
    const struct sb_cell *cell = sb_rows_count(rows) > 0 ? sb_rows_cell(rows, 0, 0) : NULL;
    int64_t number = fallback;
    if (cell != NULL && cell->type == SB_CELL_INT)
        number = cell->integer;
    else if (cell != NULL && cell->type == SB_CELL_TEXT && !sb_parse_i64(cell->text, &number))
        number = fallback;
    *value = number;
    sb_rows_destroy(rows);
    return SB_OK;
}

enum sb_err sb_native_meta_get(const struct sb_native *native, const char *key, int64_t *value, struct sb_error *err)
{
    struct sb_cell params[] = { sb_cell_text(key) };
    return sb_native_number(native, "SELECT value FROM meta WHERE key = $1", params, 1, 0, value, err);
}

static enum sb_err meta_write(const struct sb_native *native, const char *sql, const struct sb_cell *params, size_t count, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    struct sb_statement statement = { .sql = sql, .params = params, .param_count = count, .expect_rows = -1 };
    return store->ops->write(store, &statement, 1, NULL, &native->env->op, err);
}

enum sb_err sb_native_meta_set(const struct sb_native *native, const char *key, int64_t value, struct sb_error *err)
{
    char text[32];
    struct sb_text out;
    sb_text_init(&out, text, sizeof text);
    sb_text_add_i64(&out, value);
    struct sb_cell params[] = { sb_cell_text(key), sb_cell_text(text) };
    return meta_write(native, "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", params,
                      SB_LEN(params), err);
}

enum sb_err sb_native_meta_remove(const struct sb_native *native, const char *key, struct sb_error *err)
{
    struct sb_cell params[] = { sb_cell_text(key) };
    return meta_write(native, "DELETE FROM meta WHERE key = $1", params, 1, err);
}

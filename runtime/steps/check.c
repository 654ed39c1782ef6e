/* Step kind `check`: looks at one thing for real and compares it with bounds. Runs on a worker thread; must never change what it looks at and
 * never report a thing as fine that it could not look at. */
#include "steps.h"

#include <inttypes.h>
#include <stdlib.h>

/* What a look gave. */
struct look {
    int64_t value;
    char detail[80];
};

static enum sb_err look_database(const struct sb_step_env *env, struct look *look, struct sb_error *err)
{
    struct sb_store *store = env->services->store;
    if (store == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no store");
    sb_ns begin = env->now();
    enum sb_err code = store->ops->check(store, &env->op, err);
    look->value = (env->now() - begin) / SB_MS(1);
    return code;
}

static enum sb_err look_browser(const struct sb_step_env *env, struct look *look, struct sb_error *err)
{
    struct sb_browser *browser = env->services->browser;
    struct sb_browser_stats stats = { 0 };
    struct sb_text text;
    if (browser == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no browser");
    sb_ns begin = env->now();
    enum sb_err code = browser->ops->check(browser, &env->op, err);
    if (code != SB_OK)
        return code;
    look->value = (env->now() - begin) / SB_MS(1);
    browser->ops->stats(browser, &stats);
    sb_text_init(&text, look->detail, sizeof look->detail);
    sb_text_addf(&text, "%" PRIu32 " contexts, %" PRIu64 " crashes, %" PRIu64 " MiB", stats.contexts_open, stats.crashes,
                 stats.pss_bytes >> 20);
    return SB_OK;
}

static enum sb_err look_cache(const struct sb_step_env *env, struct look *look, struct sb_error *err)
{
    struct sb_cache *cache = env->services->cache;
    struct sb_cache_stats stats;
    struct sb_text text;
    if (cache == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no cache");
    sb_text_init(&text, look->detail, sizeof look->detail);
    look->value = sb_cache_check(cache, &env->op, err) != SB_OK;
    if (look->value != 0) {
        sb_text_add(&text, err->text);
        return sb_op_check(&env->op, "the check of the cache", err);
    }
    sb_cache_stats(cache, &stats);
    sb_text_addf(&text, "%s, %" PRIu32 " of %" PRIu32 " connections, %" PRIu32 " waiting, %" PRIu64 " hits, %" PRIu64 " misses", stats.mode,
                 stats.connections, stats.pool, stats.waiters, stats.hits, stats.misses);
    return SB_OK;
}

/* One row of integers from the store. */
static enum sb_err ask(const struct sb_step_env *env, const char *sql, const struct sb_cell *params, size_t param_count, int64_t *values,
                       size_t count, struct sb_error *err)
{
    struct sb_statement statement = { .sql = sql, .params = params, .param_count = param_count, .expect_rows = -1 };
    struct sb_rows *rows = NULL;
    if (env->services->store == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no store");
    enum sb_err code = env->services->store->ops->query(env->services->store, &statement, &env->op, &rows, err);
    if (code != SB_OK)
        return code;
    for (size_t i = 0; i < count; i++) {
        const struct sb_cell *cell = sb_rows_count(rows) == 1 && i < sb_rows_columns(rows) ? sb_rows_cell(rows, 0, i) : NULL;
        values[i] = cell != NULL && cell->type == SB_CELL_INT ? cell->integer : 0; /* MAX over no rows is null: nothing there */
    }
    sb_rows_destroy(rows);
    return SB_OK;
}

static enum sb_err look_jobs(const struct sb_step_env *env, struct look *look, struct sb_error *err)
{
    enum { FAILED, HUNG, OPEN, VALUES };
    int64_t values[VALUES] = { 0 };
    struct sb_text text;
    /* Not this job itself: its own failures would keep it failing. */
    struct sb_cell params[] = { sb_cell_int(sb_step_now_ms(env) - 3600000), sb_cell_text(env->job->name) };
    enum sb_err code = ask(env,
                           "SELECT COUNT(CASE WHEN state IN ('failed', 'quarantined') AND ended_at_ms >= $1 THEN 1 END), "
                           "COUNT(CASE WHEN ended_at_ms IS NULL AND started_at_ms < $1 THEN 1 END), "
                           "COUNT(CASE WHEN ended_at_ms IS NULL THEN 1 END) FROM job_runs WHERE job_name <> $2",
                           params, SB_LEN(params), values, VALUES, err);
    if (code != SB_OK)
        return code;
    look->value = values[FAILED] + values[HUNG];
    sb_text_init(&text, look->detail, sizeof look->detail);
    sb_text_addf(&text, "%" PRId64 " failed, %" PRId64 " hung, %" PRId64 " open", values[FAILED], values[HUNG], values[OPEN]);
    return SB_OK;
}

static enum sb_err look_memory(const struct sb_step_env *env, struct look *look, struct sb_error *err)
{
    (void)env;
    uint64_t bytes = sb_memory_rss();
    if (bytes == 0)
        return sb_error_set(err, SB_ERR_IO, "the memory of this process cannot be read");
    look->value = (int64_t)(bytes >> 20);
    return SB_OK;
}

static enum sb_err look_disk(const struct sb_step_env *env, struct look *look, struct sb_error *err)
{
    const char *path = env->services->catalogue->settings.state_dir;
    uint64_t bytes = sb_disk_free(path ? path : ".");
    if (bytes == 0)
        return sb_error_set(err, SB_ERR_IO, "no free space on, or no answer from, the file system of %s", path ? path : ".");
    look->value = (int64_t)(bytes >> 20);
    return SB_OK;
}

static enum sb_err look_content(const struct sb_step_env *env, struct look *look, struct sb_error *err)
{
    enum { QUEUED, OLDEST, UNCERTAIN, VALUES };
    int64_t values[VALUES] = { 0 }, now = sb_step_now_ms(env);
    struct sb_text text;
    enum sb_err code = ask(env,
                           "SELECT COUNT(CASE WHEN status = 'queued' THEN 1 END), "
                           "MIN(CASE WHEN status = 'queued' THEN scheduled_at_ms END), "
                           "COUNT(CASE WHEN status = 'uncertain' THEN 1 END) FROM content_metadata "
                           "WHERE status IN ('queued', 'uncertain')",
                           NULL, 0, values, VALUES, err);
    if (code != SB_OK)
        return code;
    look->value = values[QUEUED] > 0 && values[OLDEST] < now ? (now - values[OLDEST]) / 60000 : 0;
    sb_text_init(&text, look->detail, sizeof look->detail);
    sb_text_addf(&text, "%" PRId64 " queued, %" PRId64 " uncertain", values[QUEUED], values[UNCERTAIN]);
    return SB_OK;
}

static enum sb_err look_reply_pool(const struct sb_step_env *env, struct look *look, struct sb_error *err)
{
    int64_t values[2] = { 0 };
    struct sb_text text;
    enum sb_err code = ask(env, "SELECT COUNT(CASE WHEN status = 'pending' THEN 1 END), COUNT(CASE WHEN status = 'answered' THEN 1 END) "
                                "FROM reply_opportunities", NULL, 0, values, SB_LEN(values), err);
    if (code != SB_OK)
        return code;
    look->value = values[0];
    sb_text_init(&text, look->detail, sizeof look->detail);
    sb_text_addf(&text, "%" PRId64 " open, %" PRId64 " answered", values[0], values[1]);
    return SB_OK;
}

static enum sb_err look_budget(const struct sb_step_env *env, struct look *look, struct sb_error *err)
{
    struct sb_text text;
    (void)err;
    look->value = (int64_t)env->tier;
    sb_text_init(&text, look->detail, sizeof look->detail);
    sb_text_add(&text, sb_tier_text(env->tier));
    return SB_OK;
}

static const struct {
    const char *name;
    enum sb_err (*look)(const struct sb_step_env *env, struct look *look, struct sb_error *err);
    const char *unit;
    bool is_floor;
} checks[] = {
#define X(name, function, unit, is_floor) { #name, look_##function, unit, is_floor },
#include "checks.def"
#undef X
};

static bool is_beyond(int64_t value, int64_t bound, bool is_floor)
{
    return bound != INT64_MIN && (is_floor ? value < bound : value > bound);
}

static void put_look(struct sb_step_result *result, const char *what, const struct look *look, const char *unit, const char *verdict)
{
    struct sb_json_out *out = sb_json_out_create(1024);
    if (out == NULL)
        return; /* the text tells the same */
    sb_json_object_begin(out);
    sb_json_key(out, "what");
    sb_json_string(out, what);
    sb_json_key(out, "value");
    sb_json_integer(out, look->value);
    sb_json_key(out, "unit");
    sb_json_string(out, unit);
    sb_json_key(out, "verdict");
    sb_json_string(out, verdict);
    sb_json_key(out, "detail");
    sb_json_string(out, look->detail);
    sb_json_object_end(out);
    sb_step_output(result, out);
    sb_json_out_destroy(out);
}

static void judge(const struct sb_step_env *env, size_t row, const struct look *look, struct sb_step_result *result)
{
    const struct sb_check_params *params = &env->params->as.check;
    const char *unit = checks[row].unit, *gap = look->detail[0] ? ", " : "";
    if (is_beyond(look->value, params->fail, checks[row].is_floor)) {
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "%s: %" PRId64 " %s, limit %" PRId64 "%s%s", params->what, look->value, unit,
                           params->fail, gap, look->detail);
        return;
    }
    bool is_warned = is_beyond(look->value, params->warn, checks[row].is_floor);
    if (is_warned)
        sb_step_note(env, SB_SEVERITY_WARN, "%s: %" PRId64 " %s, watch it from %" PRId64 " on%s%s", params->what, look->value, unit,
                     params->warn, gap, look->detail);
    sb_step_succeed(result, 1, "%s%s: %" PRId64 " %s%s%s", is_warned ? "warning, " : "", params->what, look->value, unit, gap, look->detail);
    put_look(result, params->what, look, unit, is_warned ? "warn" : "ok");
}

void sb_step_check(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct sb_error err = { 0 };
    struct look look = { 0 };
    size_t row = 0;
    while (row < SB_LEN(checks) && !sb_streq(checks[row].name, env->params->as.check.what))
        row++;
    if (row == SB_LEN(checks)) {
        sb_step_fail_class(result, SB_CLASS_FATAL, "%s: there is no check \"%s\"", env->params->place, env->params->as.check.what);
        return;
    }
    if (checks[row].look(env, &look, &err) == SB_OK) {
        judge(env, row, &look, result);
        return;
    }
    (void)sb_error_wrap(&err, "%s", checks[row].name);
    sb_step_fail(result, &err);
}

/* Writes one row with what the run's checks found. A check that has no result failed: its step's own text tells why. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* Adds one check's finding and worsens the verdict: ok, degraded, failed. */
static void add_check(const struct sb_json *outputs, const char *name, struct sb_json_out *out, int *worst)
{
    char path[80], verdict[16] = "fail";
    struct sb_text text;
    sb_text_init(&text, path, sizeof path);
    sb_text_addf(&text, "%s.verdict", name);
    sb_json_key(out, name);
    if (!sb_json_copy(outputs, path, verdict, sizeof verdict)) {
        sb_json_string(out, "failed");
        *worst = 2;
        return;
    }
    sb_json_put(out, outputs, name);
    if (sb_streq(verdict, "warn") && *worst < 1)
        *worst = 1;
}

static enum sb_err write_snapshot(const struct sb_native *native, const char *verdict, const char *body, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    struct sb_cell params[] = { sb_cell_text(native->env->job->name), sb_cell_int(sb_step_now_ms(native->env)), sb_cell_text(verdict),
                                sb_cell_text(body) };
    struct sb_statement statement = { .sql = "INSERT INTO health_snapshots (kind, at_ms, verdict, body) VALUES ($1, $2, $3, $4) "
                                             "ON CONFLICT (kind, at_ms) DO NOTHING",
                                      .params = params, .param_count = SB_LEN(params), .expect_rows = -1 };
    return store->ops->write(store, &statement, 1, NULL, &native->env->op, err);
}

enum sb_err sb_native_health_snapshot(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    static const char *const verdicts[] = { "ok", "degraded", "failed" };
    const char *names = NULL;
    struct sb_json *outputs = NULL;
    struct sb_json_out *out = NULL;
    char *body = NULL;
    int worst = 0;
    int64_t count = 0;
    enum sb_err code = sb_native_needs(native, false, false, err);
    if (code == SB_OK)
        code = sb_native_arg(native, "checks", &names, err);
    if (code == SB_OK)
        code = sb_step_outputs(native->env, &outputs, err);
    if (code == SB_OK && (out = sb_json_out_create(SB_STEP_TEXT_MAX)) == NULL)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for the snapshot");
    if (code != SB_OK)
        goto out;
    sb_json_object_begin(out);
    for (const char *at = names; *at;) {
        char name[SB_NAME_MAX];
        size_t size = strcspn(at, ", ");
        if (size > 0 && size < sizeof name) {
            (void)sb_copy_n(name, sizeof name, at, size);
            add_check(outputs, name, out, &worst);
            count++;
        }
        at += size;
        at += strspn(at, ", ");
    }
    sb_json_object_end(out);
    body = sb_json_out_take(out);
    code = body ? write_snapshot(native, verdicts[worst], body, err) : sb_error_set(err, SB_ERR_TOO_LARGE, "the snapshot is too large");
    if (code == SB_OK)
        sb_step_succeed(result, count, "%s", verdicts[worst]);
out:
    free(body);
    sb_json_out_destroy(out);
    sb_json_destroy(outputs);
    return code;
}

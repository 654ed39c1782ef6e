/* Step kind `browse`: runs a flow of a site profile, once or per element of a list. Runs on the worker thread that holds the context. It must
 * never carry out an outside effect: flows with a submit belong to the publishing natives. */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

struct browse {
    const struct sb_step_env *env;
    const struct sb_browse_params *params;
    const struct sb_site *site;
    const struct sb_flow *flow;
    struct sb_json *outputs;
};

static enum sb_err run_once(const struct browse *browse, const char *item_path, char **json, struct sb_error *err)
{
    struct sb_args args = { 0 };
    struct sb_scope scope = { .env = browse->env,
                              .outputs = browse->outputs,
                              .item = item_path ? browse->outputs : NULL,
                              .item_path = item_path,
                              .account = browse->site->account,
                              .place = browse->env->params->place };
    enum sb_err code = sb_args_expand(&scope, browse->params->with, browse->params->with_count, &args, err);
    if (code != SB_OK)
        return code;
    scope.with = args.pairs;
    scope.with_count = args.count;
    struct sb_flow_call call = { .env = browse->env, .site = browse->site, .flow = browse->flow, .scope = &scope };
    code = sb_flow_run(&call, json, err);
    sb_args_free(&args);
    return code;
}

/* A failure of the context or of the step's time concerns every element; any other one concerns its element alone. */
static bool ends_the_batch(const struct sb_step_env *env, enum sb_err code)
{
    return code == SB_ERR_CANCELLED || code == SB_ERR_GONE || code == SB_ERR_UNAVAILABLE || code == SB_ERR_RATE_LIMITED ||
           code == SB_ERR_CONFIG || sb_op_check(&env->op, "browse", NULL) != SB_OK;
}

static void put_result(struct sb_json_out *out, const struct browse *browse, const char *item_path, const char *json)
{
    sb_json_object_begin(out);
    sb_json_key(out, "item");
    sb_json_put(out, browse->outputs, item_path);
    sb_json_key(out, "found");
    sb_json_raw(out, json);
    sb_json_object_end(out);
}

static void run_each(const struct browse *browse, struct sb_step_result *result)
{
    struct sb_scope scope = { .env = browse->env, .outputs = browse->outputs, .place = browse->env->params->place };
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    struct sb_error err = { 0 };
    char *list = NULL;
    size_t count = 0, done = 0, failed = 0, max = browse->params->max_items ? browse->params->max_items : SB_STEP_ITEMS_MAX;
    bool is_over = false;
    enum sb_err code = sb_template_array(&scope, browse->params->for_each, &list, &count, &err);
    if (code == SB_OK && out == NULL)
        code = sb_error_set(&err, SB_ERR_NOMEM, "no memory for the step's output");
    if (code != SB_OK)
        goto out;
    if (count > max)
        sb_step_note(browse->env, SB_SEVERITY_INFO, "%zu of %zu items this time", max, count);
    count = count < max ? count : max;
    sb_json_object_begin(out);
    sb_json_key(out, "items");
    sb_json_array_begin(out);
    for (size_t i = 0; i < count; i++) {
        char path[256], *json = NULL;
        struct sb_text text;
        sb_text_init(&text, path, sizeof path);
        sb_text_addf(&text, "%s.%zu", list, i);
        code = run_once(browse, path, &json, &err);
        if (code == SB_OK) {
            put_result(out, browse, path, json);
            done++;
        } else {
            failed++;
            sb_step_note(browse->env, SB_SEVERITY_WARN, "item %zu of %zu: %s", i + 1, count, err.text);
            if (ends_the_batch(browse->env, code))
                break;
        }
        free(json);
    }
    sb_json_array_end(out);
    sb_json_key(out, "count");
    sb_json_integer(out, (int64_t)done);
    sb_json_key(out, "failed");
    sb_json_integer(out, (int64_t)failed);
    sb_json_object_end(out);
    is_over = code != SB_OK && ends_the_batch(browse->env, code);
    if (!is_over && (done > 0 || count == 0)) {
        code = SB_OK;
        sb_step_succeed(result, (int64_t)done, "%zu items read, %zu failed", done, failed);
        sb_step_output(result, out);
    }
out:
    if (code != SB_OK)
        sb_step_fail(result, &err);
    sb_json_out_destroy(out);
    free(list);
}

void sb_step_browse(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct browse browse = { .env = env, .params = &env->params->as.browse };
    struct sb_error err = { 0 };
    enum sb_err code = sb_flow_find(env, browse.params->site, browse.params->flow, &browse.site, &browse.flow, &err);
    if (code == SB_OK)
        code = sb_step_outputs(env, &browse.outputs, &err);
    if (code == SB_OK && browse.params->for_each != NULL) {
        run_each(&browse, result);
        sb_json_destroy(browse.outputs);
        return;
    }
    if (code == SB_OK)
        code = run_once(&browse, NULL, &result->output, &err);
    if (code == SB_OK)
        sb_step_succeed(result, 1, "flow %s of %s done", browse.flow->name, browse.site->name);
    else
        sb_step_fail(result, &err);
    sb_json_destroy(browse.outputs);
}

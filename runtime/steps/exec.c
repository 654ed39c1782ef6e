/* Step kind `exec`: one program, argv without a shell, in its own process group. Runs on a worker thread. */
#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { ARGS_MAX = 64, OUTPUT_DEFAULT = 64 * 1024, OUTPUT_LIMIT = 256 * 1024 };

/* The last line of stderr that says something, cut. */
static void last_line(const char *text, char *line, size_t cap)
{
    size_t end = strlen(text);
    while (end > 0 && strchr("\r\n\t ", text[end - 1]) != NULL)
        end--;
    size_t from = end;
    while (from > 0 && text[from - 1] != '\n')
        from--;
    if (end - from >= cap)
        end = from + cap - 1;
    (void)sb_copy_n(line, cap, text + from, end - from);
}

static void put_output(struct sb_step_result *result, int code, const char *out_text, const char *errors_text, bool is_cut)
{
    struct sb_json *parsed = NULL;
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    if (out == NULL) {
        sb_step_fail_class(result, SB_CLASS_FATAL, "no memory for the program's output");
        return;
    }
    sb_json_object_begin(out);
    sb_json_key(out, "exit");
    sb_json_integer(out, code);
    sb_json_key(out, "stdout");
    sb_json_string(out, out_text);
    sb_json_key(out, "stderr");
    sb_json_string(out, errors_text);
    sb_json_key(out, "is_cut");
    sb_json_boolean(out, is_cut);
    if (sb_json_parse(&parsed, out_text, strlen(out_text), NULL) == SB_OK) {
        sb_json_key(out, "json");
        sb_json_raw(out, out_text);
    }
    sb_json_object_end(out);
    sb_step_output(result, out);
    sb_json_destroy(parsed);
    sb_json_out_destroy(out);
}

static void judge(const struct sb_child_talk *talk, const char *name, struct sb_step_result *result)
{
    char *out_text = sb_utf8_clean(talk->out, talk->out_size);
    char *errors_text = sb_utf8_clean(talk->errors, talk->errors_size);
    char line[96];
    if (out_text == NULL || errors_text == NULL) {
        sb_step_fail_class(result, SB_CLASS_FATAL, "no memory for the program's output");
        goto out;
    }
    last_line(errors_text, line, sizeof line);
    if (WIFSIGNALED(talk->status)) {
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "%s ended by signal %d: %s", name, WTERMSIG(talk->status), line);
    } else if (WEXITSTATUS(talk->status) != 0) {
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "%s exited with %d: %s", name, WEXITSTATUS(talk->status), line);
    } else {
        sb_step_succeed(result, 1, "%s ended well, %zu bytes of output%s", name, talk->out_size, talk->out_is_cut ? " (cut)" : "");
        put_output(result, 0, out_text, errors_text, talk->out_is_cut || talk->errors_is_cut);
    }
out:
    free(out_text);
    free(errors_text);
}

static enum sb_err expand_list(const struct sb_scope *scope, const char *const *templates, size_t count, char **texts, struct sb_error *err)
{
    for (size_t i = 0; i < count; i++) {
        enum sb_err code = sb_template_expand(scope, templates[i], SB_TEMPLATE_TEXT, &texts[i], err);
        if (code != SB_OK)
            return code;
    }
    return SB_OK;
}

/* NAME=value texts: the clean base which a program needs, then what the catalogue adds. */
static enum sb_err environment(const struct sb_scope *scope, const struct sb_exec_params *params, char **texts, struct sb_error *err)
{
    static const char *const kept[] = { "PATH", "HOME", "LANG", "TMPDIR" };
    struct sb_args args = { 0 };
    size_t count = 0;
    enum sb_err code = sb_args_expand(scope, params->env, params->env_count, &args, err);
    for (size_t i = 0; i < SB_LEN(kept) && code == SB_OK; i++) {
        const char *value = getenv(kept[i]);
        if (value != NULL && sb_args_get(&args, kept[i]) == NULL && asprintf(&texts[count], "%s=%s", kept[i], value) >= 0)
            count++;
    }
    for (size_t i = 0; i < args.count && code == SB_OK; i++) {
        if (args.pairs[i].key[0] == '\0' || strchr(args.pairs[i].key, '=') != NULL)
            code = sb_error_set(err, SB_ERR_INVALID, "%s: \"%.40s\" is no name of a variable", scope->place, args.pairs[i].key);
        else if (asprintf(&texts[count], "%s=%s", args.pairs[i].key, args.pairs[i].value) < 0)
            code = sb_error_set(err, SB_ERR_NOMEM, "%s: no memory for the environment", scope->place);
        else
            count++;
    }
    sb_args_free(&args);
    return code;
}

static void free_list(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
}

static enum sb_err run_program(const struct sb_step_env *env, const struct sb_scope *scope, struct sb_step_result *result, struct sb_error *err)
{
    const struct sb_exec_params *params = &env->params->as.exec;
    const uint32_t max = params->output_max ? params->output_max : OUTPUT_DEFAULT;
    struct sb_child_talk talk = { .output_max = max < OUTPUT_LIMIT ? max : OUTPUT_LIMIT };
    char *argv[ARGS_MAX + 1] = { NULL }, *envp[ARGS_MAX + 8] = { NULL }, *input = NULL;
    if (params->argc == 0 || params->argc > ARGS_MAX || params->env_count > ARGS_MAX)
        return sb_error_set(err, SB_ERR_CONFIG, "%s: argv has 1 to %d texts, env at most as many", scope->place, ARGS_MAX);
    enum sb_err code = expand_list(scope, params->argv, params->argc, argv, err);
    if (code == SB_OK)
        code = environment(scope, params, envp, err);
    if (code == SB_OK && params->input != NULL)
        code = sb_template_expand(scope, params->input, SB_TEMPLATE_TEXT, &input, err);
    if (code == SB_OK) {
        const struct sb_child_spec spec = { .path = argv[0],
                                            .argv = (const char *const *)argv,
                                            .envp = params->env_count ? (const char *const *)envp : NULL,
                                            .directory = params->directory };
        talk.input = input;
        talk.input_size = input != NULL ? strlen(input) : 0;
        code = sb_child_talk(&spec, &talk, &env->op, err);
    }
    if (code == SB_OK)
        judge(&talk, argv[0], result);
    free(talk.out);
    free(talk.errors);
    free(input);
    free_list(envp, SB_LEN(envp));
    free_list(argv, SB_LEN(argv));
    return code;
}

void sb_step_exec(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct sb_json *outputs = NULL;
    struct sb_error err = { 0 };
    enum sb_err code = sb_step_outputs(env, &outputs, &err);
    struct sb_scope scope = sb_scope_make(env, outputs);
    if (code == SB_OK)
        code = run_program(env, &scope, result, &err);
    if (code == SB_ERR_TIMEOUT)
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "%s did not end within its time and was stopped with its group",
                           env->params->as.exec.argv[0]);
    else if (code != SB_OK)
        sb_step_fail(result, &err);
    sb_json_destroy(outputs);
}

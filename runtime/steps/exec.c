/* Step kind `exec`: one program, argv without a shell, in its own process group. Runs on a worker thread, which only pumps its pipes. It
 * must never leave a process of the group behind, wait past the deadline for one, or read more than it may keep. */
#include "template.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MAX = 64, OUTPUT_DEFAULT = 64 * 1024, OUTPUT_LIMIT = 256 * 1024 };

static const sb_ns end_grace = SB_S(2); /* SIGTERM to SIGKILL for a group that must end */

struct program {
    const struct sb_step_env *env;
    struct sb_child child;
    struct sb_blob out, errors;
    int out_fd, errors_fd, input_fd; /* our ends, -1 when closed */
    char *input;
    size_t input_size, input_done;
    int status;
};

/* A pipe whose ends close at exec; `ours` does not block. */
static enum sb_err open_pipe(bool we_read, int *ours, int *theirs, struct sb_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return sb_error_set(err, SB_ERR_IO, "no pipe for a program: errno %d", errno);
    *ours = we_read ? ends[0] : ends[1];
    *theirs = we_read ? ends[1] : ends[0];
    (void)fcntl(*ours, F_SETFL, O_NONBLOCK);
    return SB_OK;
}

static enum sb_err start(struct program *program, const char *const *argv, const char *const *envp, struct sb_error *err)
{
    int out = -1, errors = -1, input = -1;
    struct sb_child child = { 0 };
    enum sb_err code = open_pipe(true, &program->out_fd, &out, err);
    if (code == SB_OK)
        code = open_pipe(true, &program->errors_fd, &errors, err);
    if (code == SB_OK && program->input != NULL)
        code = open_pipe(false, &program->input_fd, &input, err);
    if (code == SB_OK) {
        struct sb_child_spec spec = { .path = argv[0],
                                      .argv = argv,
                                      .envp = envp,
                                      .directory = program->env->params->as.exec.directory,
                                      .stdin_fd = input,
                                      .stdout_fd = out,
                                      .stderr_fd = errors };
        code = sb_child_start(&child, &spec, err);
    }
    if (code == SB_OK)
        program->child = child;
    sb_fd_close(&out);
    sb_fd_close(&errors);
    sb_fd_close(&input);
    return code;
}

/* Reads what is there; closes at the end of the stream. What is above the limit is read and dropped, so that the program never stalls. */
static void pump_in(int *fd, struct sb_blob *blob)
{
    char bytes[8192];
    for (int round = 0; round < 64 && *fd >= 0; round++) {
        ssize_t got = read(*fd, bytes, sizeof bytes);
        if (got > 0)
            sb_blob_add_cut(blob, bytes, (size_t)got);
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            sb_fd_close(fd);
        else if (errno == EAGAIN)
            return;
    }
}

static void pump_out(struct program *program)
{
    size_t left = program->input_size - program->input_done;
    ssize_t put = left ? write(program->input_fd, program->input + program->input_done, left) : 0;
    if (put > 0)
        program->input_done += (size_t)put;
    bool is_broken = put < 0 && errno != EAGAIN && errno != EINTR; /* the program closed its stdin: its right */
    if (is_broken || program->input_done == program->input_size)
        sb_fd_close(&program->input_fd);
}

/* Until the program has ended, or the step must. */
static enum sb_err attend(struct program *program, struct sb_error *err)
{
    enum { OUT, ERRORS, INPUT, ENDED, CANCEL, FDS };
    for (;;) {
        struct pollfd fds[FDS] = { [OUT] = { .fd = program->out_fd, .events = POLLIN },
                                   [ERRORS] = { .fd = program->errors_fd, .events = POLLIN },
                                   [INPUT] = { .fd = program->input_fd, .events = POLLOUT },
                                   [ENDED] = { .fd = program->child.pidfd, .events = POLLIN },
                                   [CANCEL] = { .fd = sb_cancel_fd(program->env->op.cancel), .events = POLLIN } };
        enum sb_err code = sb_op_check(&program->env->op, "program", err);
        if (code != SB_OK)
            return code;
        if (poll(fds, FDS, sb_op_poll_ms(&program->env->op)) < 0 && errno != EINTR)
            return sb_error_set(err, SB_ERR_IO, "poll: errno %d", errno);
        if (fds[OUT].revents)
            pump_in(&program->out_fd, &program->out);
        if (fds[ERRORS].revents)
            pump_in(&program->errors_fd, &program->errors);
        if (fds[INPUT].revents)
            pump_out(program);
        if (fds[ENDED].revents)
            break;
    }
    /* What the program wrote before its end is in the pipes. Its children may keep them open: they are not waited for. */
    pump_in(&program->out_fd, &program->out);
    pump_in(&program->errors_fd, &program->errors);
    return sb_child_wait(&program->child, &program->env->op, &program->status, err);
}

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

static void judge(const struct program *program, const char *name, struct sb_step_result *result)
{
    char *out_text = sb_utf8_clean(program->out.bytes ? program->out.bytes : "", program->out.size);
    char *errors_text = sb_utf8_clean(program->errors.bytes ? program->errors.bytes : "", program->errors.size);
    char line[96];
    if (out_text == NULL || errors_text == NULL) {
        sb_step_fail_class(result, SB_CLASS_FATAL, "no memory for the program's output");
        goto out;
    }
    last_line(errors_text, line, sizeof line);
    if (WIFSIGNALED(program->status)) {
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "%s ended by signal %d: %s", name, WTERMSIG(program->status), line);
    } else if (WEXITSTATUS(program->status) != 0) {
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "%s exited with %d: %s", name, WEXITSTATUS(program->status), line);
    } else {
        sb_step_succeed(result, 1, "%s ended well, %zu bytes of output%s", name, program->out.size, program->out.is_cut ? " (cut)" : "");
        put_output(result, 0, out_text, errors_text, program->out.is_cut || program->errors.is_cut);
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

static enum sb_err run_program(struct program *program, const struct sb_scope *scope, struct sb_step_result *result, struct sb_error *err)
{
    const struct sb_exec_params *params = &program->env->params->as.exec;
    char *argv[ARGS_MAX + 1] = { NULL }, *envp[ARGS_MAX + 8] = { NULL };
    if (params->argc == 0 || params->argc > ARGS_MAX || params->env_count > ARGS_MAX)
        return sb_error_set(err, SB_ERR_CONFIG, "%s: argv has 1 to %d texts, env at most as many", scope->place, ARGS_MAX);
    enum sb_err code = expand_list(scope, params->argv, params->argc, argv, err);
    if (code == SB_OK)
        code = environment(scope, params, envp, err);
    if (code == SB_OK && params->input != NULL)
        code = sb_template_expand(scope, params->input, SB_TEMPLATE_TEXT, &program->input, err);
    if (code == SB_OK && program->input != NULL)
        program->input_size = strlen(program->input);
    if (code == SB_OK)
        code = start(program, (const char *const *)argv, params->env_count ? (const char *const *)envp : NULL, err);
    if (code == SB_OK) {
        code = attend(program, err);
        if (code == SB_OK)
            judge(program, argv[0], result);
        /* Whatever of the group is left ends here: background children of a program that returned, or a program that is over its time. */
        sb_child_end(&program->child, code == SB_OK ? 0 : end_grace);
    }
    free_list(envp, SB_LEN(envp));
    free_list(argv, SB_LEN(argv));
    return code;
}

void sb_step_exec(const struct sb_step_env *env, struct sb_step_result *result)
{
    const struct sb_exec_params *params = &env->params->as.exec;
    uint32_t max = params->output_max ? params->output_max : OUTPUT_DEFAULT;
    max = max < OUTPUT_LIMIT ? max : OUTPUT_LIMIT;
    struct program program = { .env = env, .out = { .max = max }, .errors = { .max = max }, .out_fd = -1, .errors_fd = -1, .input_fd = -1 };
    struct sb_json *outputs = NULL;
    struct sb_error err = { 0 };
    enum sb_err code = sb_step_outputs(env, &outputs, &err);
    struct sb_scope scope = sb_scope_make(env, outputs);
    if (code == SB_OK)
        code = run_program(&program, &scope, result, &err);
    if (code == SB_ERR_TIMEOUT)
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "%s did not end within its time and was stopped with its group", params->argv[0]);
    else if (code != SB_OK)
        sb_step_fail(result, &err);
    sb_fd_close(&program.out_fd);
    sb_fd_close(&program.errors_fd);
    sb_fd_close(&program.input_fd);
    free(program.input);
    free(program.out.bytes);
    free(program.errors.bytes);
    sb_json_destroy(outputs);
}

/* Carrying a letter to a program: argv without a shell, the letter on its stdin, the key in its environment. Any thread. A program that is over its
 * time ends with its whole process group. */
#include "letter.h"

#include "signalbox/model/catalogue.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { OUTPUT_MAX = 8192, LINE_SHOWN = 120, ARGS_MAX = 64, EXIT_AGAIN = 75 /* EX_TEMPFAIL of sysexits.h */ };

/* The last line of what it wrote on stderr. */
static void add_last_line(struct sb_text *out, const char *text)
{
    char line[LINE_SHOWN];
    size_t end = strlen(text);
    while (end > 0 && strchr("\r\n\t ", text[end - 1]) != NULL)
        end--;
    size_t from = end;
    while (from > 0 && text[from - 1] != '\n')
        from--;
    (void)sb_copy_n(line, sizeof line, text + from, end - from);
    if (line[0] != '\0') {
        sb_text_add(out, ": ");
        sb_words_clean(out, line, false);
    }
}

static enum sb_err judge(const struct sb_child_talk *talk, const char *name, struct sb_notify_answer *answer, struct sb_error *err)
{
    char said_buf[4 * LINE_SHOWN];
    struct sb_text said;
    sb_text_init(&said, said_buf, sizeof said_buf);
    add_last_line(&said, talk->errors);
    if (WIFSIGNALED(talk->status))
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "%s ended by signal %d%s", name, WTERMSIG(talk->status), said_buf);
    const int code = WEXITSTATUS(talk->status);
    answer->status = (uint16_t)code;
    if (code == 0)
        return SB_OK;
    if (code == EXIT_AGAIN)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "%s asks to be tried again later (exit 75)%s", name, said_buf);
    answer->is_permanent = true;
    return sb_error_set(err, SB_ERR_REFUSED, "%s exited with %d%s", name, code, said_buf);
}

enum sb_err sb_carry_child(struct sb_http *http, const struct sb_channel_def *def, const struct sb_notice *notice, const struct letter *letter,
                           const struct sb_op *op, struct sb_notify_answer *answer, struct sb_error *err)
{
    const char *argv[ARGS_MAX + 1] = { NULL };
    char variables[3][32 + SB_NOTICE_KEY_MAX];
    const char *const more_env[] = { variables[0], variables[1], variables[2], NULL };
    const struct {
        const char *name, *value;
    } rows[] = { { "SIGNALBOX_KEY=", notice->key },
                 { "SIGNALBOX_KIND=", sb_notice_kind_text(notice->kind) },
                 { "SIGNALBOX_SEVERITY=", sb_severity_text(notice->severity) } };
    struct sb_child_talk talk = { .input = letter->body, .input_size = letter->body_size, .output_max = OUTPUT_MAX };
    (void)http;
    if (def->argc == 0 || def->argc > ARGS_MAX)
        return sb_error_set(err, SB_ERR_CONFIG, "argv has 1 to %d texts", ARGS_MAX);
    memcpy(argv, def->argv, def->argc * sizeof argv[0]);
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        struct sb_text text;
        sb_text_init(&text, variables[i], sizeof variables[i]);
        sb_text_add(&text, rows[i].name);
        sb_text_add(&text, rows[i].value);
    }
    const struct sb_child_spec spec = { .path = argv[0], .argv = argv, .more_env = more_env };
    enum sb_err code = sb_child_talk(&spec, &talk, op, err);
    if (code == SB_OK)
        code = judge(&talk, argv[0], answer, err);
    else if (code == SB_ERR_TIMEOUT)
        code = sb_error_set(err, code, "%s did not end within its time and was stopped with its process group", argv[0]);
    free(talk.out);
    free(talk.errors);
    return code;
}

void sb_show_child(const struct sb_channel_def *def, const struct letter *letter, struct sb_text *out)
{
    sb_text_add(out, "run");
    for (size_t i = 0; i < def->argc; i++) {
        sb_text_add(out, " \"");
        sb_words_clean(out, def->argv[i], false);
        sb_text_add_char(out, '"');
    }
    sb_text_add(out, "\nwith SIGNALBOX_KEY, SIGNALBOX_KIND and SIGNALBOX_SEVERITY, and on its stdin:\n\n");
    sb_text_add_n(out, letter->body, letter->body_size);
    sb_text_add_char(out, '\n');
}

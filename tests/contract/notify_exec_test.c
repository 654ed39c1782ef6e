/* The channel `exec` with real programs: those that do well, ask for later, fail, hang, flood and leave children behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notify_bench.h"

#include "signalbox/codec/codec.h"

#include <sys/pidfd.h>

static struct sb_channel_def shell(const char *const *argv)
{
    size_t argc = 0;
    while (argv[argc] != NULL)
        argc++;
    return (struct sb_channel_def){ .name = "prog", .kind = SB_CHANNEL_EXEC, .argv = argv, .argc = argc, .timeout = SB_S(20) };
}

static struct attempt run(const char *script, const char *argument, sb_ns timeout)
{
    const char *const argv[] = { "sh", "-c", script, "sh", argument, NULL };
    const struct sb_op op = { .deadline = SB_NEVER };
    const struct sb_notice notice = notice_of(SB_NOTICE_FIRING, SB_SEVERITY_PAGE);
    struct sb_channel_def def = shell(argv);
    def.timeout = timeout;
    return attempt_of(&def, &notice, &op);
}

static void exec__gives_the_notice_on_stdin_and_its_key_in_the_environment(void **state)
{
    (void)state;
    char folder[] = "/tmp/sb-notify-XXXXXX", path[64], *text = NULL;
    size_t size = 0;
    struct sb_json *json = NULL;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/got", folder);
    static const char script[] = "printf '%s %s %s\\n' \"$SIGNALBOX_KEY\" \"$SIGNALBOX_KIND\" \"$SIGNALBOX_SEVERITY\" >\"$1\"; cat >>\"$1\"";
    assert_int_equal(run(script, path, SB_S(20)).code, SB_OK);
    assert_int_equal(sb_file_read(path, 65536, &text, &size, NULL), SB_OK);
    assert_memory_equal(text, "a17.ops.1 firing page\n", 22);
    assert_int_equal(sb_json_parse(&json, text + 22, size - 22, NULL), SB_OK);
    char *title = sb_json_text(json, "title");
    assert_string_equal(title, "[PAGE] job_failed: posting (growth)");
    free(title);
    sb_json_destroy(json);
    free(text);
    assert_int_equal(sb_dir_remove(folder, NULL), SB_OK);
}

static void exec__passes_arguments_without_a_shell(void **state)
{
    (void)state;
    const char *const argv[] = { "test", "$(id)", "=", "$(id)", NULL };
    const struct sb_channel_def def = shell(argv);
    const struct sb_notice notice = notice_of(SB_NOTICE_FIRING, SB_SEVERITY_PAGE);
    must_deliver(&def, &notice);
}

static void exec__exit_75_asks_for_another_attempt(void **state)
{
    (void)state;
    const struct attempt attempt = run("echo 'pager is busy' >&2; exit 75", "", SB_S(20));
    assert_int_equal(attempt.code, SB_ERR_UNAVAILABLE);
    assert_false(attempt.answer.is_permanent);
    assert_int_equal(attempt.answer.status, 75);
    assert_string_equal(attempt.err.text, "channel prog: sh asks to be tried again later (exit 75): pager is busy");
}

static void exec__any_other_code_is_a_refusal(void **state)
{
    (void)state;
    const struct attempt attempt = run("printf 'first\\n\\033[31mno such pager\\n' >&2; exit 3", "", SB_S(20));
    assert_int_equal(attempt.code, SB_ERR_REFUSED);
    assert_true(attempt.answer.is_permanent);
    assert_int_equal(attempt.answer.status, 3);
    assert_string_equal(attempt.err.text, "channel prog: sh exited with 3: \xef\xbf\xbd[31mno such pager");
}

static void exec__that_crashes_is_tried_again(void **state)
{
    (void)state;
    const struct attempt attempt = run("kill -9 $$", "", SB_S(20));
    assert_int_equal(attempt.code, SB_ERR_UNAVAILABLE);
    assert_false(attempt.answer.is_permanent);
}

static void exec__that_hangs_ends_with_its_whole_group(void **state)
{
    (void)state;
    char folder[] = "/tmp/sb-notify-XXXXXX", path[64], *text = NULL;
    size_t size = 0;
    int64_t pid = 0;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/pid", folder);
    const struct attempt attempt = run("sleep 3600 & printf %s $! >\"$1\"; wait", path, SB_S(5));
    assert_int_equal(attempt.code, SB_ERR_TIMEOUT);
    assert_false(attempt.answer.is_permanent);
    assert_int_equal(sb_file_read(path, 32, &text, &size, NULL), SB_OK);
    assert_true(sb_parse_i64(text, &pid) && pid > 1);
    /* The grandchild was killed with the group; on a busy machine it may still be about to end, or wait for who adopted it. */
    int pidfd = pidfd_open((pid_t)pid, 0);
    if (pidfd >= 0) {
        const struct sb_op soon = { .deadline = sb_ns_add(sb_now(), SB_S(20)) };
        size_t ready = 0;
        assert_int_equal(sb_poll_readable(&pidfd, 1, &soon, &ready, NULL), SB_OK);
        sb_fd_close(&pidfd);
    }
    free(text);
    assert_int_equal(sb_dir_remove(folder, NULL), SB_OK);
}

static void exec__may_say_more_than_anybody_reads(void **state)
{
    (void)state;
    assert_int_equal(run("cat >/dev/null; head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2", "", SB_S(60)).code, SB_OK);
}

static void exec__that_does_not_read_is_delivered_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(run("exec <&-; exit 0", "", SB_S(20)).code, SB_OK);
}

static void exec__a_missing_program_is_a_mistake_of_the_settings(void **state)
{
    (void)state;
    const char *const argv[] = { "/nowhere/pager", NULL };
    const struct sb_channel_def def = shell(argv);
    const struct sb_op op = { .deadline = SB_NEVER };
    const struct sb_notice notice = notice_of(SB_NOTICE_FIRING, SB_SEVERITY_PAGE);
    const struct attempt attempt = attempt_of(&def, &notice, &op);
    assert_int_equal(attempt.code, SB_ERR_NOT_FOUND);
    assert_true(attempt.answer.is_permanent);
    assert_non_null(strstr(attempt.err.text, "channel prog: "));
    assert_non_null(strstr(attempt.err.text, "/nowhere/pager"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exec__gives_the_notice_on_stdin_and_its_key_in_the_environment),
        cmocka_unit_test(exec__passes_arguments_without_a_shell),
        cmocka_unit_test(exec__exit_75_asks_for_another_attempt),
        cmocka_unit_test(exec__any_other_code_is_a_refusal),
        cmocka_unit_test(exec__that_crashes_is_tried_again),
        cmocka_unit_test(exec__that_hangs_ends_with_its_whole_group),
        cmocka_unit_test(exec__may_say_more_than_anybody_reads),
        cmocka_unit_test(exec__that_does_not_read_is_delivered_all_the_same),
        cmocka_unit_test(exec__a_missing_program_is_a_mistake_of_the_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The veil: what knows the process's secrets, and the two shapes of text that go through it. */
#include "signalbox/os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct sb_redact_secret secrets[] = { { "llm.key", "sup3r-s3cret-value" } };
static struct sb_redactor redactor;

static int setup(void **state)
{
    (void)state;
    sb_redactor_init(&redactor, secrets, 1, 4);
    redactor.is_exact = true;
    sb_veil_set(&redactor);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sb_veil_set(NULL);
    return 0;
}

static void field__loses_the_secret_and_stays_inside_its_room(void **state)
{
    (void)state;
    char field[32] = "bad key sup3r-s3cret-value";
    sb_veil_text(field, sizeof field);
    assert_string_equal(field, "bad key [redacted:llm.key]");
    char small[24] = "abcd sup3r-s3cret-value";
    sb_veil_text(small, sizeof small);
    assert_string_equal(small, "abcd [redacted:llm.key]");
    char cut[20] = "x sup3r-s3cret-valu"; /* as much as the field could hold */
    sb_veil_text(cut, sizeof cut);
    assert_null(strstr(cut, "sup3r"));
    assert_int_equal(cut[sizeof cut - 1], '\0');
}

static void field__without_one_is_left_alone(void **state)
{
    (void)state;
    char field[] = "password=plain words stay, they are no secret of ours";
    sb_veil_text(field, sizeof field);
    assert_string_equal(field, "password=plain words stay, they are no secret of ours");
}

static void document__loses_every_one(void **state)
{
    (void)state;
    char *text = strdup("{\"a\":\"sup3r-s3cret-value\",\"b\":\"x\",\"c\":\"sup3r-s3cret-value!\"}");
    assert_true(sb_veil_document(&text));
    assert_string_equal(text, "{\"a\":\"[redacted:llm.key]\",\"b\":\"x\",\"c\":\"[redacted:llm.key]!\"}");
    free(text);
    char *none = NULL;
    assert_true(sb_veil_document(&none));
    assert_null(none);
}

static void log__says_none(void **state)
{
    (void)state;
    char path[] = "/tmp/sb-veil-test-XXXXXX";
    char *bytes = NULL;
    size_t size = 0;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(sb_log_open(path, NULL), SB_OK);
    sb_log(SB_LOG_WARN, "llm", "the endpoint said: %s", "sup3r-s3cret-value is no key");
    assert_int_equal(sb_log_open(NULL, NULL), SB_OK);
    assert_int_equal(sb_file_read(path, 4096, &bytes, &size, NULL), SB_OK);
    assert_int_equal(unlink(path), 0);
    assert_non_null(strstr(bytes, "the endpoint said: [redacted:llm.key] is no key\n"));
    free(bytes);
}

static void taken_away__it_changes_nothing(void **state)
{
    (void)state;
    char field[] = "sup3r-s3cret-value";
    sb_veil_set(NULL);
    sb_veil_text(field, sizeof field);
    assert_string_equal(field, "sup3r-s3cret-value");
}

static void core_dumps__are_off_for_the_process_and_its_children(void **state)
{
    (void)state;
    const pid_t child = fork(); /* the limit cannot be raised again */
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = { 0 };
        sb_core_dumps_off();
        _exit(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur <= 1 && limit.rlim_max <= 1 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(field__loses_the_secret_and_stays_inside_its_room, setup, teardown),
        cmocka_unit_test_setup_teardown(field__without_one_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(document__loses_every_one, setup, teardown),
        cmocka_unit_test_setup_teardown(log__says_none, setup, teardown),
        cmocka_unit_test_setup_teardown(taken_away__it_changes_nothing, setup, teardown),
        cmocka_unit_test(core_dumps__are_off_for_the_process_and_its_children),
    };
    return cmocka_run_group_tests_name("os_veil", tests, NULL, NULL);
}

/* What is kept of a page when a step in a browser fails: on real Chromium, with the step kinds' own code. */
#include "browser_support.h"

#include "signalbox/ports/kept.h"
#include "signalbox/ports/step.h"

#include <errno.h>
#include <sys/stat.h>

static const struct server_page failure_pages[] = {
    { "/404", "404 Not Found", "", "<h1 id=t>nothing here</h1>", 0 },
    { "/account", "200 OK", "Set-Cookie: sid=c00kie-value; Path=/; HttpOnly\r\n",
      "<h1 id=t>account</h1><p>you typed hunter&amp;2! and c00kie-value</p><input type=password value=typed><input type=hidden value=csrf-7>"
      "<script>console.log('log-in with hunter&2! and Authorization: Bearer abc');throw new Error('no button')</script>", 0 },
    PAGE("/endless-click", "<button id=b onclick='while(true);'>go</button>"),
};

static char folder[64];
static char last_note[SB_NOTE_MAX];
static unsigned notes;
static struct sb_site site = { .name = "birds", .login_secret = "env:SIGNALBOX_TEST_SECRET" };
static const char *site_hosts[] = { "127.0.0.1" };
static struct sb_catalogue catalogue;
static struct sb_services services;
static struct sb_step_def step = { .name = "visit" };

bool sb_fence_holds(const struct sb_fence *fence)
{
    return fence != NULL;
}

enum sb_err sb_control_input(struct sb_control *control, const struct sb_input *input, struct sb_error *err)
{
    (void)control;
    (void)err;
    assert_int_equal(input->kind, SB_INPUT_NOTE);
    (void)sb_copy(last_note, sizeof(last_note), input->as.note.text);
    notes++;
    return SB_OK;
}

enum sb_err sb_control_command(struct sb_control *control, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)control;
    (void)command;
    (void)id;
    return sb_error_set(err, SB_ERR_UNAVAILABLE, "no engine here");
}

static int set_up(void **state)
{
    struct sb_error error = { 0 };

    (void)state;
    choose_browser();
    (void)sb_copy(folder, sizeof(folder), "/tmp/signalbox-test-XXXXXX");
    if (mkdtemp(folder) == NULL || setenv("SIGNALBOX_TEST_SECRET", "hunter&2!", 1) != 0)
        return -1;
    site.allowed_hosts = site_hosts;
    site.allowed_host_count = 1;
    catalogue.sites = &site;
    catalogue.site_count = 1;
    catalogue.settings.state_dir = folder;
    if (!server_start(&server, failure_pages, SB_LEN(failure_pages)) || sb_browser_create(&browser, &setup_wanted, &error) != SB_OK)
        return -1;
    services = (struct sb_services){ .catalogue = &catalogue, .browser = browser, .control = (struct sb_control *)(void *)&services };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    browser->ops->close(browser);
    server_stop(&server);
    return sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

static struct sb_step_env env_of(struct sb_context *context, uint64_t run)
{
    return (struct sb_step_env){ .services = &services, .step = &step, .run = run, .attempt = 1, .op = within(10000), .context = context,
                                 .wall_now = sb_wall_now, .now = sb_now };
}

static void explain(const struct sb_step_env *env)
{
    const struct sb_step_result result = { .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_RETRYABLE };

    last_note[0] = '\0';
    sb_step_kind_ops(SB_STEP_KIND_BROWSE)->explain(env, &result);
}

static char *kept(const char *name, size_t *size)
{
    char path[256], *bytes = NULL;
    struct sb_error error = { 0 };
    struct stat info;

    (void)snprintf(path, sizeof(path), "%s/failures/%s", folder, name);
    expect_code(sb_file_read(path, 8 * 1024 * 1024, &bytes, size, &error), SB_OK, &error);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    return bytes;
}

static bool exists(const char *name)
{
    char path[256];
    struct stat info;

    (void)snprintf(path, sizeof(path), "%s/failures/%s", folder, name);
    return stat(path, &info) == 0;
}

static void failure__keeps_picture_source_and_messages_without_secrets(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/account");
    const struct sb_step_env env = env_of(context, 17);
    size_t size = 0;
    sb_ns begun = sb_now();
    explain(&env);
    print_message("  kept in %.0f ms\n", (double)(sb_now() - begun) / 1e6);
    assert_string_equal(last_note, "kept in failures/17-visit-1: page.html, console.txt, page.png");
    char *png = kept("17-visit-1/page.png", &size);
    assert_true(size > 100 && memcmp(png, "\x89PNG", 4) == 0);
    char *html = kept("17-visit-1/page.html", &size);
    assert_non_null(strstr(html, "account"));
    char *console = kept("17-visit-1/console.txt", &size);
    assert_non_null(strstr(console, "no button"));
    static const char *const secrets[] = { "hunter", "c00kie", "csrf-7", "abc", "\"typed\"" };
    for (size_t i = 0; i < SB_LEN(secrets); i++) {
        if (strstr(html, secrets[i]) != NULL)
            fail_msg("the source holds %s: %s", secrets[i], html);
        if (strstr(console, secrets[i]) != NULL)
            fail_msg("the messages hold %s: %s", secrets[i], console);
    }
    free(png);
    free(html);
    free(console);
    browser->ops->close_context(browser, context);
}

static void failure__on_a_page_that_hangs_is_over_at_its_limit(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    struct sb_context *context = open_at("/endless-click");
    const struct sb_op op = within(300);
    (void)browser->ops->click(context, "#b", &op, &error); /* its script never ends */
    const struct sb_step_env env = env_of(context, 18);
    sb_ns begun = sb_now();
    explain(&env);
    assert_true(sb_now() - begun < PATIENCE);
    assert_non_null(strstr(last_note, "nothing of the page could be kept"));
    browser->ops->close_context(browser, context);
}

static void failure__is_read_back_as_one_text_the_newest_attempt_first(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/account");
    struct sb_step_env env = env_of(context, 31);
    explain(&env);
    env.attempt = 2;
    explain(&env);
    char *text = NULL;
    struct sb_error error = { 0 };
    expect_code(sb_kept_read(folder, 31, &text, &error), SB_OK, &error);
    const char *second = strstr(text, "/failures/31-visit-2/console.txt"), *first = strstr(text, "/failures/31-visit-1/console.txt");
    assert_non_null(second);
    assert_non_null(first);
    assert_true(second < first);
    assert_non_null(strstr(text, "no button"));
    assert_non_null(strstr(text, "/failures/31-visit-2/page.png"));
    assert_null(strstr(text, "hunter"));
    free(text);
    expect_code(sb_kept_read(folder, 32, &text, &error), SB_ERR_NOT_FOUND, &error);
    assert_non_null(strstr(error.text, "run 32"));
    browser->ops->close_context(browser, context);
}

static void failure__of_a_lost_context_or_a_cancelled_step_is_over_at_once(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/account");
    browser->ops->close_context(browser, context);
    struct sb_step_env env = env_of(context, 19);
    sb_ns begun = sb_now();
    explain(&env);
    assert_true(sb_now() - begun < SB_S(3)); /* it has not even begun to wait: that takes 4 s */
    assert_false(exists("19-visit-1"));
}

static void failure__keeps_the_newest_runs_only(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    char path[256];
    struct sb_context *context = open_at("/account");
    struct sb_step_env env = env_of(context, 1000);
    for (int run = 100; run < 170; run++) {
        (void)snprintf(path, sizeof(path), "%s/failures/%d-visit-1", folder, run);
        expect_code(sb_dir_make(path, 0700, &error), SB_OK, &error);
    }
    (void)snprintf(path, sizeof(path), "%s/failures/notes-of-mine", folder);
    expect_code(sb_dir_make(path, 0700, &error), SB_OK, &error);
    explain(&env);
    assert_true(exists("1000-visit-1"));
    assert_true(exists("notes-of-mine")); /* not ours */
    assert_true(exists("121-visit-1"));   /* 1000 and 169 .. 121 are fifty */
    assert_false(exists("120-visit-1"));
    assert_false(exists("17-visit-1"));
    /* And in bytes: two of 60 MiB are more than a hundred. */
    for (int run = 2000; run < 2002; run++) {
        (void)snprintf(path, sizeof(path), "%s/failures/%d-visit-1", folder, run);
        expect_code(sb_dir_make(path, 0700, &error), SB_OK, &error);
        (void)snprintf(path, sizeof(path), "%s/failures/%d-visit-1/page.png", folder, run);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(ftruncate(fileno(file), 60 * 1024 * 1024), 0);
        assert_int_equal(fclose(file), 0);
    }
    env.run = 2002;
    explain(&env);
    assert_true(exists("2002-visit-1"));
    assert_true(exists("2001-visit-1"));
    assert_false(exists("2000-visit-1"));
    assert_false(exists("1000-visit-1"));
    browser->ops->close_context(browser, context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure__keeps_picture_source_and_messages_without_secrets),
        cmocka_unit_test(failure__on_a_page_that_hangs_is_over_at_its_limit),
        cmocka_unit_test(failure__is_read_back_as_one_text_the_newest_attempt_first),
        cmocka_unit_test(failure__of_a_lost_context_or_a_cancelled_step_is_over_at_once),
        cmocka_unit_test(failure__keeps_the_newest_runs_only),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

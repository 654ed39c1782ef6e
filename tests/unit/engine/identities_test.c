#include "engine_rig.h"

#include <sys/stat.h>
#include <unistd.h>

#define LOGGED_IN "{\"cookies\":[{\"name\":\"sid\",\"value\":\"s3cret\"}],\"storage\":{}}"
#define LATER "{\"cookies\":[{\"name\":\"sid\",\"value\":\"later\"}],\"storage\":{}}"

static char folder[64], path[160];
static struct sb_site sites[2];

static int setup(void **state)
{
    (void)state;
    (void)sb_copy(folder, sizeof(folder), "/tmp/signalbox-test-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    rig_init();
    rig_use_browser();
    sites[0] = (struct sb_site){ .name = "birds", .account = "an/na", .block = 1u << SB_RESOURCE_IMAGE | 1u << SB_RESOURCE_FONT };
    sites[1] = (struct sb_site){ .name = "news", .block = 1u << SB_RESOURCE_FONT };
    rig.catalogue.sites = sites;
    rig.catalogue.site_count = 2;
    rig.catalogue.settings.state_dir = folder;
    (void)snprintf(path, sizeof(path), "%s/identities/birds.an%%2Fna.json", folder);
    rig_job("visit")->category = SB_CATEGORY_BACKGROUND;
    rig_step("page", SB_STEP_KIND_BROWSE)->needs_context = true;
    rig.params[0].kind = SB_STEP_KIND_BROWSE;
    rig.params[0].as.browse.site = "birds";
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_deinit();
    return sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

static void tells_memory(const struct sb_step_env *env, struct sb_step_result *result)
{
    (void)sb_copy(result->text, sizeof(result->text), env->context->memory);
    if (rig.arg != NULL)
        (void)sb_copy(env->context->memory, sizeof(env->context->memory), rig.arg);
}

/* What the context knew when the step began; then it knows `wanted`. */
static const char *visit_leaving(const char *wanted)
{
    static char seen[SB_NOTE_MAX];
    union {
        const char *text;
        void *arg;
    } cast = { .text = wanted };

    rig.arg = cast.arg;
    rig.on_step[SB_STEP_KIND_BROWSE] = tells_memory;
    rig_run_job(0);
    (void)sb_copy(seen, sizeof(seen), rig_wait(SB_EVENT_STEP_ENDED)->as.step_ended.text);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    return seen;
}

static char *file_text(void)
{
    char *bytes = NULL;
    size_t size;

    assert_int_equal(sb_file_read(path, 65536, &bytes, &size, NULL), SB_OK);
    return bytes;
}

static void identity__survives_a_restart_in_a_file_nobody_else_may_read(void **state)
{
    struct stat info;

    (void)state;
    rig_start();
    rig_wait_begun();
    assert_string_equal(visit_leaving(LOGGED_IN), "");
    rig_stop(false);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    rig_start();
    rig_wait_begun();
    assert_string_equal(visit_leaving(NULL), LOGGED_IN);
    rig_stop(false);
}

static void identity__is_written_only_when_it_changed(void **state)
{
    (void)state;
    rig_start();
    rig_wait_begun();
    (void)visit_leaving(NULL);
    assert_int_equal(access(path, F_OK), -1);
    (void)visit_leaving(LOGGED_IN);
    char *first = file_text();
    assert_non_null(strstr(first, "\"version\":1"));
    assert_non_null(strstr(first, "\"account\":\"an/na\""));
    (void)visit_leaving(NULL);
    char *second = file_text();
    assert_string_equal(first, second);
    (void)visit_leaving(LATER);
    free(first);
    first = file_text();
    assert_non_null(strstr(first, "\"version\":2"));
    rig_stop(false);
    free(first);
    free(second);
}

static void identity__damaged_is_put_aside_and_the_account_starts_anew(void **state)
{
    static const char *const damaged[] = { "{\"version\":1,\"mem", "{\"version\":1}", "{\"version\":0,\"memory\":" LOGGED_IN "}", "" };
    char aside[200];

    (void)state;
    (void)snprintf(aside, sizeof(aside), "%s/identities", folder);
    assert_int_equal(sb_dir_make(aside, 0700, NULL), SB_OK);
    (void)snprintf(aside, sizeof(aside), "%s.bad", path);
    for (size_t i = 0; i < SB_LEN(damaged); i++) {
        assert_int_equal(sb_file_write_atomically(path, damaged[i], strlen(damaged[i]), 0600, NULL), SB_OK);
        rig_start();
        rig_wait_begun();
        assert_string_equal(visit_leaving(NULL), "");
        rig_stop(false);
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(access(aside, F_OK), 0);
        assert_int_equal(unlink(aside), 0);
    }
}

/* Two runs at once on two contexts: both begin with nothing, one saves, then the other one, which knows less, ends. */
struct duel {
    int begun_fd, go_fd;
    atomic_int turn;
};

static void duel_step(const struct sb_step_env *env, struct sb_step_result *result)
{
    struct duel *duel = rig.arg;
    const struct sb_op op = test_op();
    size_t ready;

    if (atomic_fetch_add(&duel->turn, 1) == 0) {
        sb_wake_post(duel->begun_fd);
        assert_int_equal(sb_poll_readable(&duel->go_fd, 1, &op, &ready, NULL), SB_OK);
        (void)sb_copy(env->context->memory, sizeof(env->context->memory), LATER);
    } else {
        (void)sb_copy(env->context->memory, sizeof(env->context->memory), LOGGED_IN);
    }
    (void)sb_copy(result->text, sizeof(result->text), "ended");
}

static void identity__an_older_context_does_not_overwrite_a_newer_log_in(void **state)
{
    struct duel duel = { .begun_fd = -1, .go_fd = -1 };
    const struct sb_op op = test_op();
    size_t ready;

    (void)state;
    rig.catalogue.pool.lane_contexts[SB_LANE_LOW] = 2;
    assert_int_equal(sb_wake_open(&duel.begun_fd, NULL), SB_OK);
    assert_int_equal(sb_wake_open(&duel.go_fd, NULL), SB_OK);
    rig.arg = &duel;
    rig.on_step[SB_STEP_KIND_BROWSE] = duel_step;
    rig_start();
    rig_wait_begun();
    rig_run_job(0);
    assert_int_equal(sb_poll_readable(&duel.begun_fd, 1, &op, &ready, NULL), SB_OK);
    rig_run_job(0);
    (void)rig_wait(SB_EVENT_RUN_ENDED);
    sb_wake_post(duel.go_fd);
    (void)rig_wait(SB_EVENT_RUN_ENDED);
    char *text = file_text();
    assert_non_null(strstr(text, "s3cret"));
    assert_null(strstr(text, "later"));
    free(text);
    for (int i = 0; i < 4; i++) /* whichever context it gets, the next run has the newest log-in */
        assert_string_equal(visit_leaving(NULL), LOGGED_IN);
    rig_stop(false);
    sb_fd_close(&duel.begun_fd);
    sb_fd_close(&duel.go_fd);
}

static void tells_block_and_proxy(const struct sb_step_env *env, struct sb_step_result *result)
{
    const char *proxy = env->context->proxy;

    (void)snprintf(result->text, sizeof(result->text), "%u %s", (unsigned)env->context->blocked, proxy != NULL ? proxy : "direct");
}

static const char *job_sees(uint16_t job)
{
    rig_run_job(job);
    const struct sb_event *ended = rig_wait(SB_EVENT_STEP_ENDED);
    static char text[SB_NOTE_MAX];
    (void)sb_copy(text, sizeof(text), ended->as.step_ended.text);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    return text;
}

static void job__blocks_what_all_of_its_sites_can_do_without(void **state)
{
    char both[16];

    (void)state;
    rig_job("two")->category = SB_CATEGORY_BACKGROUND;
    rig_step("page", SB_STEP_KIND_BROWSE)->needs_context = true;
    rig_step("other", SB_STEP_KIND_BROWSE)->needs_context = true;
    for (size_t i = 1; i < 3; i++)
        rig.params[i] = (struct sb_step_params){ .kind = SB_STEP_KIND_BROWSE, .as.browse.site = sites[i - 1].name };
    rig_job("none")->category = SB_CATEGORY_BACKGROUND;
    rig_step("page", SB_STEP_KIND_BROWSE)->needs_context = true;
    rig.on_step[SB_STEP_KIND_BROWSE] = tells_block_and_proxy;
    rig_start();
    rig_wait_begun();
    (void)snprintf(both, sizeof(both), "%u direct", (unsigned)(1u << SB_RESOURCE_IMAGE | 1u << SB_RESOURCE_FONT));
    assert_string_equal(job_sees(0), both);
    (void)snprintf(both, sizeof(both), "%u direct", 1u << SB_RESOURCE_FONT);
    assert_string_equal(job_sees(1), both);
    assert_string_equal(job_sees(2), "0 direct");
    rig_stop(false);
}

static void job__of_a_site_with_a_proxy_runs_on_a_context_of_its_own(void **state)
{
    (void)state;
    sites[1].proxy = "http://10.0.0.1:3128";
    rig_job("far")->category = SB_CATEGORY_BACKGROUND;
    rig_step("page", SB_STEP_KIND_BROWSE)->needs_context = true;
    rig.params[1] = (struct sb_step_params){ .kind = SB_STEP_KIND_BROWSE, .as.browse.site = "news" };
    rig.on_step[SB_STEP_KIND_BROWSE] = tells_block_and_proxy;
    rig_start();
    rig_wait_begun();
    assert_non_null(strstr(job_sees(1), "http://10.0.0.1:3128"));
    assert_non_null(strstr(job_sees(0), "direct"));
    assert_non_null(strstr(job_sees(1), "http://10.0.0.1:3128"));
    unsigned opened = rig.browser.opened;
    assert_non_null(strstr(job_sees(1), "http://10.0.0.1:3128")); /* the same context serves the next one */
    assert_int_equal(rig.browser.opened, opened);
    /* What was given to the context before is not taken for granted in its successor. */
    (void)visit_leaving(LOGGED_IN);
    rig.on_step[SB_STEP_KIND_BROWSE] = tells_block_and_proxy;
    (void)job_sees(1);
    assert_string_equal(visit_leaving(NULL), LOGGED_IN);
    rig_stop(false);
    assert_int_equal(rig.browser.opened, rig.browser.closed);
}

static void job__whose_proxied_context_cannot_be_opened_fails_and_costs_no_slot(void **state)
{
    (void)state;
    sites[1].proxy = "http://10.0.0.1:3128";
    rig_job("far")->category = SB_CATEGORY_BACKGROUND;
    rig_step("page", SB_STEP_KIND_BROWSE)->needs_context = true;
    rig.params[1] = (struct sb_step_params){ .kind = SB_STEP_KIND_BROWSE, .as.browse.site = "news" };
    rig.on_step[SB_STEP_KIND_BROWSE] = tells_block_and_proxy;
    rig_start();
    rig_wait_begun();
    (void)job_sees(0);
    sb_mutex_lock(rig.browser.mutex);
    rig.browser.refuses = true;
    sb_mutex_unlock(rig.browser.mutex);
    rig_run_job(1);
    assert_string_equal(rig_wait(SB_EVENT_STEP_ENDED)->as.step_ended.text, "no browser here");
    (void)rig_wait(SB_EVENT_RUN_ENDED);
    sb_mutex_lock(rig.browser.mutex);
    rig.browser.refuses = false;
    sb_mutex_unlock(rig.browser.mutex);
    assert_non_null(strstr(job_sees(1), "http://10.0.0.1:3128"));
    rig_stop(false);
    assert_int_equal(rig.browser.opened, rig.browser.closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(identity__survives_a_restart_in_a_file_nobody_else_may_read, setup, teardown),
        cmocka_unit_test_setup_teardown(identity__is_written_only_when_it_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(identity__damaged_is_put_aside_and_the_account_starts_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(identity__an_older_context_does_not_overwrite_a_newer_log_in, setup, teardown),
        cmocka_unit_test_setup_teardown(job__blocks_what_all_of_its_sites_can_do_without, setup, teardown),
        cmocka_unit_test_setup_teardown(job__of_a_site_with_a_proxy_runs_on_a_context_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(job__whose_proxied_context_cannot_be_opened_fails_and_costs_no_slot, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

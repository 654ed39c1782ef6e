/* GET /metrics before the real engine: its counters against the journal, its formats, its bounds. */
#include "api_client.h"

#include "runtime/api/metrics_out.h"

struct fixture {
    char dir[64], socket_path[96];
    struct sb_api *api;
    struct sb_feed *feed;
    struct sb_api_setup setup;
    unsigned calls;
};
static struct fixture fx;

/* walk always succeeds; run fails every other time for good; swim fails twice before it succeeds. */
static void on_step(const struct sb_step_env *env, struct sb_step_result *result)
{
    if (env->job_id == 1 && fx.calls++ % 2 == 0) {
        result->state = SB_STEP_STATE_FAILED;
        result->class = SB_CLASS_FATAL;
    }
    if (env->job_id == 2 && env->attempt < 3) {
        result->state = SB_STEP_STATE_FAILED;
        result->class = SB_CLASS_RETRYABLE;
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&fx, 0, sizeof(fx));
    rig_init();
    rig_job("walk");
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig_job("run \"fast\"\\");
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig_job("swim")->retry.attempts = 3;
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig.on_step[SB_STEP_KIND_NATIVE] = on_step;
    rig.setup.first_feed = &fx.feed;
    rig_start();
    rig_wait_begun();
    (void)snprintf(fx.dir, sizeof(fx.dir), "/tmp/sb-metrics-XXXXXX");
    assert_non_null(mkdtemp(fx.dir));
    (void)snprintf(fx.socket_path, sizeof(fx.socket_path), "%s/s", fx.dir);
    fx.setup = (struct sb_api_setup){ .catalogue = &rig.catalogue, .control = sb_engine_control(rig.engine), .socket_path = fx.socket_path,
                                      .feed = fx.feed };
    struct sb_error error = { .text = "" };
    if (sb_api_open(&fx.api, &fx.setup, &error) != SB_OK)
        fail_msg("api: %s", error.text);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_store_block_append(rig.store, false); /* also when a claim did not hold */
    sb_api_close(fx.api);
    rig_deinit();
    assert_int_equal(sb_dir_remove(fx.dir, NULL), SB_OK);
    return 0;
}

static void run_and_wait(uint16_t job, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        (void)rig_run_job(job);
        (void)rig_wait(SB_EVENT_RUN_ENDED);
    }
}

/* The value of a series in the last answer, a whole number. */
static uint64_t value_of(const char *series)
{
    char line[256];
    (void)snprintf(line, sizeof(line), "\n%s ", series);
    const char *at = strstr(client_reply, line);
    if (at == NULL)
        fail_msg("no series %s", series);
    return strtoull(at + strlen(line), NULL, 10);
}

/* Events of that kind in the journal for which `fits` holds. */
static unsigned in_journal(enum sb_event_kind kind, bool (*fits)(const struct sb_event *event))
{
    unsigned count = 0;
    sb_mutex_lock(rig.store->mutex);
    for (size_t i = 0; i < rig.store->count; i++)
        count += rig.store->events[i].kind == kind && fits(&rig.store->events[i]);
    sb_mutex_unlock(rig.store->mutex);
    return count;
}

static size_t journal_size(void)
{
    sb_mutex_lock(rig.store->mutex);
    size_t count = rig.store->count;
    sb_mutex_unlock(rig.store->mutex);
    return count;
}

static bool any(const struct sb_event *event)
{
    (void)event;
    return true;
}

static bool failed_of_run(const struct sb_event *event)
{
    return event->as.run_ended.job == 1 && event->as.run_ended.state == SB_RUN_STATE_FAILED;
}

static bool succeeded_of_run(const struct sb_event *event)
{
    return event->as.run_ended.job == 1 && event->as.run_ended.state == SB_RUN_STATE_SUCCEEDED;
}

static bool retried_of_swim(const struct sb_event *event)
{
    return event->as.run_retrying.job == 2;
}

static void metrics__agree_with_the_journal_event_by_event(void **state)
{
    (void)state;
    run_and_wait(0, 5);
    run_and_wait(1, 6);
    run_and_wait(2, 4);
    client_await(fx.socket_path, "/metrics", "signalbox_runs_total{job=\"swim\",outcome=\"succeeded\"} 4\n");
    assert_true(value_of("signalbox_runs_total{job=\"walk\",outcome=\"succeeded\"}") == 5);
    assert_true(value_of("signalbox_runs_total{job=\"run \\\"fast\\\"\\\\\",outcome=\"failed\"}") == in_journal(SB_EVENT_RUN_ENDED, failed_of_run));
    assert_true(value_of("signalbox_runs_total{job=\"run \\\"fast\\\"\\\\\",outcome=\"succeeded\"}") ==
                in_journal(SB_EVENT_RUN_ENDED, succeeded_of_run));
    assert_int_equal(in_journal(SB_EVENT_RUN_ENDED, failed_of_run) + in_journal(SB_EVENT_RUN_ENDED, succeeded_of_run), 6);
    assert_true(value_of("signalbox_run_retries_total{job=\"swim\",class=\"retryable\"}") == 8);
    assert_int_equal(in_journal(SB_EVENT_RUN_RETRYING, retried_of_swim), 8);
    assert_true(value_of("signalbox_steps_total{job=\"swim\",step=\"only\",outcome=\"failed\"}") == 8);
    assert_true(value_of("signalbox_run_duration_seconds_count{job=\"walk\"}") == 5);
    assert_true(value_of("signalbox_run_duration_seconds_bucket{job=\"walk\",le=\"+Inf\"}") == 5);
    assert_true(value_of("signalbox_run_wait_seconds_count{category=\"none\"}") == in_journal(SB_EVENT_RUN_STARTED, any));
    uint64_t events = 0;
    static const char *const severities[] = { "debug", "info", "warn", "error", "page" };
    for (size_t i = 0; i < SB_LEN(severities); i++) {
        char series[80];
        (void)snprintf(series, sizeof(series), "signalbox_events_total{severity=\"%s\"}", severities[i]);
        events += value_of(series);
    }
    assert_int_equal(events, journal_size()); /* from the first event of the process on */
    assert_true(value_of("signalbox_metrics_gaps_total") == 0);
}

static void metrics__speak_openmetrics_to_who_asks_for_it(void **state)
{
    (void)state;
    const char *reply = client_get(fx.socket_path, "/metrics", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n");
    assert_non_null(strstr(reply, "Content-Type: application/openmetrics-text; version=1.0.0"));
    assert_non_null(strstr(reply, "# TYPE signalbox_runs counter\n"));
    assert_non_null(strstr(reply, "# UNIT signalbox_run_duration_seconds seconds\n"));
    assert_string_equal(reply + strlen(reply) - 6, "# EOF\n");
    reply = client_get(fx.socket_path, "/metrics", "");
    assert_non_null(strstr(reply, "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(strstr(reply, "# TYPE signalbox_runs_total counter\n"));
    assert_null(strstr(reply, "# EOF"));
}

static void metrics__do_not_wait_for_a_core_that_is_stopped(void **state)
{
    const struct sb_input note = sb_input_make(SB_INPUT_NOTE);
    (void)state;
    client_await(fx.socket_path, "/readyz", " 200 OK"); /* the observer has its picture */
    fake_store_block_append(rig.store, true);
    assert_int_equal(sb_control_input(sb_engine_control(rig.engine), &note, NULL), SB_OK);
    client_await(fx.socket_path, "/metrics", "signalbox_core_inbox_depth 0\n"); /* the core has taken it and stands still */
    assert_true(client_says(fx.socket_path, "/metrics", " 200 OK"));
    assert_true(client_says(fx.socket_path, "/readyz", " 200 OK"));
    fake_store_block_append(rig.store, false);
}

/* --- the fold and the writer alone ---------------------------------------------------------------------------------------------- */

enum { MANY = 1500 };

static struct metrics *many_jobs(struct sb_catalogue *catalogue, struct sb_job_def *jobs, struct sb_model **model)
{
    static struct metrics metrics;
    struct sb_event event = { .kind = SB_EVENT_JOB_DEFINED };
    *catalogue = (struct sb_catalogue){ .jobs = jobs, .job_count = MANY };
    *model = sb_model_create();
    assert_non_null(*model);
    assert_int_equal(metrics_init(&metrics, catalogue, NULL), SB_OK);
    for (uint16_t i = 0; i < MANY; i++) {
        (void)snprintf(jobs[i].name, sizeof(jobs[i].name), "job%04u", i);
        event.as.job_defined.job = i;
        (void)sb_copy(event.as.job_defined.name, sizeof(event.as.job_defined.name), jobs[i].name);
        sb_model_fold(*model, &event);
    }
    return &metrics;
}

static void metrics__share_a_place_between_too_many_jobs_and_lose_no_run(void **state)
{
    static struct sb_job_def jobs[MANY];
    struct sb_catalogue catalogue;
    struct sb_model *model = NULL;
    struct metrics *metrics = many_jobs(&catalogue, jobs, &model);
    struct sb_event event = { .seq = 1, .kind = SB_EVENT_RUN_ENDED, .as.run_ended.state = SB_RUN_STATE_SUCCEEDED };
    uint64_t sum = 0;
    (void)state;
    for (uint16_t i = 0; i < MANY; i++) {
        event.as.run_ended.job = i;
        metrics_fold(metrics, &event);
    }
    for (size_t i = 0; i < METRICS_JOBS; i++)
        sum += metrics->jobs[i].ended[SB_RUN_STATE_SUCCEEDED];
    assert_int_equal(sum, MANY);
    assert_int_equal(metrics->jobs[METRICS_JOBS - 1].ended[SB_RUN_STATE_SUCCEEDED], MANY - METRICS_JOBS + 1);
    event.seq = 0; /* a description counts nothing */
    metrics_fold(metrics, &event);
    assert_int_equal(metrics->jobs[METRICS_JOBS - 1].ended[SB_RUN_STATE_SUCCEEDED], MANY - METRICS_JOBS + 1);
    metrics_deinit(metrics);
    sb_model_destroy(model);
}

static void metrics__are_bounded_and_count_what_is_left_out(void **state)
{
    static struct sb_job_def jobs[MANY];
    static struct metrics_look look;
    struct sb_catalogue catalogue;
    struct sb_model *model = NULL;
    struct metrics *metrics = many_jobs(&catalogue, jobs, &model);
    char *buf = malloc(METRICS_TEXT_MAX);
    struct sb_text text;
    size_t series = 0;
    (void)state;
    assert_non_null(buf);
    sb_text_init(&text, buf, METRICS_TEXT_MAX);
    metrics_write(metrics, model, &look, false, &text);
    assert_false(text.is_cut);
    for (const char *line = buf; *line != '\0'; line = strchr(line, '\n') + 1)
        series += *line != '#';
    assert_true(series > METRICS_SERIES_MAX - 100 && series < METRICS_SERIES_MAX + 20);
    assert_true(metrics->dropped > 1000);
    assert_non_null(strstr(buf, "job=\"other\""));
    const char *told = strstr(buf, "\nsignalbox_metrics_series_dropped_total ");
    assert_non_null(told);
    assert_int_equal(strtoul(strchr(told, ' '), NULL, 10), metrics->dropped);
    free(buf);
    metrics_deinit(metrics);
    sb_model_destroy(model);
}

static void metrics__count_what_channels_took_and_what_recoveries_came_to(void **state)
{
    static struct sb_job_def jobs[MANY];
    static struct metrics_look look;
    static const struct sb_channel_def channels[1] = { { .name = "team" } };
    struct sb_catalogue catalogue;
    struct sb_model *model = NULL;
    struct metrics *metrics = many_jobs(&catalogue, jobs, &model);
    struct sb_event event = { .seq = 1, .kind = SB_EVENT_NOTICE_SENT };
    char *buf = malloc(METRICS_TEXT_MAX);
    struct sb_text text;
    (void)state;
    assert_non_null(buf);
    catalogue.job_count = 1;
    catalogue.channels = channels;
    catalogue.channel_count = 1;
    metrics_fold(metrics, &event);
    event.kind = SB_EVENT_NOTICE_FAILED;
    metrics_fold(metrics, &event);
    metrics_fold(metrics, &event);
    event = (struct sb_event){ .seq = 2, .kind = SB_EVENT_RECOVERY_ENDED,
                               .as.recovery_ended = { .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_OK } };
    metrics_fold(metrics, &event);
    sb_text_init(&text, buf, METRICS_TEXT_MAX);
    metrics_write(metrics, model, &look, false, &text);
    assert_non_null(strstr(buf, "signalbox_notices_total{channel=\"team\",outcome=\"sent\"} 1\n"));
    assert_non_null(strstr(buf, "signalbox_notices_total{channel=\"team\",outcome=\"failed\"} 2\n"));
    assert_non_null(strstr(buf, "signalbox_component_recoveries_total{component=\"browser\",state=\"ok\"} 1\n"));
    free(buf);
    metrics_deinit(metrics);
    sb_model_destroy(model);
}

static void metrics__put_a_value_into_the_first_bucket_that_holds_it(void **state)
{
    struct metric_hist hist = { 0 };
    (void)state;
    metric_hist_add(&hist, metric_bounds_wait, SB_MS(5));
    metric_hist_add(&hist, metric_bounds_wait, SB_MS(5) + 1);
    metric_hist_add(&hist, metric_bounds_wait, SB_MIN(2));
    assert_int_equal(hist.buckets[0], 1);
    assert_int_equal(hist.buckets[1], 1);
    assert_int_equal(hist.count, 3);
    assert_int_equal(hist.sum, SB_MS(10) + 1 + SB_MIN(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(metrics__agree_with_the_journal_event_by_event),
        TEST(metrics__speak_openmetrics_to_who_asks_for_it),
        TEST(metrics__do_not_wait_for_a_core_that_is_stopped),
        cmocka_unit_test(metrics__share_a_place_between_too_many_jobs_and_lose_no_run),
        cmocka_unit_test(metrics__are_bounded_and_count_what_is_left_out),
        cmocka_unit_test(metrics__count_what_channels_took_and_what_recoveries_came_to),
        cmocka_unit_test(metrics__put_a_value_into_the_first_bucket_that_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

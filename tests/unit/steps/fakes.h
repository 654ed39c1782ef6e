/* Fakes behind the ports for the tests of step kinds: a browser that follows a table, a recorder instead of the engine, an HTTP client and a
 * model that say what the test wants, clocks that stand still. Store and receipts are the real ones, in a temporary folder. Included by
 * exactly one file per program. */
#ifndef SB_TEST_STEPS_FAKES_H
#define SB_TEST_STEPS_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/steps/profile.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- clocks */
static struct sb_wall fake_wall = { SB_S(1800000000) };
static sb_ns fake_monotonic = SB_S(1000);
static struct sb_wall fake_wall_now(void)
{
    return fake_wall;
}
static sb_ns fake_now(void)
{
    return fake_monotonic;
}
__attribute__((unused)) static void fake_pass(sb_ns time)
{
    fake_wall.ns += time;
    fake_monotonic += time;
}

/* ---- engine */
enum { FAKE_INPUTS_MAX = 128 };
static struct sb_input fake_inputs[FAKE_INPUTS_MAX];
static size_t fake_input_count;
static int fake_inbox_full_times; /* refuses so often, then takes */
static struct sb_command fake_commands[16];
static size_t fake_command_count;
static bool fake_fence = true;

bool sb_fence_holds(const struct sb_fence *fence)
{
    (void)fence;
    return fake_fence;
}

enum sb_err sb_control_input(struct sb_control *control, const struct sb_input *input, struct sb_error *err)
{
    (void)control;
    if (fake_inbox_full_times > 0) {
        fake_inbox_full_times--;
        return sb_error_set(err, SB_ERR_FULL, "inbox full");
    }
    assert_true(fake_input_count < FAKE_INPUTS_MAX);
    fake_inputs[fake_input_count++] = *input;
    return SB_OK;
}

enum sb_err sb_control_command(struct sb_control *control, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)control;
    (void)err;
    if (id != NULL)
        *id = 1;
    assert_true(fake_command_count < SB_LEN(fake_commands));
    fake_commands[fake_command_count++] = command;
    return SB_OK;
}

__attribute__((unused)) static const struct sb_input *fake_input_of(enum sb_input_kind kind)
{
    for (size_t i = fake_input_count; i-- > 0;)
        if (fake_inputs[i].kind == kind)
            return &fake_inputs[i];
    return NULL;
}

__attribute__((unused)) static bool fake_was_noted(const char *part)
{
    for (size_t i = 0; i < fake_input_count; i++)
        if (fake_inputs[i].kind == SB_INPUT_NOTE && strstr(fake_inputs[i].as.note.text, part) != NULL)
            return true;
    return false;
}

/* ---- HTTP client */
static struct {
    enum sb_err code;
    long status;
    const char *body;
    sb_ns retry_after;
    int calls;
    char url[512], method[16], request_body[512], header[128];
} fake_http = { .status = 200, .body = "" };

enum sb_err sb_http_send(struct sb_http *http, const struct sb_http_request *request, const struct sb_op *op, struct sb_http_response *response,
                         struct sb_error *err)
{
    (void)http;
    (void)op;
    fake_http.calls++;
    (void)sb_copy(fake_http.url, sizeof fake_http.url, request->url);
    (void)sb_copy(fake_http.method, sizeof fake_http.method, request->method);
    (void)sb_copy(fake_http.request_body, sizeof fake_http.request_body, request->body ? request->body : "");
    (void)snprintf(fake_http.header, sizeof fake_http.header, "%s: %s", request->header_count ? request->headers[0].name : "",
                   request->header_count ? request->headers[0].value : "");
    if (fake_http.code != SB_OK)
        return sb_error_set(err, fake_http.code, "fake transport failure");
    *response = (struct sb_http_response){ .status = fake_http.status, .body = strdup(fake_http.body), .body_size = strlen(fake_http.body),
                                           .retry_after = fake_http.retry_after, .was_sent = true };
    return SB_OK;
}

/* ---- model */
static struct {
    const char *replies[4]; /* one per call; NULL = fails */
    size_t calls;
    bool is_truncated;
    enum sb_class class;
    sb_ns retry_after;
    char alias[40], user[1024];
} fake_llm;

enum sb_err sb_llm_complete(struct sb_llm *llm, const struct sb_llm_request *request, const struct sb_op *op, struct sb_llm_reply *reply,
                            struct sb_llm_failure *failure, struct sb_error *err)
{
    (void)llm;
    (void)op;
    const char *text = fake_llm.calls < SB_LEN(fake_llm.replies) ? fake_llm.replies[fake_llm.calls] : NULL;
    fake_llm.calls++;
    (void)sb_copy(fake_llm.alias, sizeof fake_llm.alias, request->alias);
    (void)sb_copy(fake_llm.user, sizeof fake_llm.user, request->user);
    if (text == NULL) {
        failure->class = fake_llm.class;
        failure->retry_after = fake_llm.retry_after;
        return sb_error_set(err, SB_ERR_RATE_LIMITED, "fake model failure");
    }
    *reply = (struct sb_llm_reply){ .text = strdup(text), .tokens_in = 100, .tokens_out = 20, .cost = { 450000 },
                                    .is_truncated = fake_llm.is_truncated };
    return SB_OK;
}

size_t sb_llm_aliases(const struct sb_llm_def *def, const char *intent, enum sb_tier tier, const char *out[SB_LLM_ALIASES_MAX])
{
    (void)def;
    (void)intent;
    out[0] = tier == SB_TIER_HIGH ? "premium" : "economy";
    return tier >= SB_TIER_CRITICAL ? 0 : 1;
}

/* ---- browser */
struct fake_rule {
    const char *op;     /* "go", "wait", "click", "type", "extract", "receive" ... */
    const char *match;  /* part of the address or selector; NULL = any */
    enum sb_err code;
    const char *answer; /* JSON of an extract, body of a receive */
    int status;         /* of go and receive; 0 = 200 */
    int times;          /* 0 = always */
    void (*then)(void); /* what the world does after it */
};
enum { FAKE_RULES_MAX = 24, FAKE_CALLS_MAX = 128 };
static struct fake_rule fake_rules[FAKE_RULES_MAX];
static size_t fake_rule_count;
static char fake_calls[FAKE_CALLS_MAX][320];
static size_t fake_call_count;

__attribute__((unused)) static void fake_rule(struct fake_rule rule)
{
    assert_true(fake_rule_count < FAKE_RULES_MAX);
    fake_rules[fake_rule_count++] = rule;
}

/* Times a call was made whose "op detail" begins so. */
__attribute__((unused)) static size_t fake_count(const char *begin)
{
    size_t count = 0;
    for (size_t i = 0; i < fake_call_count; i++)
        count += strncmp(fake_calls[i], begin, strlen(begin)) == 0;
    return count;
}

static struct fake_rule fake_follow(const char *op, const char *detail)
{
    assert_true(fake_call_count < FAKE_CALLS_MAX);
    (void)snprintf(fake_calls[fake_call_count++], sizeof fake_calls[0], "%s %s", op, detail);
    for (size_t i = 0; i < fake_rule_count; i++) {
        struct fake_rule *rule = &fake_rules[i];
        if (!sb_streq(rule->op, op) || (rule->match != NULL && strstr(detail, rule->match) == NULL) || rule->times < 0)
            continue;
        struct fake_rule found = *rule;
        if (rule->times > 0 && --rule->times == 0)
            rule->times = -1;
        if (found.then != NULL)
            found.then();
        return found;
    }
    return (struct fake_rule){ .code = sb_streq(op, "extract") || sb_streq(op, "receive") ? SB_ERR_NOT_FOUND : SB_OK };
}

static enum sb_err fake_end(struct fake_rule rule, const char *detail, struct sb_error *err)
{
    return rule.code == SB_OK ? SB_OK : sb_error_set(err, rule.code, "fake: %s", detail);
}

static enum sb_err fake_go(struct sb_context *context, const char *url, const struct sb_op *op, struct sb_navigation *navigation,
                           struct sb_error *err)
{
    (void)context;
    (void)op;
    struct fake_rule rule = fake_follow("go", url);
    *navigation = (struct sb_navigation){ .status = rule.status ? rule.status : 200 };
    (void)sb_copy(navigation->url, sizeof navigation->url, url);
    return fake_end(rule, url, err);
}
static enum sb_err fake_wait(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err)
{
    (void)context;
    (void)op;
    return fake_end(fake_follow("wait", selector), selector, err);
}
static enum sb_err fake_click(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err)
{
    (void)context;
    (void)op;
    return fake_end(fake_follow("click", selector), selector, err);
}
static enum sb_err fake_type(struct sb_context *context, const char *selector, const char *text, const struct sb_op *op, struct sb_error *err)
{
    char detail[300];
    (void)context;
    (void)op;
    (void)snprintf(detail, sizeof detail, "%.60s=%.200s", selector, text);
    return fake_end(fake_follow("type", detail), selector, err);
}
static enum sb_err fake_press(struct sb_context *context, const char *key, const struct sb_op *op, struct sb_error *err)
{
    (void)context;
    (void)op;
    return fake_end(fake_follow("press", key), key, err);
}
static enum sb_err fake_scroll(struct sb_context *context, int pixels, const struct sb_op *op, struct sb_error *err)
{
    (void)context;
    (void)op;
    (void)pixels;
    return fake_end(fake_follow("scroll", "down"), "scroll", err);
}
static enum sb_err fake_extract(struct sb_context *context, const char *selector, const struct sb_extract_field *fields, size_t field_count,
                                bool is_many, uint32_t max_items, const struct sb_op *op, char **json, struct sb_error *err)
{
    (void)context;
    (void)fields;
    (void)field_count;
    (void)is_many;
    (void)max_items;
    (void)op;
    struct fake_rule rule = fake_follow("extract", selector);
    if (rule.code == SB_OK)
        *json = strdup(rule.answer);
    return fake_end(rule, selector, err);
}
static enum sb_err fake_capture(struct sb_context *context, const char *url_part, const struct sb_op *op, struct sb_error *err)
{
    (void)context;
    (void)op;
    return fake_end(fake_follow("capture", url_part), url_part, err);
}
static enum sb_err fake_receive(struct sb_context *context, const struct sb_op *op, int *status, char **body, struct sb_error *err)
{
    (void)context;
    (void)op;
    struct fake_rule rule = fake_follow("receive", "");
    if (rule.code == SB_OK) {
        *status = rule.status ? rule.status : 200;
        *body = strdup(rule.answer);
    }
    return fake_end(rule, "receive", err);
}
static enum sb_err fake_screenshot(struct sb_context *context, const struct sb_op *op, unsigned char **png, size_t *size, struct sb_error *err)
{
    (void)context;
    (void)op;
    (void)err;
    (void)fake_follow("screenshot", "");
    *png = (unsigned char *)strdup("png");
    *size = 3;
    return SB_OK;
}
static enum sb_err fake_check(struct sb_browser *browser, const struct sb_op *op, struct sb_error *err)
{
    (void)browser;
    (void)op;
    return fake_end(fake_follow("check", ""), "browser", err);
}
static void fake_stats(struct sb_browser *browser, struct sb_browser_stats *stats)
{
    (void)browser;
    *stats = (struct sb_browser_stats){ .contexts_open = 2 };
}
static const struct sb_browser_ops fake_browser_ops = {
    .check = fake_check, .go = fake_go, .wait = fake_wait, .click = fake_click, .type = fake_type, .press = fake_press,
    .scroll = fake_scroll, .extract = fake_extract, .capture = fake_capture, .receive = fake_receive, .screenshot = fake_screenshot,
    .stats = fake_stats,
};
static struct sb_browser fake_browser = { &fake_browser_ops };

/* ---- a process around one step */
struct fixture {
    char folder[64];
    struct sb_job_def job;
    struct sb_step_def step;
    struct sb_step_params params;
    struct sb_site site;
    struct sb_catalogue catalogue;
    struct sb_services services;
    struct sb_step_env env;
    struct sb_step_result result;
};

static void fixture_forget(void)
{
    fake_input_count = fake_command_count = fake_rule_count = fake_call_count = 0;
    fake_inbox_full_times = 0;
    fake_fence = true;
    memset(&fake_http, 0, sizeof fake_http);
    fake_http.status = 200;
    fake_http.body = "";
    memset(&fake_llm, 0, sizeof fake_llm);
}

__attribute__((unused)) static void fixture_init(struct fixture *f)
{
    static int dummy;
    memset(f, 0, sizeof *f);
    fixture_forget();
    fake_wall.ns = SB_S(1800000000);
    fake_monotonic = sb_now(); /* pacing and deadlines meet the real clock of the waits */
    (void)sb_copy(f->folder, sizeof f->folder, "/tmp/sb-steps-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)sb_copy(f->job.name, sizeof f->job.name, "posting");
    f->params.place = "test.yaml:1:1";
    f->site = (struct sb_site){ .name = "practice", .base_url = "http://site.test/", .account = "me", .text_max = 280,
                                .visibility_lag = SB_S(60) };
    f->catalogue.sites = &f->site;
    f->catalogue.site_count = 1;
    f->catalogue.jobs = &f->job;
    f->catalogue.job_count = 1;
    f->catalogue.settings.state_dir = f->folder;
    f->catalogue.content = (struct sb_content_def){ .posts_per_hour = 2, .posts_per_hour_max = 4, .spacing = SB_MIN(20),
                                                    .overdue_single = SB_HOUR(2), .overdue_thread = SB_HOUR(6),
                                                    .stuck_after = SB_MIN(10), .submit_deadline = SB_S(30),
                                                    .posts_per_run = { 2, 1, 1, 0, 0 } };
    f->services = (struct sb_services){ .catalogue = &f->catalogue, .browser = &fake_browser, .control = (struct sb_control *)&dummy,
                                        .http = (struct sb_http *)&dummy, .llm = (struct sb_llm *)&dummy };
    f->env = (struct sb_step_env){ .services = &f->services, .job = &f->job, .step = &f->step, .params = &f->params, .run = 17,
                                   .fence_number = 99, .attempt = 1, .op = { .deadline = SB_NEVER },
                                   .fence = (const struct sb_fence *)&dummy, .context = (struct sb_context *)&dummy,
                                   .wall_now = fake_wall_now, .now = fake_now };
}

/* Opens the real store and receipts. */
__attribute__((unused)) static void fixture_open(struct fixture *f)
{
    char path[128];
    struct sb_error err = { 0 };
    (void)snprintf(path, sizeof path, "sqlite:%s/store.db", f->folder);
    if (sb_store_open(&f->services.store, path, &err) != SB_OK)
        fail_msg("store: %s", err.text);
    (void)snprintf(path, sizeof path, "%s/receipts", f->folder);
    if (sb_receipts_open(&f->services.receipts, path, &err) != SB_OK)
        fail_msg("receipts: %s", err.text);
}

__attribute__((unused)) static void fixture_deinit(struct fixture *f)
{
    if (f->services.store != NULL)
        f->services.store->ops->close(f->services.store);
    sb_receipts_close(f->services.receipts);
    free(f->result.output);
    assert_int_equal(sb_dir_remove(f->folder, NULL), SB_OK);
}

/* Runs the step as `params` say; the result of an earlier run is dropped. */
__attribute__((unused)) static void fixture_run(struct fixture *f, enum sb_step_kind kind)
{
    free(f->result.output);
    f->result = (struct sb_step_result){ .state = SB_STEP_STATE_PENDING };
    f->params.kind = (uint8_t)kind;
    sb_step_kind_ops(kind)->run(&f->env, &f->result);
}

__attribute__((unused)) static void fixture_native(struct fixture *f, const char *function, const struct sb_pair *with, size_t count)
{
    f->params.as.native = (struct sb_native_params){ .function = function, .with = with, .with_count = count };
    fixture_run(f, SB_STEP_KIND_NATIVE);
}

/* A value of the output, or "" - valid until the next call. */
__attribute__((unused)) static const char *fixture_value(const struct fixture *f, const char *path)
{
    static char text[4096];
    struct sb_json *json = NULL;
    text[0] = '\0';
    if (f->result.output != NULL && sb_json_parse(&json, f->result.output, strlen(f->result.output), NULL) == SB_OK) {
        char *value = sb_json_text(json, path);
        (void)sb_copy(text, sizeof text, value ? value : "");
        free(value);
    }
    sb_json_destroy(json);
    return text;
}

#define assert_succeeded(f) assert_state(f, SB_STEP_STATE_SUCCEEDED, SB_CLASS_NONE)
#define assert_failed(f, wanted) assert_state(f, SB_STEP_STATE_FAILED, wanted)
#define assert_state(f, wanted_state, wanted_class)                                                               \
    do {                                                                                                          \
        if ((f)->result.state != (wanted_state) || (f)->result.class != (wanted_class))                           \
            fail_msg("%s/%s: %s", sb_step_state_text((f)->result.state), sb_class_text((f)->result.class), (f)->result.text); \
    } while (0)

#endif

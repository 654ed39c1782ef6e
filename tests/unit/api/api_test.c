/* The interface for programs, over a real socket, before the real engine on a fake store. */
#include "engine_rig.h"

#include "signalbox/api/api.h"
#include "signalbox/tui/model.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPLY_BYTES = 1 << 20 };

struct fixture {
    char dir[64], socket_path[96];
    struct sb_api *api;
    struct sb_api_setup setup;
    char reply[REPLY_BYTES];
    struct sb_job_alias alias;
};
static struct fixture fx;

static enum sb_err judge(const void *arg, const struct sb_api_verdict *verdict, struct sb_error *err)
{
    (void)arg;
    if (!sb_streq(verdict->content_id, "row-1"))
        return sb_error_set(err, SB_ERR_CONFLICT, "no such draft");
    (void)snprintf(err->text, sizeof(err->text), "%s %s (%s)", verdict->verdict, verdict->content_id, verdict->detail);
    return SB_OK;
}

static int setup(void **state)
{
    (void)state;
    memset(&fx, 0, sizeof(fx));
    rig_init();
    rig_job("walk");
    rig_step("first", SB_STEP_KIND_NATIVE);
    fx.alias = (struct sb_job_alias){ .name = "stroll", .job = 0, .step = 0 };
    rig.catalogue.job_aliases = &fx.alias;
    rig.catalogue.job_alias_count = 1;
    rig_start();
    rig_wait_begun();
    (void)snprintf(fx.dir, sizeof(fx.dir), "/tmp/sb-api-XXXXXX");
    assert_non_null(mkdtemp(fx.dir));
    (void)snprintf(fx.socket_path, sizeof(fx.socket_path), "%s/s", fx.dir);
    fx.setup = (struct sb_api_setup){ .catalogue = &rig.catalogue, .control = sb_engine_control(rig.engine), .judge = judge,
                                      .recordings = "/var/lib/box/recordings", .socket_path = fx.socket_path };
    return 0;
}

static void open_api(void)
{
    struct sb_error error = { .text = "" };
    if (sb_api_open(&fx.api, &fx.setup, &error) != SB_OK)
        fail_msg("api: %s", error.text);
}

static int teardown(void **state)
{
    (void)state;
    sb_api_close(fx.api);
    rig_deinit();
    assert_int_equal(sb_dir_remove(fx.dir, NULL), SB_OK);
    return 0;
}

static int dial(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(sb_copy(address.sun_path, sizeof(address.sun_path), path));
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void say(int fd, const char *request)
{
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
}

/* Reads until the other side closes, or `until` has come. */
static const char *hear(int fd, const char *until)
{
    const struct sb_op op = test_op();
    size_t size = 0, ready = 0;
    fx.reply[0] = '\0';
    while (until == NULL || strstr(fx.reply, until) == NULL) {
        if (sb_poll_readable(&fd, 1, &op, &ready, NULL) != SB_OK)
            fail_msg("no answer within the test's patience; so far: %s", fx.reply);
        ssize_t count = read(fd, fx.reply + size, sizeof(fx.reply) - 1 - size);
        assert_true(count >= 0);
        if (count == 0)
            break;
        size += (size_t)count;
        fx.reply[size] = '\0';
    }
    return fx.reply;
}

static const char *ask(const char *method, const char *path, const char *body)
{
    char request[8192];
    int fd = dial(fx.socket_path);
    (void)snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", method, path,
                   strlen(body), body);
    say(fd, request);
    const char *reply = hear(fd, NULL);
    sb_fd_close(&fd);
    return reply;
}

static void assert_says(const char *reply, const char *words)
{
    if (strstr(reply, words) == NULL)
        fail_msg("expected %s in: %s", words, reply);
}

static void api__tells_what_is_from_a_fresh_picture(void **state)
{
    (void)state;
    open_api();
    assert_says(ask("GET", "/v1/status", ""), "\"verdict\":\"ready\"");
    assert_says(ask("GET", "/v1/status", ""), "\"recordings\":\"/var/lib/box/recordings\"");
    assert_says(ask("GET", "/v1/jobs", ""), "\"name\":\"walk\"");
    rig_command(SB_COMMAND_PAUSE_JOB, 0, 0);
    (void)rig_wait(SB_EVENT_JOB_PAUSED);
    assert_says(ask("GET", "/v1/status", ""), "\"paused\":1");
    assert_says(ask("GET", "/v1/jobs/walk", ""), "\"state\":\"paused\"");
    assert_says(ask("GET", "/livez", ""), "200 OK");
}

static void api__carries_out_a_command_in_the_name_of_the_user_behind_the_socket(void **state)
{
    const struct passwd *self = getpwuid(geteuid());
    (void)state;
    open_api();
    const char *reply = ask("POST", "/v1/commands", "{\"kind\":\"pause_job\",\"job\":\"walk\",\"reason\":\"rain\",\"actor\":\"mallory\"}");
    assert_says(reply, "200 OK");
    assert_says(reply, "paused walk");
    const struct sb_event *event = rig_wait(SB_EVENT_JOB_PAUSED);
    assert_string_equal(event->as.job_paused.actor, self != NULL ? self->pw_name : "");
    assert_string_equal(event->as.job_paused.reason, "rain");
    assert_says(ask("GET", "/v1/jobs/walk", ""), ": rain\""); /* also in a picture made later */
}

static void api__tells_a_refusal_and_an_earlier_name(void **state)
{
    (void)state;
    open_api();
    assert_says(ask("POST", "/v1/commands", "{\"kind\":\"resume_job\",\"job\":\"walk\"}"), "409 Conflict");
    const char *reply = ask("POST", "/v1/commands", "{\"kind\":\"run_job\",\"job\":\"stroll\"}");
    assert_says(reply, "\"alias\":\"stroll\"");
    assert_says(reply, "\"alias_step\":\"first\"");
    assert_says(reply, "\"job\":\"walk\"");
    assert_int_equal(rig_wait(SB_EVENT_RUN_QUEUED)->as.run_queued.cause, SB_CAUSE_FORCE);
}

static void api__repeats_the_answer_to_a_repeated_command_without_acting_twice(void **state)
{
    static const char command[] = "{\"kind\":\"pause_job\",\"job\":\"walk\",\"id\":4711}";
    (void)state;
    open_api();
    assert_says(ask("POST", "/v1/commands", command), "200 OK");
    assert_says(ask("POST", "/v1/commands", command), "200 OK");
    assert_says(ask("POST", "/v1/commands", "{\"kind\":\"pause_job\",\"job\":\"walk\",\"id\":4712}"), "already paused");
}

static void api__names_what_is_wrong_with_a_question(void **state)
{
    static const struct {
        const char *method, *path, *body, *expected;
    } rows[] = {
        { "GET", "/v2/jobs", "", "404" },
        { "GET", "/v1/commands", "", "405" },
        { "GET", "/v1/jobs/nobody", "", "404" },
        { "GET", "/v1/jobs/a%2fb", "", "404" },
        { "GET", "/v1/runs/x", "", "400" },
        { "POST", "/v1/commands", "{\"kind\":", "400" },
        { "POST", "/v1/commands", "{\"kind\":\"explode\"}", "\\\"explode\\\" is no command" },
        { "POST", "/v1/commands", "{\"kind\":\"run_job\",\"job\":\"nobody\"}", "there is no job" },
        { "POST", "/v1/commands", "{\"kind\":\"pause_category\",\"category\":\"cats\"}", "\\\"cats\\\" is not known" },
        { "POST", "/v1/commands", "{\"kind\":\"set_lane_policy\",\"policy\":\"lend\",\"lasts_ms\":-1}", "lasts_ms is from 0" },
    };
    (void)state;
    open_api();
    for (size_t i = 0; i < SB_LEN(rows); i++)
        assert_says(ask(rows[i].method, rows[i].path, rows[i].body), rows[i].expected);
}

static void api__refuses_a_body_beyond_its_limit(void **state)
{
    char request[256];
    (void)state;
    open_api();
    int fd = dial(fx.socket_path);
    (void)snprintf(request, sizeof(request), "POST /v1/commands HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n");
    say(fd, request);
    static char much[70000];
    memset(much, 'x', sizeof(much));
    for (size_t sent = 0; sent < sizeof(much);) {
        ssize_t count = write(fd, much + sent, sizeof(much) - sent);
        assert_true(count > 0);
        sent += (size_t)count;
    }
    assert_says(hear(fd, NULL), "413");
    sb_fd_close(&fd);
}

static void api__carries_a_verdict_and_its_refusal(void **state)
{
    (void)state;
    open_api();
    assert_says(ask("POST", "/v1/content/row-1", "{\"verdict\":\"settle\",\"detail\":\"17\"}"), "settle row-1 (17)");
    assert_says(ask("POST", "/v1/content/row-2", "{\"verdict\":\"approve\"}"), "409");
}

static void api__socket_is_for_its_owner_alone(void **state)
{
    struct stat st;
    (void)state;
    open_api();
    assert_int_equal(stat(fx.socket_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    sb_api_close(fx.api);
    fx.api = NULL;
    assert_int_not_equal(stat(fx.socket_path, &st), 0);
}

static void api__serves_a_path_longer_than_an_address(void **state)
{
    char folder[240], path[256], address[SB_API_ADDRESS_MAX];
    int dir_fd = -1;
    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/%0100d/%050d", fx.dir, 1, 2);
    assert_int_equal(sb_dir_make(folder, 0700, NULL), SB_OK);
    (void)snprintf(path, sizeof(path), "%s/s", folder);
    fx.setup.socket_path = path;
    open_api();
    assert_int_equal(sb_api_address(path, address, &dir_fd, NULL), SB_OK);
    (void)sb_copy(fx.socket_path, sizeof(fx.socket_path), address);
    assert_says(ask("GET", "/livez", ""), "200 OK");
    sb_fd_close(&dir_fd);
    sb_api_close(fx.api);
    fx.api = NULL;
}

static void api__without_a_runtime_says_so(void **state)
{
    unsigned status = 0;
    char *body = NULL;
    (void)state;
    fx.setup.control = NULL;
    assert_int_equal(sb_api_get(&fx.setup, "/v1/status", &status, &body, NULL), SB_OK);
    assert_int_equal(status, 503);
    assert_says(body, "no runtime is running");
    free(body);
    assert_int_equal(sb_api_get(&fx.setup, "/v1/jobs", &status, &body, NULL), SB_OK);
    assert_int_equal(status, 200);
    assert_says(body, "\"name\":\"walk\"");
    free(body);
}

static void api__tells_what_a_context_uses_as_far_as_it_is_known(void **state)
{
    (void)state;
    struct sb_model *model = sb_model_create();
    char *json = NULL;
    assert_non_null(model);
    for (uint16_t i = 0; i < 2; i++) {
        struct sb_event event = { .kind = SB_EVENT_CONTEXT_CHANGED };
        event.as.context_changed = (struct sb_ev_context_changed){ .ctx = i, .state = SB_CTX_STATE_IDLE, .generation = 1 };
        sb_model_fold(model, &event);
    }
    struct sb_event event = { .kind = SB_EVENT_CONTEXT_MEASURED };
    event.as.context_measured =
        (struct sb_ev_context_measured){ .ctx = 1, .generation = 1, .heap_kib = 3500, .is_cpu_known = true, .cpu_permille = 120 };
    sb_model_fold(model, &event);
    assert_int_equal(sb_api_picture(model, 0, (struct sb_wall){ 0 }, &json, NULL), SB_OK);
    assert_says(json, "\"heap_kib\":null,\"cpu_permille\":null");
    assert_says(json, "\"heap_kib\":3500,\"cpu_permille\":120");
    free(json);
    sb_model_destroy(model);
}

/* --- events ------------------------------------------------------------------------------------------------------------------- */

static int listen_to_events(void)
{
    int fd = dial(fx.socket_path);
    say(fd, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
    return fd;
}

static void look_at_node(struct sb_node *node, struct sb_node_picture *picture)
{
    (void)node;
    *picture = (struct sb_node_picture){ .name = "b", .active = "a", .heard_ms = 1200, .count = 2 };
}

static void api__of_a_node_that_waits_says_who_is_active(void **state)
{
    (void)state;
    fx.setup.control = NULL;
    fx.setup.node = (struct sb_node *)&fx; /* only given back */
    fx.setup.look_at_node = look_at_node;
    open_api();
    const char *reply = ask("GET", "/v1/status", "");
    assert_says(reply, "\"verdict\":\"standby\"");
    assert_says(reply, "\"active_node\":\"a\"");
    assert_says(reply, "\"active_heard_ms\":1200");
    assert_says(ask("GET", "/livez", ""), "200 OK");
    assert_says(ask("GET", "/startupz", ""), "200 OK");
    reply = ask("GET", "/readyz", "");
    assert_says(reply, "503");
    assert_says(reply, "node a is active");
    reply = ask("POST", "/v1/commands", "{\"kind\":\"pause_job\",\"job\":\"walk\"}");
    assert_says(reply, "503");
    assert_says(reply, "\"code\":\"standby\"");
    assert_says(ask("GET", "/v1/jobs", ""), "\"name\":\"walk\""); /* from catalogue and store */
}

static void events__begin_with_everything_and_go_on(void **state)
{
    (void)state;
    open_api();
    int fd = listen_to_events();
    assert_says(hear(fd, "event: described"), "event: job_defined");
    rig_command(SB_COMMAND_PAUSE_JOB, 0, 0);
    assert_says(hear(fd, "event: command_done"), "event: job_paused");
    sb_fd_close(&fd);
}

static void events__of_a_console_name_the_node_that_serves_it(void **state)
{
    (void)state;
    fx.setup.node = (struct sb_node *)&fx; /* only given back */
    fx.setup.look_at_node = look_at_node;
    open_api();
    int fd = dial(fx.socket_path);
    say(fd, "GET /v1/events?console=7&wish=view HTTP/1.1\r\nHost: x\r\n\r\n");
    const char *heard = hear(fd, "event: described");
    assert_says(heard, "event: console");
    assert_says(heard, "\"node\":\"b\",\"nodes\":2");
    sb_fd_close(&fd);
}

static void events__end_when_the_interface_closes(void **state)
{
    (void)state;
    open_api();
    int fd = listen_to_events();
    (void)hear(fd, "event: described");
    sb_api_close(fx.api);
    fx.api = NULL;
    (void)hear(fd, NULL);
    sb_fd_close(&fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(api__tells_what_is_from_a_fresh_picture),
        TEST(api__carries_out_a_command_in_the_name_of_the_user_behind_the_socket),
        TEST(api__tells_a_refusal_and_an_earlier_name),
        TEST(api__repeats_the_answer_to_a_repeated_command_without_acting_twice),
        TEST(api__names_what_is_wrong_with_a_question),
        TEST(api__refuses_a_body_beyond_its_limit),
        TEST(api__carries_a_verdict_and_its_refusal),
        TEST(api__socket_is_for_its_owner_alone),
        TEST(api__serves_a_path_longer_than_an_address),
        TEST(api__without_a_runtime_says_so),
        TEST(api__tells_what_a_context_uses_as_far_as_it_is_known),
        TEST(api__of_a_node_that_waits_says_who_is_active),
        TEST(events__begin_with_everything_and_go_on),
        TEST(events__of_a_console_name_the_node_that_serves_it),
        TEST(events__end_when_the_interface_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The attached source before the real engine and interface, over a real socket. */
#include "engine_rig.h"

#include "signalbox/api/api.h"
#include "signalbox/attach/attach.h"
#include "signalbox/ports/console.h"
#include "signalbox/tui/model.h"

#include <string.h>

enum { AT_ONCE = 64 };

/* One console: a source and the model that is folded from it. */
struct desk {
    struct sb_source *source;
    struct sb_model *model;
    struct sb_source_status status;
    unsigned gaps;
    uint64_t answered; /* id of the newest command that an event answered */
};

static struct {
    char dir[64], socket_path[96];
    struct sb_api *api;
    struct sb_api_setup setup;
    struct desk a, b;
} fx;

static enum sb_err page(const void *arg, const char *name, uint64_t run, char **text, struct sb_error *err)
{
    (void)arg;
    if (!sb_streq(name, "kept"))
        return sb_error_set(err, SB_ERR_NOT_FOUND, "no page \"%s\"", name);
    *text = strdup(run == 17 ? "<html>seventeen</html>" : "?");
    return SB_OK;
}

static void open_api(void)
{
    struct sb_error error = { .text = "" };
    fx.setup.control = sb_engine_control(rig.engine);
    if (sb_api_open(&fx.api, &fx.setup, &error) != SB_OK)
        fail_msg("api: %s", error.text);
}

static void close_api(void)
{
    sb_api_close(fx.api);
    fx.api = NULL;
}

static void sit_down(struct desk *desk, bool is_viewer)
{
    const struct sb_attach_setup setup = { .socket_path = fx.socket_path, .is_viewer = is_viewer };
    struct sb_error error = { .text = "" };
    memset(desk, 0, sizeof(*desk));
    desk->model = sb_model_create();
    assert_non_null(desk->model);
    if (sb_attach_open(&desk->source, &setup, &error) != SB_OK)
        fail_msg("attach: %s", error.text);
}

static void get_up(struct desk *desk)
{
    if (desk->source != NULL)
        desk->source->ops->close(desk->source);
    sb_model_destroy(desk->model);
    memset(desk, 0, sizeof(*desk));
}

static int setup(void **state)
{
    (void)state;
    memset(&fx, 0, sizeof(fx));
    rig_init();
    (void)rig_job("walk");
    (void)rig_step("first", SB_STEP_KIND_NATIVE);
    (void)rig_job("swim");
    (void)rig_step("only", SB_STEP_KIND_NATIVE);
    rig_start();
    rig_wait_begun();
    (void)snprintf(fx.dir, sizeof(fx.dir), "/tmp/sb-attach-XXXXXX");
    assert_non_null(mkdtemp(fx.dir));
    (void)snprintf(fx.socket_path, sizeof(fx.socket_path), "%s/s", fx.dir);
    fx.setup = (struct sb_api_setup){ .catalogue = &rig.catalogue, .socket_path = fx.socket_path, .page = page };
    open_api();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    get_up(&fx.a);
    get_up(&fx.b);
    close_api();
    rig_deinit();
    assert_int_equal(sb_dir_remove(fx.dir, NULL), SB_OK);
    return 0;
}

/* A description carries the time of the core's last step, and the core may make one between two descriptions: what both pictures must have in common
 * is everything else. */
static void fold(struct sb_model *model, struct sb_event event)
{
    event.now = SB_S(1);
    event.wall.ns = SB_S(1);
    sb_model_fold(model, &event);
}

/* Waits for the source, takes what is there and folds it. */
static void turn(struct desk *desk)
{
    struct sb_event events[AT_ONCE];
    const struct sb_op op = test_op();
    const int fd = desk->source->ops->fd(desk->source);
    size_t ready = 0, count;
    if (sb_poll_readable(&fd, 1, &op, &ready, NULL) != SB_OK)
        fail_msg("the source is silent");
    do {
        bool is_gap = false;
        count = desk->source->ops->take(desk->source, events, AT_ONCE, &is_gap);
        if (is_gap) {
            desk->gaps++;
            sb_model_reset(desk->model);
        }
        for (size_t i = 0; i < count; i++) {
            if (events[i].kind == SB_EVENT_HEARTBEAT)
                continue;
            fold(desk->model, events[i]);
            if (events[i].kind == SB_EVENT_COMMAND_DONE || events[i].kind == SB_EVENT_COMMAND_REFUSED)
                desk->answered = events[i].as.command_done.command;
        }
    } while (count > 0);
    desk->source->ops->look(desk->source, &desk->status);
}

static void until_live(struct desk *desk)
{
    while (desk->status.state != SB_SOURCE_LIVE || !desk->model->is_described)
        turn(desk);
}

static uint64_t ask(struct desk *desk, enum sb_command_kind kind, uint16_t job)
{
    struct sb_command command = sb_command_make(kind, 0, "test");
    struct sb_error error = { .text = "" };
    uint64_t id = 0;
    command.job = job;
    if (desk->source->ops->command(desk->source, command, &id, &error) != SB_OK)
        fail_msg("%s", error.text);
    return id;
}

static void until_answered(struct desk *desk, uint64_t id)
{
    while (desk->answered != id)
        turn(desk);
}

static struct sb_source_failure until_failed(struct desk *desk)
{
    struct sb_source_failure failure;
    while (!desk->source->ops->take_failure(desk->source, &failure))
        turn(desk);
    return failure;
}

/* The picture that a feed in this process gives. */
static uint64_t hash_in_this_process(void)
{
    struct sb_feed *feed = NULL;
    struct sb_model *model = sb_model_create();
    const struct sb_op op = test_op();
    assert_non_null(model);
    assert_int_equal(sb_feed_open(sb_engine_control(rig.engine), &feed, NULL), SB_OK);
    const int fd = sb_feed_fd(feed);
    while (!model->is_described) {
        struct sb_event events[AT_ONCE];
        bool is_gap = false;
        size_t ready = 0;
        assert_int_equal(sb_poll_readable(&fd, 1, &op, &ready, NULL), SB_OK);
        const size_t count = sb_feed_take(feed, events, AT_ONCE, &is_gap);
        for (size_t i = 0; i < count; i++)
            fold(model, events[i]);
    }
    const uint64_t hash = sb_model_hash(model);
    sb_feed_close(feed);
    sb_model_destroy(model);
    return hash;
}

static void attached__folds_to_the_same_model_as_the_console_in_the_process(void **state)
{
    (void)state;
    const uint64_t before = hash_in_this_process();
    sit_down(&fx.a, false);
    until_live(&fx.a);
    assert_true(fx.a.model->job_count == 2 && fx.a.model->boot != 0);
    assert_true(sb_model_hash(fx.a.model) == before);
    until_answered(&fx.a, ask(&fx.a, SB_COMMAND_PAUSE_JOB, 1));
    until_answered(&fx.a, ask(&fx.a, SB_COMMAND_RUN_JOB, 0));
    while (fx.a.model->jobs[0].last_outcome != SB_RUN_STATE_SUCCEEDED)
        turn(&fx.a);
    sit_down(&fx.b, false); /* another description, of what has happened since */
    until_live(&fx.b);
    assert_true(sb_model_hash(fx.b.model) == hash_in_this_process());
    assert_true(sb_model_hash(fx.b.model) != before);
}

static void attached__carries_commands_and_both_consoles_see_the_outcome(void **state)
{
    (void)state;
    sit_down(&fx.a, false);
    until_live(&fx.a);
    sit_down(&fx.b, false);
    until_live(&fx.b);
    const uint64_t id = ask(&fx.a, SB_COMMAND_PAUSE_JOB, 1);
    until_answered(&fx.a, id);
    until_answered(&fx.b, id);
    assert_true(fx.a.model->jobs[1].is_paused && fx.b.model->jobs[1].is_paused && !fx.a.model->jobs[0].is_paused);
    until_answered(&fx.a, ask(&fx.a, SB_COMMAND_PAUSE_JOB, 1)); /* refused by the core: an event too */
    assert_false(fx.a.model->last_command.is_done);
}

static void seat__the_first_console_writes_and_the_next_one_watches(void **state)
{
    (void)state;
    sit_down(&fx.a, false);
    until_live(&fx.a);
    sit_down(&fx.b, false);
    until_live(&fx.b);
    while (fx.a.status.is_viewer)
        turn(&fx.a);
    while (fx.b.status.writer[0] == '\0')
        turn(&fx.b);
    assert_true(fx.b.status.is_viewer && fx.b.status.is_attached);
    assert_non_null(strstr(fx.b.status.writer, " pid "));
    const uint64_t id = ask(&fx.b, SB_COMMAND_PAUSE_JOB, 0); /* the runtime decides, whatever a console believes of itself */
    const struct sb_source_failure failure = until_failed(&fx.b);
    assert_true(failure.id == id);
    assert_non_null(strstr(failure.text, "is a viewer"));
    assert_int_equal(rig_count(SB_EVENT_JOB_PAUSED), 0);
}

static void seat__is_taken_over_and_the_journal_tells(void **state)
{
    (void)state;
    sit_down(&fx.a, false);
    until_live(&fx.a);
    sit_down(&fx.b, false);
    until_live(&fx.b);
    assert_int_equal(fx.b.source->ops->take_over(fx.b.source, NULL), SB_OK);
    while (fx.b.status.is_viewer)
        turn(&fx.b);
    while (!fx.a.status.is_viewer)
        turn(&fx.a);
    assert_non_null(strstr(rig_wait(SB_EVENT_NOTE)->as.note.text, "writes now"));
    until_answered(&fx.b, ask(&fx.b, SB_COMMAND_PAUSE_JOB, 0));
}

static void seat__is_free_when_the_writer_leaves_and_nobody_is_made_the_writer_unasked(void **state)
{
    struct sb_console list[SB_CONSOLES_MAX];
    (void)state;
    sit_down(&fx.a, false);
    until_live(&fx.a);
    sit_down(&fx.b, false);
    until_live(&fx.b);
    get_up(&fx.a);
    while (fx.b.status.writer[0] != '\0' || sb_console_list(sb_engine_control(rig.engine), list) != 1)
        turn(&fx.b);
    assert_true(fx.b.status.is_viewer);
    sit_down(&fx.a, false); /* who comes anew and wishes to write does */
    until_live(&fx.a);
    while (fx.a.status.is_viewer)
        turn(&fx.a);
}

static void seat__of_a_readonly_console_never_writes(void **state)
{
    struct sb_error error = { .text = "" };
    (void)state;
    sit_down(&fx.a, true);
    until_live(&fx.a);
    assert_true(fx.a.status.is_viewer);
    assert_int_equal(fx.a.source->ops->take_over(fx.a.source, &error), SB_ERR_REFUSED);
    const struct sb_command command = sb_command_make(SB_COMMAND_PAUSE_ALL, 0, "test");
    assert_int_equal(fx.a.source->ops->command(fx.a.source, command, NULL, &error), SB_ERR_REFUSED);
}

static void attached__finds_a_runtime_again_and_begins_anew(void **state)
{
    struct sb_error error = { .text = "" };
    (void)state;
    sit_down(&fx.a, false);
    until_live(&fx.a);
    const unsigned gaps = fx.a.gaps;
    const uint64_t boot = fx.a.model->boot;
    close_api();
    while (fx.a.status.state != SB_SOURCE_LOST)
        turn(&fx.a);
    assert_string_not_equal(fx.a.status.text, "");
    assert_true(fx.a.model->boot == boot && fx.a.gaps == gaps); /* the picture stays */
    const struct sb_command command = sb_command_make(SB_COMMAND_PAUSE_ALL, 0, "test");
    assert_int_equal(fx.a.source->ops->command(fx.a.source, command, NULL, &error), SB_ERR_UNAVAILABLE);
    rig_stop(true); /* another process, as far as a console can tell */
    rig_start();
    rig_wait_begun();
    open_api();
    until_live(&fx.a);
    while (fx.a.model->boot == boot || fx.a.status.is_viewer) /* it wrote before, and nobody does: it writes again */
        turn(&fx.a);
    assert_true(fx.a.gaps > gaps);
    assert_int_equal(fx.a.status.state, SB_SOURCE_LIVE);
}

static void attached__that_is_closed_sends_what_it_took(void **state)
{
    (void)state;
    sit_down(&fx.a, false);
    until_live(&fx.a);
    (void)ask(&fx.a, SB_COMMAND_PAUSE_JOB, 0);
    get_up(&fx.a);
    assert_int_equal(rig_wait(SB_EVENT_JOB_PAUSED)->as.job_paused.job, 0);
}

static void attached__asks_for_pages(void **state)
{
    struct sb_attach_reply reply = { 0 };
    const struct sb_op op = test_op();
    struct sb_error error = { .text = "" };
    char words[80];
    (void)state;
    assert_int_equal(sb_attach_ask(fx.socket_path, "GET", "/v1/pages/kept?run=17", NULL, 4096, &op, &reply, &error), SB_OK);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "<html>seventeen</html>");
    free(reply.body);
    assert_int_equal(sb_attach_ask(fx.socket_path, "GET", "/v1/pages/nothing", NULL, 4096, &op, &reply, &error), SB_OK);
    assert_int_equal(reply.status, 404);
    sb_attach_words(&reply, words, sizeof(words));
    assert_string_equal(words, "no page \"nothing\"");
    free(reply.body);
    assert_int_equal(sb_attach_ask(fx.socket_path, "GET", "/v1/pages/kept?run=17", NULL, 5, &op, &reply, &error), SB_ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(attached__folds_to_the_same_model_as_the_console_in_the_process),
        TEST(attached__carries_commands_and_both_consoles_see_the_outcome),
        TEST(seat__the_first_console_writes_and_the_next_one_watches),
        TEST(seat__is_taken_over_and_the_journal_tells),
        TEST(seat__is_free_when_the_writer_leaves_and_nobody_is_made_the_writer_unasked),
        TEST(seat__of_a_readonly_console_never_writes),
        TEST(attached__finds_a_runtime_again_and_begins_anew),
        TEST(attached__that_is_closed_sends_what_it_took),
        TEST(attached__asks_for_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

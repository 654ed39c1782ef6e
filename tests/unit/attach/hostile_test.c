/* The attached source before a runtime that the test plays: one that says anything, and ends when it likes. */
#include "signalbox/attach/attach.h"
#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#include "os_support.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { REQUEST_BYTES = 8192, EVENTS_MAX = 8192 };

static struct {
    char dir[64], path[96], request[REQUEST_BYTES];
    int listen_fd, stream_fd;
    const char *journal; /* the answer to the question what was; NULL = nothing */
    struct sb_source *source;
    struct sb_source_status status;
    struct sb_event events[EVENTS_MAX];
    size_t count;
    unsigned gaps;
} fx;

static int setup(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct sb_error error = { .text = "" };
    (void)state;
    memset(&fx, 0, sizeof(fx));
    fx.stream_fd = -1;
    (void)snprintf(fx.dir, sizeof(fx.dir), "/tmp/sb-hostile-XXXXXX");
    assert_non_null(mkdtemp(fx.dir));
    (void)snprintf(fx.path, sizeof(fx.path), "%s/s", fx.dir);
    assert_true(sb_copy(address.sun_path, sizeof(address.sun_path), fx.path));
    fx.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fx.listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fx.listen_fd, 4), 0);
    const struct sb_attach_setup attach = { .socket_path = fx.path };
    if (sb_attach_open(&fx.source, &attach, &error) != SB_OK)
        fail_msg("attach: %s", error.text);
    fx.source->ops->look(fx.source, &fx.status);
    assert_int_equal(fx.status.state, SB_SOURCE_CONNECTING);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sb_fd_close(&fx.stream_fd);
    sb_fd_close(&fx.listen_fd);
    fx.source->ops->close(fx.source);
    assert_int_equal(sb_dir_remove(fx.dir, NULL), SB_OK);
    return 0;
}

/* The next connection, its request read up to the end of its head. */
static int accept_request(void)
{
    const struct sb_op op = test_op();
    size_t ready = 0, size = 0;
    assert_int_equal(sb_poll_readable(&fx.listen_fd, 1, &op, &ready, NULL), SB_OK);
    int fd = accept4(fx.listen_fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    memset(fx.request, 0, sizeof(fx.request));
    while (strstr(fx.request, "\r\n\r\n") == NULL) {
        assert_int_equal(sb_poll_readable(&fd, 1, &op, &ready, NULL), SB_OK);
        const ssize_t got = read(fd, fx.request + size, sizeof(fx.request) - 1 - size);
        assert_true(got > 0);
        size += (size_t)got;
    }
    return fd;
}

static void take(void);

/* When the source reads no more it may be because nobody takes. */
static void say_to(int fd, const char *text)
{
    for (size_t size = strlen(text); size > 0;) {
        const ssize_t sent = send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd either[] = { { .fd = fd, .events = POLLOUT }, { .fd = fx.source->ops->fd(fx.source), .events = POLLIN } };
            assert_true(poll(either, SB_LEN(either), 30000) > 0);
            take();
            continue;
        }
        assert_true(sent > 0);
        text += sent;
        size -= (size_t)sent;
    }
}

static void say(const char *text)
{
    say_to(fx.stream_fd, text);
}

static void begin_stream(void)
{
    sb_fd_close(&fx.stream_fd);
    fx.stream_fd = accept_request();
    say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    char events_request[REQUEST_BYTES];
    (void)sb_copy(events_request, sizeof(events_request), fx.request);
    int fd = accept_request(); /* before it reads the stream it asks what was */
    assert_non_null(strstr(fx.request, "GET /v1/journal?limit="));
    say_to(fd, "HTTP/1.1 200 OK\r\n\r\n");
    say_to(fd, fx.journal != NULL ? fx.journal : "{\"events\":[]}");
    sb_fd_close(&fd);
    (void)sb_copy(fx.request, sizeof(fx.request), events_request);
}

static void say_event(const struct sb_event *event)
{
    char data[SB_CODEC_EVENT_MAX], text[SB_CODEC_EVENT_MAX + 128];
    data[sb_codec_event_write(event, data, sizeof(data) - 1)] = '\0';
    (void)snprintf(text, sizeof(text), "event: %s\ndata: %s\n\n", sb_event_infos[event->kind].name, data);
    say(text);
}

static struct sb_event job_event(uint16_t job, const char *name)
{
    struct sb_event event;
    memset(&event, 0, sizeof(event));
    event.kind = SB_EVENT_JOB_DEFINED;
    event.as.job_defined.job = job;
    (void)sb_copy(event.as.job_defined.name, sizeof(event.as.job_defined.name), name);
    return event;
}

static void say_described(void)
{
    struct sb_event event;
    memset(&event, 0, sizeof(event));
    event.kind = SB_EVENT_DESCRIBED;
    say_event(&event);
}

static void take(void)
{
    size_t count;
    do {
        bool is_gap = false;
        count = fx.source->ops->take(fx.source, fx.events + fx.count, EVENTS_MAX - fx.count, &is_gap);
        fx.gaps += is_gap;
        fx.count += count;
    } while (count > 0);
    fx.source->ops->look(fx.source, &fx.status);
}

static void turn(void)
{
    const struct sb_op op = test_op();
    const int fd = fx.source->ops->fd(fx.source);
    size_t ready = 0;
    if (sb_poll_readable(&fd, 1, &op, &ready, NULL) != SB_OK)
        fail_msg("the source is silent; state %u %s", fx.status.state, fx.status.text);
    take();
}

static void until(size_t count)
{
    while (fx.count < count)
        turn();
}

static void until_text(const char *words)
{
    while (strstr(fx.status.text, words) == NULL)
        turn();
}

static void hostile__nothing_is_shown_before_a_description_is_complete(void **state)
{
    const struct sb_event job = job_event(1, "walk");
    (void)state;
    begin_stream();
    assert_non_null(strstr(fx.request, "GET /v1/events?heartbeat=1&console="));
    assert_non_null(strstr(fx.request, "&wish=write "));
    say_event(&job);
    say("event: console\ndata: {\"writes\":false,\"writer\":\"bo pid 7\"}\n\n"); /* has been read: so has what came before it */
    while (!sb_streq(fx.status.writer, "bo pid 7"))
        turn();
    assert_int_equal(fx.count, 0);
    assert_int_equal(fx.status.state, SB_SOURCE_CONNECTING);
    assert_non_null(strstr(fx.status.text, "connected"));
    say_described();
    until(2);
    assert_string_equal(fx.events[0].as.job_defined.name, "walk");
    while (fx.status.state != SB_SOURCE_LIVE)
        turn();
}

static void node__is_the_one_of_the_runtime_and_follows_it(void **state)
{
    static char name[300];
    char seat[400];
    (void)state;
    begin_stream();
    say("event: console\ndata: {\"writes\":false,\"writer\":\"bo\",\"node\":\"left\",\"nodes\":2}\n\n");
    say_described();
    while (!sb_streq(fx.status.node, "node left of 2"))
        turn();
    say("event: console\ndata: {\"writes\":false,\"writer\":\"bo\",\"node\":\"left\",\"nodes\":1}\n\n"); /* alone: nothing to tell apart */
    while (fx.status.node[0] != '\0')
        turn();
    memset(name, 'n', sizeof(name) - 1); /* of any length: cut */
    (void)snprintf(seat, sizeof(seat), "event: console\ndata: {\"node\":\"%s\",\"nodes\":3}\n\n", name);
    say(seat);
    while (strncmp(fx.status.node, "node nnnn", 9) != 0)
        turn();
    assert_true(strlen(fx.status.node) < sizeof(fx.status.node));
    say("event: console\ndata: {\"writes\":false,\"node\":7}\n\n");
    while (fx.status.node[0] != '\0')
        turn();
}

static void hostile__what_cannot_be_read_costs_itself_alone(void **state)
{
    static const char *const bad[] = {
        "event: run_queued\ndata: {\"seq\":\n\n",                                                    /* cut */
        "event: run_queued\ndata: [1,2]\n\n",                                                        /* no object */
        "event: from_the_future\ndata: {\"seq\":1,\"now\":1,\"wall\":1,\"kind\":\"from_the_future\"}\n\n",
        "event: run_queued\ndata: {\"seq\":1,\"now\":1,\"wall\":1,\"kind\":\"run_queued\",\"job\":70000}\n\n",
        "event: run_queued\ndata: {\"seq\":1,\"now\":1,\"wall\":1,\"kind\":\"run_queued\",\"job\":-1}\n\n",
        "event: run_queued\ndata: {\"seq\":1,\"now\":1,\"wall\":1,\"kind\":\"run_queued\",\"cause\":\"mischief\"}\n\n",
        "event: run_queued\ndata: {\"seq\":99999999999999999999,\"now\":1,\"wall\":1,\"kind\":\"run_queued\"}\n\n",
        "event: console\ndata: {\"writes\":\n\n",
        "data: \xff\xfe\n\n",
    };
    static char flood[100000];
    const struct sb_event job = job_event(2, "swim"), far = job_event(SB_JOBS_MAX + 5, "nowhere");
    (void)state;
    begin_stream();
    for (size_t i = 0; i < SB_LEN(bad); i++)
        say(bad[i]);
    memset(flood, 'x', sizeof(flood) - 1);
    say("data: ");
    say(flood);
    say("\n\n");
    say_event(&far); /* a number that fits its field and names no job: the fold passes it over, and so does the list of names */
    say_event(&job);
    say_described();
    until(3);
    assert_int_equal(fx.count, 3);
    assert_string_equal(fx.events[1].as.job_defined.name, "swim");
    struct sb_source_failure failure;
    assert_true(fx.source->ops->take_failure(fx.source, &failure)); /* told once, however many there were */
    assert_non_null(strstr(failure.text, "another version"));
    assert_false(fx.source->ops->take_failure(fx.source, &failure));
}

static void hostile__a_stream_that_ends_is_lost_and_begins_anew(void **state)
{
    const struct sb_event before = job_event(1, "before"), half = job_event(1, "half"), after = job_event(1, "after");
    (void)state;
    begin_stream();
    say("event: console\ndata: {\"writes\":true}\n\n");
    say_event(&before);
    say_described();
    until(2);
    while (fx.status.state != SB_SOURCE_LIVE)
        turn();
    const unsigned gaps = fx.gaps;
    sb_fd_close(&fx.stream_fd);
    while (fx.status.state != SB_SOURCE_LOST)
        turn();
    const sb_ns since = fx.status.since;
    begin_stream();
    assert_non_null(strstr(fx.request, "&wish=write ")); /* it wrote when it was heard last */
    say_event(&half);
    begin_stream(); /* ends before its description is complete: nobody sees anything of it */
    say_event(&after);
    say_described();
    until(4);
    assert_int_equal(fx.count, 4);
    assert_int_equal(fx.gaps, gaps + 1);
    assert_string_equal(fx.events[2].as.job_defined.name, "after");
    while (fx.status.state != SB_SOURCE_LIVE)
        turn();
    assert_true(fx.status.since >= since);
    assert_string_equal(fx.status.text, "");
}

static void hostile__a_gap_makes_what_was_not_taken_void(void **state)
{
    const struct sb_event job = job_event(3, "fresh");
    (void)state;
    begin_stream();
    say_described();
    until(1);
    const unsigned gaps = fx.gaps;
    say("event: gap\ndata: {}\n\n");
    say_event(&job);
    say_described();
    until(3);
    assert_int_equal(fx.gaps, gaps + 1);
}

static void hostile__the_past_is_for_the_log_alone_and_what_is_wrong_in_it_is_left_out(void **state)
{
    static const char row[] = "{\"seq\":%d,\"now\":0,\"wall\":5,\"kind\":\"note\",\"text\":\"before\"}";
    static char journal[8192];
    struct sb_event past[8];
    struct sb_text text;
    (void)state;
    sb_text_init(&text, journal, sizeof(journal));
    sb_text_add(&text, "{\"events\":[");
    sb_text_addf(&text, row, 41);
    sb_text_add(&text, ",17,{\"kind\":\"from_the_future\"},null,");
    sb_text_addf(&text, row, 42);
    sb_text_add(&text, "]}");
    fx.journal = journal;
    begin_stream();
    say_described();
    until(1);
    assert_int_equal(fx.count, 1);
    assert_int_equal(fx.source->ops->take_past(fx.source, past, SB_LEN(past)), 2);
    assert_true(past[0].seq == 41 && past[1].seq == 42);
    assert_string_equal(past[1].as.note.text, "before");
    assert_int_equal(fx.source->ops->take_past(fx.source, past, SB_LEN(past)), 0);
    fx.journal = "this is no JSON";
    begin_stream();
    say_described();
    until(2);
    assert_int_equal(fx.source->ops->take_past(fx.source, past, SB_LEN(past)), 0);
}

static void hostile__a_refusal_is_told_in_the_words_of_the_other_side(void **state)
{
    (void)state;
    int fd = accept_request();
    say_to(fd, "HTTP/1.1 503 Service Unavailable\r\n\r\n{\"error\":{\"code\":\"standby\",\"message\":\"node a is active\"}}");
    sb_fd_close(&fd);
    until_text("node a is active");
    assert_int_equal(fx.status.state, SB_SOURCE_CONNECTING); /* there was no picture that could be lost */
    fd = accept_request();
    say_to(fd, "SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n");
    sb_fd_close(&fd);
    until_text("does not speak HTTP");
    fd = accept_request();
    sb_fd_close(&fd);
    until_text("closed the connection without an answer");
}

static void hostile__a_head_without_an_end_is_given_up(void **state)
{
    static char head[40000];
    (void)state;
    int fd = accept_request();
    memset(head, 'h', sizeof(head) - 1);
    say_to(fd, "HTTP/1.1 200 OK\r\nX: ");
    (void)send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL | MSG_DONTWAIT); /* may be cut: the reader closes when it has enough */
    until_text("the head of the answer has more than");
    sb_fd_close(&fd);
}

static void hostile__more_than_the_ring_holds_is_read_as_it_is_taken(void **state)
{
    enum { MANY = 6000 };
    (void)state;
    begin_stream();
    for (unsigned i = 0; i < MANY; i++) { /* a description larger than the ring: shown as it comes */
        const struct sb_event job = job_event((uint16_t)i, "many");
        say_event(&job);
    }
    say_described();
    until(MANY + 1);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(fx.events[i].as.job_defined.job, i);
}

static void hostile__a_command_without_an_answer_is_told_as_not_known(void **state)
{
    struct sb_source_failure failure;
    uint64_t id = 0;
    (void)state;
    begin_stream();
    say_described();
    while (fx.status.state != SB_SOURCE_LIVE)
        turn();
    assert_int_equal(fx.source->ops->command(fx.source, sb_command_make(SB_COMMAND_PAUSE_ALL, 0, "test"), &id, NULL), SB_OK);
    int fd = accept_request();
    assert_non_null(strstr(fx.request, "POST /v1/commands HTTP/1.0"));
    sb_fd_close(&fd);
    while (!fx.source->ops->take_failure(fx.source, &failure))
        turn();
    assert_true(failure.id == id);
    assert_non_null(strstr(failure.text, "whether it was done is not known"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(hostile__nothing_is_shown_before_a_description_is_complete),
        TEST(node__is_the_one_of_the_runtime_and_follows_it),
        TEST(hostile__what_cannot_be_read_costs_itself_alone),
        TEST(hostile__a_stream_that_ends_is_lost_and_begins_anew),
        TEST(hostile__a_gap_makes_what_was_not_taken_void),
        TEST(hostile__the_past_is_for_the_log_alone_and_what_is_wrong_in_it_is_left_out),
        TEST(hostile__a_refusal_is_told_in_the_words_of_the_other_side),
        TEST(hostile__a_head_without_an_end_is_given_up),
        TEST(hostile__more_than_the_ring_holds_is_read_as_it_is_taken),
        TEST(hostile__a_command_without_an_answer_is_told_as_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

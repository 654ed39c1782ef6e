/* Events out of bytes, however the bytes are cut, and whatever they are. */
#include "runtime/attach/sse.h"

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAID_MAX = 1 << 16 };

static struct sse sse;
static char said[SAID_MAX]; /* "name=data;" of every event */
static struct sb_text said_text;
static size_t taken;

static void take(void *arg, const char *name, const char *data, size_t size)
{
    assert_ptr_equal(arg, &sse);
    sb_text_add(&said_text, name);
    sb_text_add(&said_text, "=");
    sb_text_add_n(&said_text, data, size);
    sb_text_add(&said_text, ";");
    taken++;
}

static int setup(void **state)
{
    (void)state;
    memset(&sse, 0, sizeof(sse));
    sb_text_init(&said_text, said, sizeof(said));
    taken = 0;
    return 0;
}

static void hear(const char *text)
{
    sse_feed(&sse, text, strlen(text), take, &sse);
}

static void sse__reads_names_and_data(void **state)
{
    (void)state;
    hear("id: 7\nevent: run_queued\ndata: {\"a\":1}\n\nevent: gap\ndata: {}\n\ndata: bare\n\n");
    assert_string_equal(said, "run_queued={\"a\":1};gap={};message=bare;");
}

static void sse__knows_every_end_of_line(void **state)
{
    (void)state;
    hear("event: a\r\ndata: 1\r\n\r\nevent: b\rdata: 2\r\revent: c\ndata: 3\n\n");
    assert_string_equal(said, "a=1;b=2;c=3;");
}

static void sse__passes_over_comments_unknown_fields_and_events_without_data(void **state)
{
    (void)state;
    hear(":\n\n: hello\nretry: 5\nevent: nothing\n\ncolour: red\ndata\ndata:x\n\n");
    assert_string_equal(said, "message=\nx;"); /* "data" alone is an empty line of data */
}

static void sse__gives_nothing_before_an_event_is_complete(void **state)
{
    (void)state;
    hear("event: late\ndata: 1\n");
    assert_int_equal(taken, 0);
    hear("\n");
    assert_string_equal(said, "late=1;");
}

/* A line of `size` bytes with that beginning. */
static void hear_long(const char *begin, size_t size)
{
    char *line = malloc(size + 2);
    assert_non_null(line);
    memset(line, 'x', size);
    memcpy(line, begin, strlen(begin));
    line[size] = '\n';
    line[size + 1] = '\0';
    hear(line);
    free(line);
}

static void sse__an_event_that_is_too_long_costs_itself_alone(void **state)
{
    (void)state;
    hear_long("data: ", SSE_LINE_MAX);
    hear("\n");
    assert_int_equal(sse.dropped, 0); /* exactly what fits */
    assert_int_equal(taken, 1);
    hear_long("data: ", SSE_LINE_MAX + 1);
    hear("\ndata: after\n\n");
    assert_int_equal(sse.dropped, 1);
    hear_long("data: ", SSE_LINE_MAX - 10); /* two lines that fit, whose sum does not */
    hear_long("data: ", SSE_LINE_MAX - 10);
    hear("\ndata: again\n\n");
    assert_int_equal(sse.dropped, 2);
    hear_long("event: ", 100); /* no event has such a name */
    hear("data: 1\n\ndata: last\n\n");
    assert_int_equal(sse.dropped, 3);
    assert_non_null(strstr(said, "message=after;message=again;message=last;"));
}

static void sse__a_flood_without_line_ends_takes_no_memory(void **state)
{
    char block[4096];
    (void)state;
    memset(block, 'y', sizeof(block));
    for (int i = 0; i < 4096; i++) /* 16 MiB */
        sse_feed(&sse, block, sizeof(block), take, &sse);
    hear("\n\ndata: alive\n\n");
    assert_string_equal(said, "message=alive;");
}

static void sse__a_name_with_a_nul_is_none(void **state)
{
    static const char text[] = "event: gap\0x\ndata: 1\n\n";
    (void)state;
    sse_feed(&sse, text, sizeof(text) - 1, take, &sse);
    assert_int_equal(taken, 0);
    assert_int_equal(sse.dropped, 1);
}

/* The bytes of a stream, cut anywhere, give the same events. */
static void sse__chunks_may_be_cut_anywhere(void **state)
{
    static const char stream[] = "event: console\ndata: {\"writes\":true}\n\n"
                                 "id: 1\r\nevent: a\r\ndata: one\r\ndata: two\r\n\r\n"
                                 ":\n\nevent: b\ndata: \xc3\xa4\n\n";
    char expected[256];
    struct sb_rng rng = { .state = 11 };
    (void)state;
    hear(stream);
    assert_true(sb_copy(expected, sizeof(expected), said));
    assert_int_equal(taken, 3);
    for (int round = 0; round < 2000; round++) {
        (void)setup(NULL);
        for (size_t at = 0; at < sizeof(stream) - 1;) {
            size_t count = 1 + sb_rng_next(&rng) % 7;
            count = count < sizeof(stream) - 1 - at ? count : sizeof(stream) - 1 - at;
            sse_feed(&sse, stream + at, count, take, &sse);
            at += count;
        }
        assert_string_equal(said, expected);
    }
}

static void sse__random_bytes_are_survived(void **state)
{
    static const char alphabet[] = "event: data:\n\r\n\n{}\"\0\xff\x01 id";
    struct sb_rng rng = { .state = 12 };
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char bytes[64];
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = alphabet[sb_rng_next(&rng) % (sizeof(alphabet) - 1)];
        sb_text_init(&said_text, said, sizeof(said));
        sse_feed(&sse, bytes, sizeof(bytes), take, &sse);
        assert_true(sse.line_size <= SSE_LINE_MAX && sse.data_size <= SSE_LINE_MAX);
    }
    hear("\n\ndata: alive\n\n");
    assert_non_null(strstr(said, "message=alive;"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, setup)
        TEST(sse__reads_names_and_data),
        TEST(sse__knows_every_end_of_line),
        TEST(sse__passes_over_comments_unknown_fields_and_events_without_data),
        TEST(sse__gives_nothing_before_an_event_is_complete),
        TEST(sse__an_event_that_is_too_long_costs_itself_alone),
        TEST(sse__a_flood_without_line_ends_takes_no_memory),
        TEST(sse__a_name_with_a_nul_is_none),
        TEST(sse__chunks_may_be_cut_anywhere),
        TEST(sse__random_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

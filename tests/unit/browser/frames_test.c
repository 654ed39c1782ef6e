/* The splitter and the reading of one message's outermost level. */
#include "runtime/services/browser/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void feed(struct sb_frames *frames, const char *bytes, size_t size)
{
    while (size > 0) {
        char *at;
        size_t room;
        assert_int_equal(sb_frames_reserve(frames, &at, &room, NULL), SB_OK);
        size_t part = size < room ? size : room;
        memcpy(at, bytes, part);
        sb_frames_commit(frames, part);
        bytes += part;
        size -= part;
    }
}

static void expect_next(struct sb_frames *frames, const char *text)
{
    const char *message;
    size_t size;

    assert_true(sb_frames_next(frames, &message, &size));
    assert_int_equal(size, strlen(text));
    assert_string_equal(message, text);
}

static void expect_none(struct sb_frames *frames)
{
    const char *message;
    size_t size;

    assert_false(sb_frames_next(frames, &message, &size));
}

static void frames__two_messages_of_one_read_come_in_order(void **state)
{
    (void)state;
    struct sb_frames frames;
    sb_frames_init(&frames, 1000);
    feed(&frames, "{\"a\":1}\0{\"b\":2}", 16);
    expect_next(&frames, "{\"a\":1}");
    expect_next(&frames, "{\"b\":2}");
    expect_none(&frames);
    sb_frames_deinit(&frames);
}

static void frames__a_message_may_come_byte_by_byte(void **state)
{
    (void)state;
    static const char text[] = "{\"id\":7,\"result\":{}}";
    struct sb_frames frames;
    sb_frames_init(&frames, 1000);
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        feed(&frames, text + i, 1);
        expect_none(&frames);
    }
    feed(&frames, "", 1);
    expect_next(&frames, text);
    expect_none(&frames);
    sb_frames_deinit(&frames);
}

static void frames__a_message_over_the_limit_is_refused(void **state)
{
    (void)state;
    struct sb_frames frames;
    struct sb_error error = { 0 };
    char *at;
    size_t room;
    sb_frames_init(&frames, 100);
    assert_int_equal(sb_frames_reserve(&frames, &at, &room, &error), SB_OK);
    assert_true(room > 101);
    memset(at, 'x', 101);
    sb_frames_commit(&frames, 101);
    expect_none(&frames);
    assert_int_equal(sb_frames_reserve(&frames, &at, &room, &error), SB_ERR_TOO_LARGE);
    assert_non_null(strstr(error.text, "100"));
    sb_frames_deinit(&frames);
}

static void frames__a_large_message_arrives_whole_and_its_buffer_is_given_back(void **state)
{
    (void)state;
    enum { SIZE = 3 * 1024 * 1024 };
    char *large = malloc(SIZE + 1);
    struct sb_frames frames;
    const char *message;
    size_t size;
    assert_non_null(large);
    memset(large, 'y', SIZE);
    large[SIZE] = '\0';
    sb_frames_init(&frames, 64 * 1024 * 1024);
    feed(&frames, large, SIZE + 1);
    assert_true(sb_frames_next(&frames, &message, &size));
    assert_int_equal(size, SIZE);
    assert_memory_equal(message, large, SIZE);
    feed(&frames, "z", 1);
    assert_true(frames.cap < SIZE);
    sb_frames_deinit(&frames);
    free(large);
}

static enum sb_message_kind read_text(const char *text, struct sb_message *message)
{
    return sb_message_read(text, strlen(text), message);
}

static void message__a_reply_has_id_result_and_session(void **state)
{
    (void)state;
    struct sb_message message;
    assert_int_equal(read_text("{\"id\":4711,\"result\":{\"x\":[1,\"}\"]},\"sessionId\":\"AB12\"}", &message), SB_MESSAGE_REPLY);
    assert_int_equal(message.id, 4711);
    assert_false(message.is_error);
    assert_true(sb_slice_is(message.session, "AB12"));
    assert_true(sb_slice_is(message.body, "{\"x\":[1,\"}\"]}"));
}

static void message__a_refused_command_is_a_reply_with_an_error(void **state)
{
    (void)state;
    struct sb_message message;
    assert_int_equal(read_text("{\"id\":1,\"error\":{\"code\":-32000,\"message\":\"no\"}}", &message), SB_MESSAGE_REPLY);
    assert_true(message.is_error);
    assert_true(sb_slice_is(message.body, "{\"code\":-32000,\"message\":\"no\"}"));
}

static void message__an_event_has_method_and_params(void **state)
{
    (void)state;
    struct sb_message message;
    assert_int_equal(read_text(" { \"method\" : \"Page.loadEventFired\" , \"params\" : {\"timestamp\":1.5} } ", &message), SB_MESSAGE_EVENT);
    assert_true(sb_slice_is(message.method, "Page.loadEventFired"));
    assert_true(sb_slice_is(message.body, "{\"timestamp\":1.5}"));
    assert_int_equal(message.session.size, 0);
}

static void message__a_nested_id_is_not_the_messages_id(void **state)
{
    (void)state;
    struct sb_message message;
    assert_int_equal(read_text("{\"method\":\"A.b\",\"params\":{\"id\":9,\"result\":1}}", &message), SB_MESSAGE_EVENT);
    assert_int_equal(message.id, 0);
}

static void message__quotes_and_braces_inside_strings_do_not_end_it(void **state)
{
    (void)state;
    struct sb_message message;
    assert_int_equal(read_text("{\"id\":2,\"result\":{\"t\":\"a\\\"}]{\\\\\"}}", &message), SB_MESSAGE_REPLY);
    assert_true(sb_slice_is(message.body, "{\"t\":\"a\\\"}]{\\\\\"}"));
}

static void message__what_the_protocol_does_not_allow_is_bad(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "null", "[]", "{", "{}", "{\"id\":1}", "{\"id\":-1,\"result\":{}}", "{\"id\":1.5,\"result\":{}}", "{\"id\":\"1\",\"result\":{}}",
        "{\"id\":99999999999999999999,\"result\":{}}", "{\"id\":1,\"id\":2,\"result\":{}}", "{\"id\":1,\"result\":{},\"error\":{}}",
        "{\"id\":1,\"result\":{}} x", "{\"method\":\"A\\u0042\"}", "{\"method\":7}", "{\"id\":1,\"result\":{}", "{\"id\":1,\"result\":\"x}",
        "{\"id\":1,\"result\":}", "{\"id\":1 \"result\":{}}",
    };
    for (size_t i = 0; i < SB_LEN(texts); i++) {
        struct sb_message message;
        if (read_text(texts[i], &message) != SB_MESSAGE_BAD)
            fail_msg("not bad: %s", texts[i]);
    }
}

static void message__reading_stops_at_the_given_size(void **state)
{
    (void)state;
    struct sb_message message;
    static const char text[] = "{\"id\":1,\"result\":{}}garbage";
    assert_int_equal(sb_message_read(text, 20, &message), SB_MESSAGE_REPLY);
    for (size_t size = 0; size < 20; size++)
        assert_int_equal(sb_message_read(text, size, &message), SB_MESSAGE_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames__two_messages_of_one_read_come_in_order),
        cmocka_unit_test(frames__a_message_may_come_byte_by_byte),
        cmocka_unit_test(frames__a_message_over_the_limit_is_refused),
        cmocka_unit_test(frames__a_large_message_arrives_whole_and_its_buffer_is_given_back),
        cmocka_unit_test(message__a_reply_has_id_result_and_session),
        cmocka_unit_test(message__a_refused_command_is_a_reply_with_an_error),
        cmocka_unit_test(message__an_event_has_method_and_params),
        cmocka_unit_test(message__a_nested_id_is_not_the_messages_id),
        cmocka_unit_test(message__quotes_and_braces_inside_strings_do_not_end_it),
        cmocka_unit_test(message__what_the_protocol_does_not_allow_is_bad),
        cmocka_unit_test(message__reading_stops_at_the_given_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

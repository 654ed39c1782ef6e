/* The event and input codec: every kind, through the reflection tables. */
#include "signalbox/base/hash.h"
#include "signalbox/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Characters which a text field may hold in a round trip; the awkward ones are all here. */
static const char *const pieces[] = { "a", "Z", "\"", "\\", "/", "\n", "\t", "\x01", "\x7f", "\xc3\xa9", "\xe2\x82\xac",
                                      "\xf0\x9f\x98\x80", " ", "{", "}", "\xef\xbf\xbd" };

static void fill_text(struct sb_rng *rng, char *at, size_t cap)
{
    char text[SB_NOTE_MAX * 4 + 1] = "";
    size_t len = 0, count = (size_t)sb_rng_below(rng, cap);
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[sb_rng_below(rng, SB_LEN(pieces))];
        memcpy(text + len, piece, strlen(piece) + 1);
        len += strlen(piece);
    }
    (void)sb_copy(at, cap, text);
}

static void fill_field(struct sb_rng *rng, const struct sb_field *field, unsigned char *at)
{
    size_t size = sb_field_size(field->type);
    uint64_t value = sb_rng_next(rng);
    if (sb_rng_below(rng, 4) == 0)
        value = UINT64_MAX; /* also every "none" */
    if (field->type == SB_FIELD_name || field->type == SB_FIELD_note) {
        fill_text(rng, (char *)at, size);
    } else if (field->type == SB_FIELD_flag) {
        *at = (unsigned char)(value & 1);
    } else if (sb_field_enum_text(field->type, 0)) {
        unsigned count = 0;
        while (sb_field_enum_text(field->type, count))
            count++;
        *at = (unsigned char)(value % count);
    } else {
        memcpy(at, &value, size);
    }
}

static void fill(struct sb_rng *rng, const struct sb_kind_info *info, void *payload)
{
    for (unsigned i = 0; i < info->field_count; i++)
        fill_field(rng, &info->fields[i], (unsigned char *)payload + info->fields[i].offset);
}

static void assert_same_fields(const struct sb_kind_info *info, const void *a, const void *b, const char *json)
{
    for (unsigned i = 0; i < info->field_count; i++) {
        const struct sb_field *field = &info->fields[i];
        if (memcmp((const char *)a + field->offset, (const char *)b + field->offset, sb_field_size(field->type)) != 0)
            fail_msg("%s.%s differs after the round trip: %s", info->name, field->name, json);
    }
}

static void codec__every_event_kind_survives_the_round_trip(void **state)
{
    struct sb_rng rng = { .state = 7 };
    (void)state;
    for (unsigned kind = 0; kind < SB_EVENT_COUNT; kind++) {
        for (unsigned round = 0; round < 50; round++) {
            struct sb_event event, back;
            char json[SB_CODEC_EVENT_MAX];
            struct sb_error err = { 0 };
            memset(&event, 0, sizeof event);
            event.seq = sb_rng_next(&rng);
            event.now = (sb_ns)sb_rng_next(&rng);
            event.wall.ns = (int64_t)sb_rng_next(&rng);
            event.kind = (uint16_t)kind;
            fill(&rng, &sb_event_infos[kind], &event.as);
            size_t size = sb_codec_event_write(&event, json, sizeof json);
            assert_true(size > 0);
            assert_int_equal(size, strlen(json));
            if (sb_codec_event_read(json, size, &back, &err))
                fail_msg("%s: %s in %s", sb_event_infos[kind].name, err.text, json);
            assert_true(event.seq == back.seq && event.now == back.now && event.wall.ns == back.wall.ns);
            assert_int_equal(event.kind, back.kind);
            assert_same_fields(&sb_event_infos[kind], &event.as, &back.as, json);
        }
    }
}

static void codec__every_input_kind_survives_the_round_trip(void **state)
{
    struct sb_rng rng = { .state = 8 };
    (void)state;
    for (unsigned kind = 0; kind < SB_INPUT_COUNT; kind++) {
        for (unsigned round = 0; round < 50; round++) {
            struct sb_input input, back;
            char json[SB_CODEC_EVENT_MAX];
            struct sb_error err = { 0 };
            memset(&input, 0, sizeof input);
            input.kind = (uint16_t)kind;
            input.now = (sb_ns)sb_rng_next(&rng);
            input.wall.ns = (int64_t)sb_rng_next(&rng);
            fill(&rng, &sb_input_infos[kind], &input.as);
            size_t size = sb_codec_input_write(&input, json, sizeof json);
            assert_true(size > 0);
            if (sb_codec_input_read(json, size, &back, &err))
                fail_msg("%s: %s in %s", sb_input_infos[kind].name, err.text, json);
            assert_true(input.now == back.now && input.wall.ns == back.wall.ns && input.kind == back.kind);
            assert_same_fields(&sb_input_infos[kind], &input.as, &back.as, json);
        }
    }
}

static struct sb_event queued_event(void)
{
    struct sb_event event;
    memset(&event, 0, sizeof event);
    event.seq = 12;
    event.kind = SB_EVENT_RUN_QUEUED;
    event.as.run_queued = (struct sb_ev_run_queued){ .run = 17, .job = SB_NO_JOB, .step = SB_NO_STEP, .cause = SB_CAUSE_CATCH_UP };
    return event;
}

static void codec__a_payload_names_words_and_writes_none_as_null(void **state)
{
    struct sb_event event = queued_event();
    char json[SB_CODEC_EVENT_MAX];
    (void)state;
    assert_true(sb_codec_event_payload(&event, json, sizeof json) > 0);
    assert_string_equal(json, "{\"run\":17,\"job\":null,\"step\":null,\"attempt\":0,\"cause\":\"catch-up\",\"nominal\":0}");
}

static void codec__a_line_starts_with_its_envelope(void **state)
{
    struct sb_event event = queued_event();
    char json[SB_CODEC_EVENT_MAX];
    const char *start = "{\"seq\":12,\"now\":0,\"wall\":0,\"kind\":\"run_queued\",\"run\":17,";
    (void)state;
    assert_true(sb_codec_event_write(&event, json, sizeof json) > 0);
    assert_memory_equal(json, start, strlen(start));
}

static void codec__too_small_a_buffer_gives_zero_at_every_size(void **state)
{
    struct sb_event event = queued_event();
    char json[SB_CODEC_EVENT_MAX];
    (void)state;
    size_t size = sb_codec_event_write(&event, json, sizeof json);
    for (size_t cap = 1; cap <= size; cap++)
        assert_int_equal(sb_codec_event_write(&event, json, cap), 0);
    assert_int_equal(sb_codec_event_write(&event, json, size + 1), size);
}

static void codec__the_largest_event_fits_event_max(void **state)
{
    char json[SB_CODEC_EVENT_MAX];
    (void)state;
    for (unsigned kind = 0; kind < SB_EVENT_COUNT; kind++) {
        struct sb_event event;
        memset(&event, 0x01, sizeof event); /* control characters are the longest escapes */
        event.kind = (uint16_t)kind;
        for (unsigned i = 0; i < sb_event_infos[kind].field_count; i++)
            if (sb_event_infos[kind].fields[i].type == SB_FIELD_flag)
                ((unsigned char *)&event.as)[sb_event_infos[kind].fields[i].offset] = 1;
        assert_true(sb_codec_event_write(&event, json, sizeof json) > 0);
    }
}

static void codec__invalid_utf8_becomes_replacement_characters(void **state)
{
    struct sb_event event, back;
    char json[SB_CODEC_EVENT_MAX];
    (void)state;
    memset(&event, 0, sizeof event);
    event.kind = SB_EVENT_NOTE;
    memcpy(event.as.note.text, "a\xff\xc3(", 5);
    size_t size = sb_codec_event_write(&event, json, sizeof json);
    assert_int_equal(sb_codec_event_read(json, size, &back, NULL), SB_OK);
    assert_string_equal(back.as.note.text, "a\xEF\xBF\xBD\xEF\xBF\xBD(");
}

static void assert_refused(const char *json, const char *part)
{
    struct sb_event event;
    struct sb_error err = { 0 };
    memset(&event, 0x5a, sizeof event);
    struct sb_event before = event;
    assert_int_equal(sb_codec_event_read(json, strlen(json), &event, &err), SB_ERR_INVALID);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" does not name %s", err.text, part);
    assert_memory_equal(&event, &before, sizeof event);
}

static void codec__every_event_kind_survives_as_a_journal_row(void **state)
{
    struct sb_rng rng = { .state = 9 };
    char payload[SB_CODEC_EVENT_MAX];
    (void)state;
    for (unsigned kind = 0; kind < SB_EVENT_COUNT; kind++) {
        const struct sb_kind_info *info = &sb_event_infos[kind];
        struct sb_event event, back;
        struct sb_error err = { 0 };
        memset(&event, 0, sizeof event);
        event.kind = (uint16_t)kind;
        fill(&rng, info, &event.as);
        size_t size = sb_codec_event_payload(&event, payload, sizeof payload);
        if (sb_codec_event_read_row(77, (struct sb_wall){ 88 }, info->name, payload, size, &back, &err) != SB_OK)
            fail_msg("%s: %s: %s", info->name, err.text, payload);
        assert_int_equal(back.kind, kind);
        assert_int_equal(back.seq, 77);
        assert_int_equal(back.wall.ns, 88);
        assert_same_fields(info, &event.as, &back.as, payload);
    }
    struct sb_event before;
    memset(&before, 0x5a, sizeof before);
    struct sb_event same = before;
    struct sb_error err = { 0 };
    assert_int_equal(sb_codec_event_read_row(1, (struct sb_wall){ 0 }, "run_eaten", "{}", 2, &same, &err), SB_ERR_INVALID);
    assert_non_null(strstr(err.text, "run_eaten"));
    assert_memory_equal(&same, &before, sizeof same);
}

static void codec__a_bad_line_is_refused_with_its_field_and_changes_nothing(void **state)
{
    (void)state;
    assert_refused("", "not JSON");
    assert_refused("{\"kind\":\"run_queued\"", "not JSON");
    assert_refused("[]", "no event");
    assert_refused("{\"kind\":\"run_eaten\"}", "run_eaten");
    assert_refused("{\"kind\":\"run_queued\",\"cause\":\"whim\"}", "run_queued.cause");
    assert_refused("{\"kind\":\"run_queued\",\"cause\":1}", "run_queued.cause");
    assert_refused("{\"kind\":\"run_queued\",\"job\":65536}", "run_queued.job");
    assert_refused("{\"kind\":\"run_queued\",\"run\":-1}", "run_queued.run");
    assert_refused("{\"kind\":\"run_queued\",\"nominal\":1.5}", "run_queued.nominal");
    assert_refused("{\"kind\":\"note\",\"text\":5}", "note.text");
    assert_refused("{\"kind\":\"note\",\"kind\":\"note\"}", "not JSON");
    assert_refused("{\"kind\":\"note\",\"seq\":\"x\"}", "seq");
}

static void codec__a_missing_field_is_none_and_an_unknown_one_is_passed_over(void **state)
{
    static const char json[] = "{\"kind\":\"run_queued\",\"later\":{\"a\":[1]}}";
    struct sb_event event;
    (void)state;
    assert_int_equal(sb_codec_event_read(json, sizeof json - 1, &event, NULL), SB_OK);
    assert_int_equal(event.as.run_queued.job, SB_NO_JOB);
    assert_int_equal(event.as.run_queued.step, SB_NO_STEP);
    assert_int_equal(event.as.run_queued.run, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codec__every_event_kind_survives_the_round_trip),
        cmocka_unit_test(codec__every_input_kind_survives_the_round_trip),
        cmocka_unit_test(codec__every_event_kind_survives_as_a_journal_row),
        cmocka_unit_test(codec__a_payload_names_words_and_writes_none_as_null),
        cmocka_unit_test(codec__a_line_starts_with_its_envelope),
        cmocka_unit_test(codec__too_small_a_buffer_gives_zero_at_every_size),
        cmocka_unit_test(codec__the_largest_event_fits_event_max),
        cmocka_unit_test(codec__invalid_utf8_becomes_replacement_characters),
        cmocka_unit_test(codec__a_bad_line_is_refused_with_its_field_and_changes_nothing),
        cmocka_unit_test(codec__a_missing_field_is_none_and_an_unknown_one_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

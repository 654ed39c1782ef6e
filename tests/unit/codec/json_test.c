/* The JSON reader and writer which steps and services use. */
#include "signalbox/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sb_json *parse(const char *text)
{
    struct sb_json *json = NULL;
    struct sb_error err = { 0 };
    if (sb_json_parse(&json, text, strlen(text), &err))
        fail_msg("%s: %s", text, err.text);
    return json;
}

static void assert_text(const struct sb_json *json, const char *path, const char *expected)
{
    char *text = sb_json_text(json, path);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void json__paths_reach_members_and_elements(void **state)
{
    struct sb_json *json = parse("{\"a\":{\"b\":[{\"c\":\"x\"},7,2.5,true,null]},\"s\":\"12\"}");
    int64_t number = 0;
    (void)state;
    assert_text(json, "a.b.0.c", "x");
    assert_text(json, "a.b.1", "7");
    assert_text(json, "a.b.3", "true");
    assert_text(json, "a.b.0", "{\"c\":\"x\"}");
    assert_int_equal(sb_json_type(json, ""), SB_JSON_OBJECT);
    assert_int_equal(sb_json_type(json, "a.b"), SB_JSON_ARRAY);
    assert_int_equal(sb_json_type(json, "a.b.2"), SB_JSON_NUMBER);
    assert_int_equal(sb_json_type(json, "a.b.3"), SB_JSON_BOOL);
    assert_int_equal(sb_json_type(json, "a.b.4"), SB_JSON_NULL);
    assert_int_equal(sb_json_type(json, "a.b.5"), SB_JSON_MISSING);
    assert_int_equal(sb_json_type(json, "a.x.y"), SB_JSON_MISSING);
    assert_null(sb_json_text(json, "a.b.9"));
    assert_int_equal(sb_json_count(json, "a.b"), 5);
    assert_int_equal(sb_json_count(json, ""), 2);
    assert_int_equal(sb_json_count(json, "s"), 0);
    assert_true(sb_json_i64(json, "a.b.2", &number) && number == 2);
    assert_true(sb_json_i64(json, "s", &number) && number == 12);
    assert_false(sb_json_i64(json, "a.b.3", &number));
    sb_json_destroy(json);
}

static void json__nesting_is_limited_and_duplicates_are_refused(void **state)
{
    char deep[2 * 65 + 1];
    struct sb_json *json = NULL;
    struct sb_error err = { 0 };
    (void)state;
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    assert_int_equal(sb_json_parse(&json, deep, 130, &err), SB_ERR_TOO_LARGE);
    assert_int_equal(sb_json_parse(&json, deep + 1, 128, &err), SB_OK);
    sb_json_destroy(json);
    json = NULL;
    assert_int_equal(sb_json_parse(&json, "{\"a\":1,\"a\":2}", 13, &err), SB_ERR_INVALID);
    assert_int_equal(sb_json_parse(&json, "{\"a\":1} x", 9, &err), SB_ERR_INVALID);
    assert_null(json);
}

static void json__brackets_inside_strings_do_not_count_as_nesting(void **state)
{
    char text[203];
    struct sb_json *json = NULL;
    (void)state;
    memset(text, '[', sizeof text);
    text[0] = '"';
    memcpy(text + 1, "\\\"", 2);
    text[202] = '"';
    assert_int_equal(sb_json_parse(&json, text, sizeof text, NULL), SB_OK);
    sb_json_destroy(json);
}

static void json__a_real_outside_the_integers_is_no_integer(void **state)
{
    struct sb_json *json = parse("[1e300,-1e300,9.9]");
    int64_t number = 5;
    (void)state;
    assert_false(sb_json_i64(json, "0", &number));
    assert_false(sb_json_i64(json, "1", &number));
    assert_int_equal(number, 5);
    assert_true(sb_json_i64(json, "2", &number) && number == 9);
    sb_json_destroy(json);
}

static void json_out__writes_nested_values_with_commas_and_escapes(void **state)
{
    struct sb_json_out *out = sb_json_out_create(4096);
    (void)state;
    sb_json_object_begin(out);
    sb_json_key(out, "a\"b");
    sb_json_array_begin(out);
    sb_json_integer(out, INT64_MIN);
    sb_json_boolean(out, true);
    sb_json_string(out, NULL);
    sb_json_string(out, "x\n\x02\xff");
    sb_json_object_begin(out);
    sb_json_object_end(out);
    sb_json_array_end(out);
    sb_json_key(out, "raw");
    sb_json_raw(out, "{\"k\":1}");
    sb_json_object_end(out);
    char *text = sb_json_out_take(out);
    assert_string_equal(text, "{\"a\\\"b\":[-9223372036854775808,true,null,\"x\\n\\u0002\xEF\xBF\xBD\",{}],\"raw\":{\"k\":1}}");
    free(text);
    sb_json_out_destroy(out);
}

static void json_out__what_grows_over_its_maximum_is_not_given_out(void **state)
{
    (void)state;
    for (size_t max = 0; max < 12; max++) {
        struct sb_json_out *out = sb_json_out_create(max);
        sb_json_string(out, "0123456789");
        char *text = sb_json_out_take(out);
        assert_null(text);
        sb_json_out_destroy(out);
    }
    struct sb_json_out *out = sb_json_out_create(12);
    sb_json_string(out, "0123456789");
    char *text = sb_json_out_take(out);
    assert_string_equal(text, "\"0123456789\"");
    free(text);
    sb_json_out_destroy(out);
}

static void json_out__a_long_text_grows_and_reads_back(void **state)
{
    enum { SIZE = 100000 };
    char *bytes = malloc(SIZE + 1);
    struct sb_json_out *out = sb_json_out_create(1 << 20);
    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)(1 + i % 127);
    bytes[SIZE] = '\0';
    sb_json_string(out, bytes);
    char *text = sb_json_out_take(out);
    assert_non_null(text);
    struct sb_json *json = parse(text);
    assert_text(json, "", bytes);
    sb_json_destroy(json);
    free(text);
    free(bytes);
    sb_json_out_destroy(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json__paths_reach_members_and_elements),
        cmocka_unit_test(json__nesting_is_limited_and_duplicates_are_refused),
        cmocka_unit_test(json__brackets_inside_strings_do_not_count_as_nesting),
        cmocka_unit_test(json__a_real_outside_the_integers_is_no_integer),
        cmocka_unit_test(json_out__writes_nested_values_with_commas_and_escapes),
        cmocka_unit_test(json_out__what_grows_over_its_maximum_is_not_given_out),
        cmocka_unit_test(json_out__a_long_text_grows_and_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

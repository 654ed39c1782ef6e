/* Templates insert values and nothing else. */
#include "fakes.h"

static const char outputs_text[] = "{\"claim\":{\"text\":\"a {{now}} b\",\"n\":5,\"none\":null,\"rows\":[{\"id\":\"x/y z\"},{\"id\":\"2\"}]}}";

struct place {
    struct fixture f;
    struct sb_json *outputs;
    struct sb_scope scope;
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    fixture_init(&p->f);
    assert_int_equal(sb_json_parse(&p->outputs, outputs_text, sizeof outputs_text - 1, NULL), SB_OK);
    p->scope = (struct sb_scope){ .env = &p->f.env, .outputs = p->outputs, .item = p->outputs, .item_path = "claim.rows.0",
                                  .account = "me", .place = "growth.yaml:41:7" };
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    sb_json_destroy(p->outputs);
    fixture_deinit(&p->f);
    free(p);
    return 0;
}

static void expect(struct place *p, const char *template, enum sb_template_use use, const char *wanted)
{
    char *text = NULL;
    struct sb_error err = { 0 };
    if (sb_template_expand(&p->scope, template, use, &text, &err) != SB_OK)
        fail_msg("%s: %s", template, err.text);
    assert_string_equal(text, wanted);
    free(text);
}

static void template__inserts_values_of_every_root(void **state)
{
    struct place *p = *state;
    struct sb_pair with[] = { { "user", "u" } };
    p->scope.with = with;
    p->scope.with_count = 1;
    expect(p, "{{now}}", SB_TEMPLATE_TEXT, "1800000000000");
    expect(p, "{{now.iso}}", SB_TEMPLATE_TEXT, "2027-01-15T08:00:00.000Z");
    expect(p, "{{ account }}/{{job}}/{{run}}/{{tier}}/{{with.user}}", SB_TEMPLATE_TEXT, "me/posting/17/high/u");
    expect(p, "{{steps.claim.rows.1.id}} {{item.id}} {{item}}", SB_TEMPLATE_TEXT, "2 x/y z {\"id\":\"x/y z\"}");
    expect(p, "[{{steps.claim.none}}]", SB_TEMPLATE_TEXT, "[]");
    expect(p, "no { braces }", SB_TEMPLATE_TEXT, "no { braces }");
}

static void template__never_interprets_an_inserted_value(void **state)
{
    expect(*state, "{{steps.claim.text}}", SB_TEMPLATE_TEXT, "a {{now}} b");
}

static void template__encodes_values_inside_an_address(void **state)
{
    expect(*state, "/post/{{item.id}}?q={{steps.claim.n}}", SB_TEMPLATE_URL, "/post/x%2Fy%20z?q=5");
    expect(*state, "{{item.id}}", SB_TEMPLATE_URL, "x/y z");
}

static void template__names_an_unknown_path_and_its_place(void **state)
{
    struct place *p = *state;
    static const char *const wrong[] = { "{{steps.claim.nothing}}", "{{weather}}", "{{with.password}}", "{{account.x}}" };
    for (size_t i = 0; i < SB_LEN(wrong); i++) {
        char *text = NULL;
        struct sb_error err = { 0 };
        assert_int_equal(sb_template_expand(&p->scope, wrong[i], SB_TEMPLATE_TEXT, &text, &err), SB_ERR_NOT_FOUND);
        assert_null(text);
        assert_non_null(strstr(err.text, wrong[i]));
        assert_non_null(strstr(err.text, "growth.yaml:41:7"));
    }
}

static void template__refuses_an_open_brace_pair(void **state)
{
    struct place *p = *state;
    char *text = NULL;
    assert_int_equal(sb_template_expand(&p->scope, "a {{now", SB_TEMPLATE_TEXT, &text, NULL), SB_ERR_INVALID);
    assert_int_equal(sb_template_expand(&p->scope, "a {{}}", SB_TEMPLATE_TEXT, &text, NULL), SB_ERR_INVALID);
}

static void template__refuses_to_grow_above_its_limit(void **state)
{
    struct place *p = *state;
    size_t size = SB_STEP_TEXT_MAX + 1;
    char *template = malloc(size + 1), *text = NULL;
    memset(template, 'x', size);
    template[size] = '\0';
    assert_int_equal(sb_template_expand(&p->scope, template, SB_TEMPLATE_TEXT, &text, NULL), SB_ERR_TOO_LARGE);
    assert_null(text);
    free(template);
}

static void template__keeps_the_type_of_a_lone_value_for_sql(void **state)
{
    struct place *p = *state;
    struct sb_cell cell;
    char *text = NULL;
    assert_int_equal(sb_template_cell(&p->scope, "{{steps.claim.n}}", &cell, &text, NULL), SB_OK);
    assert_int_equal(cell.type, SB_CELL_INT);
    assert_int_equal(cell.integer, 5);
    assert_int_equal(sb_template_cell(&p->scope, "{{steps.claim.none}}", &cell, &text, NULL), SB_OK);
    assert_int_equal(cell.type, SB_CELL_NULL);
    assert_int_equal(sb_template_cell(&p->scope, "n{{steps.claim.n}}", &cell, &text, NULL), SB_OK);
    assert_int_equal(cell.type, SB_CELL_TEXT);
    assert_string_equal(text, "n5");
    free(text);
}

static void template__finds_the_list_of_for_each_by_either_spelling(void **state)
{
    struct place *p = *state;
    static const char *const same[] = { "steps.claim.rows", "claim.rows", "{{steps.claim.rows}}" };
    for (size_t i = 0; i < SB_LEN(same); i++) {
        char *path = NULL;
        size_t count = 0;
        assert_int_equal(sb_template_array(&p->scope, same[i], &path, &count, NULL), SB_OK);
        assert_int_equal(count, 2);
        assert_string_equal(path, "claim.rows");
        free(path);
    }
    char *path = NULL;
    size_t count = 0;
    assert_int_equal(sb_template_array(&p->scope, "steps.claim.text", &path, &count, NULL), SB_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(template__inserts_values_of_every_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(template__never_interprets_an_inserted_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(template__encodes_values_inside_an_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(template__names_an_unknown_path_and_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(template__refuses_an_open_brace_pair, set_up, tear_down),
        cmocka_unit_test_setup_teardown(template__refuses_to_grow_above_its_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(template__keeps_the_type_of_a_lone_value_for_sql, set_up, tear_down),
        cmocka_unit_test_setup_teardown(template__finds_the_list_of_for_each_by_either_spelling, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The contract of the browser port against real Chromium: what pages do. Faults are in browser_faults_test.c. */
#include "browser_support.h"

static int set_up(void **state)
{
    struct sb_error error = { 0 };

    (void)state;
    choose_browser();
    if (!server_start(&server, pages, SB_LEN(pages)))
        return -1;
    if (sb_browser_create(&browser, &setup_wanted, &error) != SB_OK) {
        print_message("%s\n", error.text);
        return -1;
    }
    return 0;
}

/* ---- navigation ---- */

static void browser__check_gets_an_answer(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    const struct sb_op op = within(20000);
    struct sb_browser_stats stats;
    expect_code(browser->ops->check(browser, &op, &error), SB_OK, &error);
    browser->ops->stats(browser, &stats);
    assert_true(stats.pid > 0);
    assert_true(stats.pss_bytes > 10 * 1024 * 1024);
}

static void go__reports_status_and_final_address(void **state)
{
    (void)state;
    struct sb_context *context = open_context();
    static const struct {
        const char *path, *end;
        int status;
    } cases[] = {
        { "/plain", "/plain", 200 }, { "/404", "/404", 404 }, { "/empty-404", "/empty-404", 404 }, { "/redirect", "/plain", 200 },
        { "/script-redirect", "/plain?by=script", 200 }, { "/meta-redirect", "/plain?by=meta", 200 }, { "/plain#part", "/plain#part", 200 },
        { "/script-nowhere", "/script-nowhere", 200 },
    };
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        struct sb_navigation navigation = go(context, cases[i].path);
        assert_string_equal(navigation.url, address(cases[i].end));
        assert_int_equal(navigation.status, cases[i].status);
    }
    (void)go(context, "/plain#part");
    /* Within one document only the part behind # changes. */
    struct sb_navigation navigation = go(context, "/plain#other");
    assert_string_equal(navigation.url, address("/plain#other"));
    browser->ops->close_context(browser, context);
}

static void go__waits_for_slow_documents_and_subresources(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/picture-page");
    expect_shown(context, "body", "data-picture", "there");
    (void)go(context, "/slow");
    expect_shown(context, "#t", NULL, "slow page");
    browser->ops->close_context(browser, context);
}

static void go__says_why_no_document_came(void **state)
{
    (void)state;
    struct sb_context *context = open_context();
    struct sb_error error = { 0 };
    struct sb_navigation navigation;
    struct sb_op op = within(10000);
    expect_code(browser->ops->go(context, address("/no-content"), &op, &navigation, &error), SB_ERR_PROTOCOL, &error);
    expect_said(&error, "/no-content");
    enum sb_err rc = browser->ops->go(context, address("/download"), &op, &navigation, &error);
    assert_true(rc == SB_ERR_UNSUPPORTED || rc == SB_ERR_PROTOCOL);
    expect_code(browser->ops->go(context, "http://127.0.0.1:9/", &op, &navigation, &error), SB_ERR_UNAVAILABLE, &error);
    expect_said(&error, "http://127.0.0.1:9/");
    expect_code(browser->ops->go(context, "plain", &op, &navigation, &error), SB_ERR_INVALID, &error);
    expect_code(browser->ops->go(context, "file:///etc/passwd", &op, &navigation, &error), SB_ERR_REFUSED, &error);
    op = within(300);
    expect_code(browser->ops->go(context, address("/never"), &op, &navigation, &error), SB_ERR_TIMEOUT, &error);
    expect_said(&error, "/never");
    (void)go(context, "/plain"); /* and the context still serves */
    browser->ops->close_context(browser, context);
}

static void go__refuses_hosts_which_are_not_allowed(void **state)
{
    (void)state;
    char own[32], named[32];
    (void)snprintf(own, sizeof(own), "127.0.0.1:%d", server.port);
    (void)snprintf(named, sizeof(named), "localhost:%d", server.port);
    const char *const hosts[] = { own, named };
    struct sb_error error = { 0 };
    struct sb_context *context = NULL;
    struct sb_navigation navigation;
    struct sb_op op = within(20000);

    expect_code(browser->ops->open(browser, hosts, 1, &op, &context, &error), SB_OK, &error);
    (void)go(context, "/plain");
    char outside[64];
    (void)snprintf(outside, sizeof(outside), "http://localhost:%d/outside", server.port);
    expect_code(browser->ops->go(context, outside, &op, &navigation, &error), SB_ERR_REFUSED, &error);
    expect_said(&error, "allowed_hosts");
    expect_code(browser->ops->go(context, address("/redirect-out"), &op, &navigation, &error), SB_ERR_REFUSED, &error);
    expect_said(&error, "localhost");
    expect_code(browser->ops->go(context, address("/script-out"), &op, &navigation, &error), SB_ERR_REFUSED, &error);
    (void)go(context, "/frame-out"); /* the page loads, its frame does not */
    expect_shown(context, "#t", NULL, "with a frame");
    assert_int_equal(server_hits(&server, "/outside"), 0);
    browser->ops->close_context(browser, context);

    /* A frame of another allowed site lives in a process of its own; the list holds there too. */
    expect_code(browser->ops->open(browser, hosts, 2, &op, &context, &error), SB_OK, &error);
    (void)go(context, "/frame-chain");
    assert_int_equal(server_hits(&server, "/frame-inner"), 1);
    (void)go(context, "/slow");
    assert_int_equal(server_hits(&server, "/outside"), 0);
    browser->ops->close_context(browser, context);
}

/* ---- waiting ---- */

static void wait__succeeds_when_the_element_appears_later(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/later");
    wait_for(context, "#late");
    expect_shown(context, "#late", NULL, "here");
    (void)go(context, "/style-later");
    wait_for(context, "#late");
    browser->ops->close_context(browser, context);
}

static void wait__goes_on_in_the_next_document(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/moves-on");
    wait_for(context, "#late");
    browser->ops->close_context(browser, context);
}

/* Waits in vain until the text has those words: one deadline may be over before the page was looked at even once. */
static void wait_in_vain(struct sb_context *context, const char *selector, const char *words)
{
    struct sb_error error = { 0 };

    for (int ms = 300; ms < 40000 && strstr(error.text, words) == NULL; ms *= 4) {
        const struct sb_op op = within(ms);
        const sb_ns begun = sb_now();
        expect_code(browser->ops->wait(context, selector, &op, &error), SB_ERR_TIMEOUT, &error);
        assert_true(sb_now() - begun < SB_MS(ms) + PATIENCE);
        expect_said(&error, selector);
    }
    expect_said(&error, words);
}

static void wait__times_out_with_a_text_that_names_the_selector(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/buttons");
    struct sb_error error = { 0 };
    wait_in_vain(context, "#not-there", "no element");
    wait_in_vain(context, "#hid", "not visible");
    const struct sb_op op = within(5000);
    expect_code(browser->ops->wait(context, "p[", &op, &error), SB_ERR_INVALID, &error);
    expect_said(&error, "p[");
    browser->ops->close_context(browser, context);
}

/* ---- input ---- */

static void click__reaches_a_listener_as_a_trusted_event(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/buttons");
    click(context, "#far"); /* three thousand pixels down */
    expect_shown(context, "#t", NULL, "far");
    expect_shown(context, "#trusted", NULL, "true");
    click(context, "#lab");
    expect_shown(context, "#t", NULL, "check");
    browser->ops->close_context(browser, context);
}

static void click__waits_until_what_covers_the_element_is_gone(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/buttons");
    click(context, "#soon");
    expect_shown(context, "#t", NULL, "soon");
    browser->ops->close_context(browser, context);
}

static void click__refuses_what_a_person_could_not_click(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/buttons");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    expect_code(browser->ops->click(context, "#under", &op, &error), SB_ERR_REFUSED, &error);
    expect_said(&error, "#under");
    expect_said(&error, "div#cover");
    expect_code(browser->ops->click(context, "#off", &op, &error), SB_ERR_REFUSED, &error);
    expect_code(browser->ops->click(context, "#hid", &op, &error), SB_ERR_NOT_FOUND, &error);
    expect_code(browser->ops->click(context, "#none", &op, &error), SB_ERR_NOT_FOUND, &error);
    expect_said(&error, "#none");
    expect_shown(context, "#t", NULL, "-");
    browser->ops->close_context(browser, context);
}

static void type__replaces_the_text_and_fires_input_events(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/form");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    expect_code(browser->ops->type(context, "#in", "h\xc3\xa9llo \"w\"", &op, &error), SB_OK, &error);
    expect_shown(context, "#o", NULL, "1:insertText:true:h\xc3\xa9llo \\\"w\\\"");
    expect_code(browser->ops->type(context, "#in", "", &op, &error), SB_OK, &error);
    expect_shown(context, "#in", "value", "");
    expect_code(browser->ops->type(context, "#area", "two\nlines", &op, &error), SB_OK, &error);
    expect_shown(context, "#area", "value", "two\\nlines");
    expect_code(browser->ops->type(context, "#ed", "edited", &op, &error), SB_OK, &error);
    expect_shown(context, "#ed", NULL, "edited");
    expect_code(browser->ops->type(context, "#ro", "x", &op, &error), SB_ERR_REFUSED, &error);
    expect_code(browser->ops->type(context, "form", "x", &op, &error), SB_ERR_REFUSED, &error);
    expect_code(browser->ops->type(context, "#in", "\xff", &op, &error), SB_ERR_INVALID, &error);
    browser->ops->close_context(browser, context);
}

static void press__enter_submits_the_form(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/form");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    expect_code(browser->ops->type(context, "#in", "sent", &op, &error), SB_OK, &error);
    expect_code(browser->ops->press(context, "Enter", &op, &error), SB_OK, &error);
    wait_for(context, "h1");
    expect_shown(context, "#t", NULL, "submitted");
    browser->ops->close_context(browser, context);
}

static void press__keys_arrive_by_name_and_unknown_ones_are_refused(void **state)
{
    (void)state;
    static const char *const keys[] = { "Escape", "ArrowDown", "a", "Space" };
    struct sb_context *context = open_at("/keys");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    for (size_t i = 0; i < SB_LEN(keys); i++)
        expect_code(browser->ops->press(context, keys[i], &op, &error), SB_OK, &error);
    expect_shown(context, "#k", NULL, "Escape/Escape ArrowDown/ArrowDown a/ /Space");
    expect_code(browser->ops->press(context, "Entre", &op, &error), SB_ERR_INVALID, &error);
    expect_said(&error, "Entre");
    browser->ops->close_context(browser, context);
}

static void scroll__moves_the_page(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/tall");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    expect_code(browser->ops->scroll(context, 700, &op, &error), SB_OK, &error);
    char *html = NULL;
    /* The scroll event comes with the next frame. */
    for (int i = 0; i < 50; i++) {
        expect_code(browser->ops->source(context, 100000, &op, &html, &error), SB_OK, &error);
        bool is_there = strstr(html, ">700<") != NULL;
        free(html);
        if (is_there)
            break;
        pause_ms(20);
    }
    expect_shown(context, "#y", NULL, "700");
    browser->ops->close_context(browser, context);
}

/* ---- reading ---- */

static const struct sb_extract_field item_fields[] = {
    { .name = "id", .selector = "", .attribute = "data-id", .type = SB_VALUE_TEXT },
    { .name = "name", .selector = "a", .type = SB_VALUE_TEXT },
    { .name = "link", .selector = "a", .attribute = "href", .type = SB_VALUE_TEXT },
    { .name = "count", .selector = ".n", .type = SB_VALUE_NUMBER, .is_optional = true },
    { .name = "at", .selector = "time", .type = SB_VALUE_TIME, .is_optional = true },
    { .name = "star", .selector = ".star", .type = SB_VALUE_FLAG },
    { .name = "body", .selector = ".body", .type = SB_VALUE_TEXT },
};

static void extract__gives_a_typed_list(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/list");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    char *json = NULL;
    expect_code(browser->ops->extract(context, ".item", item_fields, SB_LEN(item_fields), true, 10, &op, &json, &error), SB_OK, &error);
    assert_string_equal(json,
                        "[{\"id\":\"p1\",\"name\":\"Ann\",\"link\":\"/p/1\",\"count\":1234,\"at\":\"2026-11-23T14:41:07.000Z\",\"star\":true,"
                        "\"body\":\"Hello\\nw\xc3\xb6rld \xf0\x9f\x98\x80\"},"
                        "{\"id\":\"p2\",\"name\":\"Bob\",\"link\":\"/p/2\",\"count\":1200,\"at\":\"2026-11-23T14:00:00.000Z\",\"star\":false,"
                        "\"body\":\"second\"},"
                        "{\"id\":\"p3\",\"name\":\"C\xef\xbf\xbd\xef\xbf\xbdy\",\"link\":\"/p/3\",\"count\":null,\"at\":null,\"star\":false,"
                        "\"body\":\"x\"}]");
    free(json);
    expect_code(browser->ops->extract(context, ".item", item_fields, 1, true, 2, &op, &json, &error), SB_OK, &error);
    assert_string_equal(json, "[{\"id\":\"p1\"},{\"id\":\"p2\"}]");
    free(json);
    expect_code(browser->ops->extract(context, ".nothing", item_fields, 1, true, 2, &op, &json, &error), SB_OK, &error);
    assert_string_equal(json, "[]");
    free(json);
    browser->ops->close_context(browser, context);
}

static void extract__names_the_field_that_is_missing_or_of_another_type(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/list");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    const struct sb_extract_field starred = { .name = "starred", .selector = "i.star", .type = SB_VALUE_TEXT };
    const struct sb_extract_field count = { .name = "count", .selector = ".n", .type = SB_VALUE_NUMBER };
    char *json = NULL;
    expect_code(browser->ops->extract(context, ".item", &starred, 1, true, 10, &op, &json, &error), SB_ERR_NOT_FOUND, &error);
    expect_said(&error, "starred");
    expect_said(&error, "item 2");
    expect_code(browser->ops->extract(context, ".item", &count, 1, true, 10, &op, &json, &error), SB_ERR_INVALID, &error);
    expect_said(&error, "many");
    expect_code(browser->ops->extract(context, ".nothing", &count, 1, false, 1, &op, &json, &error), SB_ERR_NOT_FOUND, &error);
    expect_said(&error, ".nothing");
    assert_null(json);
    browser->ops->close_context(browser, context);
}

static void extract__selectors_are_data_and_never_code(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/plain");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    const struct sb_extract_field field = { .name = "v", .selector = "'),document.body.remove(),('", .type = SB_VALUE_TEXT };
    char *json = NULL;
    expect_code(browser->ops->extract(context, "h1", &field, 1, false, 1, &op, &json, &error), SB_ERR_INVALID, &error);
    expect_shown(context, "#t", NULL, "plain page");
    browser->ops->close_context(browser, context);
}

static void capture__returns_the_response_although_the_page_moves_on(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/poster");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    int status = 0;
    char *body = NULL;
    expect_code(browser->ops->receive(context, &op, &status, &body, &error), SB_ERR_INVALID, &error);
    for (int round = 0; round < 2; round++) {
        expect_code(browser->ops->capture(context, "/api/post", &op, &error), SB_OK, &error);
        click(context, "#b");
        expect_code(browser->ops->receive(context, &op, &status, &body, &error), SB_OK, &error);
        assert_int_equal(status, 201);
        assert_string_equal(body, "{\"post\":{\"id\":\"p17\",\"text\":\"h\xc3\xa4\"}}");
        free(body);
        body = NULL;
        (void)go(context, "/poster");
    }
    expect_code(browser->ops->capture(context, "/api/other", &op, &error), SB_OK, &error);
    const struct sb_op soon = within(200);
    expect_code(browser->ops->receive(context, &soon, &status, &body, &error), SB_ERR_TIMEOUT, &error);
    expect_said(&error, "/api/other");
    browser->ops->close_context(browser, context);
}

static void screenshot__is_a_png_and_source_is_cut(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/list");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    unsigned char *png = NULL;
    size_t size = 0;
    char *html = NULL;
    expect_code(browser->ops->screenshot(context, &op, &png, &size, &error), SB_OK, &error);
    assert_true(size > 100);
    assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
    free(png);
    expect_code(browser->ops->source(context, 100000, &op, &html, &error), SB_OK, &error);
    assert_non_null(strstr(html, "data-id=\"p2\""));
    free(html);
    expect_code(browser->ops->source(context, 20, &op, &html, &error), SB_OK, &error);
    assert_int_equal(strlen(html), 20);
    free(html);
    browser->ops->close_context(browser, context);
}

/* ---- what must not get in the way ---- */

static void dialogs__do_not_stop_the_page(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/alert");
    expect_shown(context, "#t", NULL, "false");
    (void)go(context, "/leaving");
    click(context, "#b"); /* pages may object to being left only after a person has touched them */
    (void)go(context, "/plain");
    expect_shown(context, "#t", NULL, "plain page");
    browser->ops->close_context(browser, context);
}

static void popups__are_closed_before_they_ask_for_anything(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/popup");
    click(context, "#b");
    expect_shown(context, "#t", NULL, "clicked");
    (void)go(context, "/popups");
    click(context, "#b");
    click(context, "#a");
    (void)go(context, "/slow");
    assert_int_equal(server_hits(&server, "/popped"), 0);
    browser->ops->close_context(browser, context);
}

static void go__wins_over_a_page_that_moves_on_by_itself(void **state)
{
    (void)state;
    struct sb_context *context = open_context();
    /* Each round meets the other navigation at another point of its way. */
    for (int ms = 0; ms < 100; ms += 4) {
        (void)go(context, ms % 8 == 0 ? "/restless" : "/poster");
        click(context, "#b");
        pause_ms(ms);
        struct sb_navigation navigation = go(context, "/404");
        assert_string_equal(navigation.url, address("/404"));
        expect_shown(context, "#t", NULL, "nothing here");
    }
    browser->ops->close_context(browser, context);
}

static void contexts__do_not_share_cookies(void **state)
{
    (void)state;
    struct sb_context *one = open_at("/set-cookie"), *other = open_context();
    (void)go(one, "/show-cookie");
    expect_shown(one, "#t", NULL, "[who=me]");
    (void)go(other, "/show-cookie");
    expect_shown(other, "#t", NULL, "[]");
    browser->ops->close_context(browser, one);
    browser->ops->close_context(browser, other);
}

/* ---- figures: printed, not judged ---- */

enum { ROUNDS = 15 };

static int compare_ns(const void *a, const void *b)
{
    sb_ns left = *(const sb_ns *)a, right = *(const sb_ns *)b;

    return (left > right) - (left < right);
}

static double median_ms(sb_ns times[static ROUNDS])
{
    qsort(times, ROUNDS, sizeof(*times), compare_ns);
    return (double)times[ROUNDS / 2] / 1e6;
}

static void print_figures(void)
{
    struct sb_error error = { 0 };
    sb_ns opens[ROUNDS], navigations[ROUNDS], reads[ROUNDS], closes[ROUNDS], at;
    struct sb_browser *fresh = NULL;
    const struct sb_op op = within(60000);
    sb_ns launch = 0;

    if (sb_browser_create(&fresh, &setup_wanted, &error) == SB_OK) {
        at = sb_now();
        if (fresh->ops->check(fresh, &op, &error) == SB_OK)
            launch = sb_now() - at;
        fresh->ops->close(fresh);
    }
    for (int i = 0; i < ROUNDS; i++) {
        char *json = NULL;
        at = sb_now();
        struct sb_context *context = open_context();
        opens[i] = sb_now() - at;
        (void)go(context, "/plain");
        at = sb_now();
        (void)go(context, "/list");
        navigations[i] = sb_now() - at;
        at = sb_now();
        expect_code(browser->ops->extract(context, ".item", item_fields, SB_LEN(item_fields), true, 20, &op, &json, &error), SB_OK, &error);
        reads[i] = sb_now() - at;
        free(json);
        at = sb_now();
        browser->ops->close_context(browser, context);
        closes[i] = sb_now() - at;
    }
    print_message("# browser p50 ms: launch %.0f (one), open context %.1f, navigate %.1f, extract %.1f, close context %.1f\n",
                  (double)launch / 1e6, median_ms(opens), median_ms(navigations), median_ms(reads), median_ms(closes));
}

static void browser__close_leaves_no_process_of_its_group(void **state)
{
    (void)state;
    struct sb_browser_stats stats;
    print_figures();
    (void)open_at("/plain"); /* left open on purpose */
    browser->ops->stats(browser, &stats);
    int group = group_of(stats.pid);
    assert_true(group > 1 && group_members(group) > 1);
    browser->ops->close(browser);
    browser = NULL;
    for (int i = 0; i < 100 && group_members(group) > 0; i++)
        pause_ms(20);
    assert_int_equal(group_members(group), 0);
}

static int tear_down(void **state)
{
    (void)state;
    if (browser != NULL)
        browser->ops->close(browser);
    server_stop(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(browser__check_gets_an_answer),
        cmocka_unit_test(go__reports_status_and_final_address),
        cmocka_unit_test(go__waits_for_slow_documents_and_subresources),
        cmocka_unit_test(go__says_why_no_document_came),
        cmocka_unit_test(go__wins_over_a_page_that_moves_on_by_itself),
        cmocka_unit_test(go__refuses_hosts_which_are_not_allowed),
        cmocka_unit_test(wait__succeeds_when_the_element_appears_later),
        cmocka_unit_test(wait__goes_on_in_the_next_document),
        cmocka_unit_test(wait__times_out_with_a_text_that_names_the_selector),
        cmocka_unit_test(click__reaches_a_listener_as_a_trusted_event),
        cmocka_unit_test(click__waits_until_what_covers_the_element_is_gone),
        cmocka_unit_test(click__refuses_what_a_person_could_not_click),
        cmocka_unit_test(type__replaces_the_text_and_fires_input_events),
        cmocka_unit_test(press__enter_submits_the_form),
        cmocka_unit_test(press__keys_arrive_by_name_and_unknown_ones_are_refused),
        cmocka_unit_test(scroll__moves_the_page),
        cmocka_unit_test(extract__gives_a_typed_list),
        cmocka_unit_test(extract__names_the_field_that_is_missing_or_of_another_type),
        cmocka_unit_test(extract__selectors_are_data_and_never_code),
        cmocka_unit_test(capture__returns_the_response_although_the_page_moves_on),
        cmocka_unit_test(screenshot__is_a_png_and_source_is_cut),
        cmocka_unit_test(dialogs__do_not_stop_the_page),
        cmocka_unit_test(popups__are_closed_before_they_ask_for_anything),
        cmocka_unit_test(contexts__do_not_share_cookies),
        cmocka_unit_test(browser__close_leaves_no_process_of_its_group),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

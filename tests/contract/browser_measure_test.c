/* The contract of the browser port against real Chromium: what the page of a context uses. */
#include "browser_support.h"

static int set_up(void **state)
{
    struct sb_error error = { 0 };

    (void)state;
    choose_browser();
    return server_start(&server, pages, SB_LEN(pages)) && sb_browser_create(&browser, &setup_wanted, &error) == SB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    if (browser != NULL)
        browser->ops->close(browser);
    server_stop(&server);
    return 0;
}

static struct sb_page_usage measure(struct sb_context *context)
{
    struct sb_page_usage usage = { .cpu = -1 };
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    expect_code(browser->ops->measure(context, &op, &usage, &error), SB_OK, &error);
    assert_true(usage.heap_bytes > 0);
    assert_true(usage.cpu >= 0);
    return usage;
}

static void measure__tells_what_the_page_of_this_context_uses(void **state)
{
    (void)state;
    struct sb_context *light = open_at("/plain"), *heavy = open_at("/heavy");
    const struct sb_page_usage small = measure(light), large = measure(heavy);
    assert_true(large.heap_bytes > small.heap_bytes + (8 << 20));
    assert_true(large.cpu > 0);
    const struct sb_page_usage again = measure(heavy);
    assert_true(again.cpu >= large.cpu);
    (void)go(heavy, "/list"); /* and the page is none the worse for it */
    browser->ops->close_context(browser, light);
    browser->ops->close_context(browser, heavy);
}

static void measure__of_a_page_that_is_busy_ends_with_its_deadline(void **state)
{
    (void)state;
    struct sb_context *context = open_context();
    struct sb_page_usage usage = { 0 };
    struct sb_error error = { 0 };
    struct sb_op op = within(1000);
    assert_int_not_equal(browser->ops->go(context, address("/endless"), &op, NULL, &error), SB_OK);
    op = within(300);
    expect_code(browser->ops->measure(context, &op, &usage, &error), SB_ERR_TIMEOUT, &error); /* never asked before: it would have to begin */
    assert_true(usage.heap_bytes == 0);
    browser->ops->close_context(browser, context); /* closes all the same, and the others go on */
    struct sb_context *other = open_at("/plain");
    (void)measure(other);
    browser->ops->close_context(browser, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measure__tells_what_the_page_of_this_context_uses),
        cmocka_unit_test(measure__of_a_page_that_is_busy_ends_with_its_deadline),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

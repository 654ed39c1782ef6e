/* The panes whose text others read: the content queue and the nodes. What they show, how old it is, and what keys decide about. */
#include "tests/unit/tui_panes/desk.h"

static void show_content(const char *text)
{
    sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0, text, "", now);
}

static void content__is_polled_while_it_is_seen_and_q_goes_back(void **state)
{
    (void)state;
    press('2');
    assert_int_equal(sb_screen_polls(screen), SB_SCREEN_PAGE_NONE);
    press('7');
    assert_int_equal(sb_screen_polls(screen), SB_SCREEN_PAGE_CONTENT);
    assert_shows("being read");
    show_content("1 drafts to approve\n= uncertain: 1\nrow a\x1b[2Jbc\n");
    assert_shows(">7 Content< 1 drafts to approve");
    assert_shows("0s old");
    assert_shows("= uncertain: 1");
    assert_hides("\x1b");
    press('q');
    assert_int_equal(sb_screen_polls(screen), SB_SCREEN_PAGE_NONE);
    assert_hides("= uncertain: 1");
    assert_shows(">2 Contexts & lanes<");
}

/* A store that does not answer leaves the last text there, and says how old it is and why. */
static void content__that_is_not_read_any_more_says_stale_with_its_age(void **state)
{
    (void)state;
    press('7');
    sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0, NULL, "the store does not answer", now);
    assert_shows("the store does not answer");
    show_content("2 drafts to approve\n= drafts: 2\n");
    wait_for(SB_S(2));
    assert_hides("STALE");
    wait_for(SB_S(10));
    sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0, NULL, "the store is gone", now);
    assert_shows("STALE 12s 2 drafts to approve; the store is gone");
    assert_shows("= drafts: 2");
    show_content("3 drafts to approve\n= drafts: 3\n");
    assert_hides("STALE");
    assert_shows("= drafts: 3");
}

static void content__a_frozen_picture_keeps_its_text(void **state)
{
    (void)state;
    press('7');
    press('F');
    assert_int_equal(sb_screen_polls(screen), SB_SCREEN_PAGE_CONTENT); /* there is none yet */
    show_content("none\n= drafts: 2\n");
    assert_int_equal(sb_screen_polls(screen), SB_SCREEN_PAGE_NONE);
    press('F');
    assert_int_equal(sb_screen_polls(screen), SB_SCREEN_PAGE_CONTENT);
}

static const char two_drafts[] =
    "2 drafts\n= drafts: 2\n7f3a-1  single of me\n    \"first\"\n7f3a-2  single of me\n    \"second\"\n= queued: 0\n";

static void content__a_verdict_is_on_the_row_under_the_cursor(void **state)
{
    (void)state;
    press('7');
    show_content(two_drafts);
    assert_shows(">= drafts: 2");
    press('A');
    assert_int_equal(answer.verdict, SB_SCREEN_VERDICT_NONE);
    assert_shows("no content row is under the cursor");
    type("jjjj");
    assert_shows(">    \"second\"");
    press('A');
    assert_int_equal(answer.verdict, SB_SCREEN_APPROVE);
    assert_string_equal(answer.content_id, "7f3a-2");
    show_content(two_drafts);
    sb_screen_say(screen, false, "content row 7f3a-2 approved", now);
    assert_shows(">    \"second\""); /* the cursor stays */
    assert_shows("7f3a-2 approved");
    type("kkk");
    press('x');
    assert_int_equal(answer.verdict, SB_SCREEN_REJECT);
    assert_string_equal(answer.content_id, "7f3a-1");
    press('G');
    press('x');
    assert_int_equal(answer.verdict, SB_SCREEN_VERDICT_NONE); /* a headline is no row */
}

/* It is read anew every second: what a key decides about must not change between the look and the key. */
static void content__the_cursor_stays_on_its_row_when_the_text_changes(void **state)
{
    (void)state;
    press('7');
    show_content(two_drafts);
    type("jjjj");
    draw();
    show_content("3 drafts\n= uncertain: 0\n\n= drafts: 3\n00-9  single of me\n    \"new\"\n7f3a-1  single of me\n    \"first\"\n"
                 "7f3a-2  single of me\n    \"second\"\n");
    assert_shows(">    \"second\"");
    sb_screen_key(screen, (struct sb_key){'A'}, now, &answer);
    assert_string_equal(answer.content_id, "7f3a-2");
    grid.cols = 12; /* folded otherwise */
    draw();
    sb_screen_key(screen, (struct sb_key){'A'}, now, &answer);
    assert_string_equal(answer.content_id, "7f3a-2");
}

static void content__keys_that_meant_a_row_which_has_just_gone_are_refused(void **state)
{
    (void)state;
    press('7');
    show_content(two_drafts);
    type("jjj");
    draw();
    show_content("1 drafts\n= drafts: 1\n7f3a-1  single of me\n    \"first\"\n7f3a-3  single of me\n    \"third\"\n");
    draw();
    now.mono += SB_MS(100);
    sb_screen_key(screen, (struct sb_key){'x'}, now, &answer);
    assert_int_equal(answer.verdict, SB_SCREEN_VERDICT_NONE);
    assert_shows("has just gone");
    press('x');
    assert_int_equal(answer.verdict, SB_SCREEN_REJECT);
    assert_string_equal(answer.content_id, "7f3a-3");
}

static void content__an_uncertain_row_is_settled_to_the_post_under_the_cursor(void **state)
{
    static const char text[] = "1 uncertain\n= in flight or uncertain: 1\n7f3a-1  single of me\n    \"mine\"\n"
                               "    may be post 901, 3s ago\n    \"close to mine\"\n";
    static const char more[] = "1 uncertain\n= in flight or uncertain: 1\n7f3a-1  single of me\n    \"mine\"\n"
                               "    may be post 900, 9s ago\n    \"other\"\n    may be post 901, 4s ago\n    \"close to mine\"\n";
    (void)state;
    press('7');
    show_content(text);
    press('j');
    press('S');
    assert_int_equal(answer.verdict, SB_SCREEN_VERDICT_NONE);
    assert_shows("no post is under the cursor");
    press('j');
    press('j');
    press('S');
    assert_int_equal(answer.verdict, SB_SCREEN_SETTLE);
    assert_string_equal(answer.content_id, "7f3a-1");
    assert_string_equal(answer.post_id, "901");
    show_content(more);
    press('S');
    assert_string_equal(answer.post_id, "901"); /* not the one that came between */
}

static void assert_order(const char *first, const char *second)
{
    const char *const shown = draw(), *const one = strstr(shown, first), *const two = strstr(shown, second);
    if (one == NULL || two == NULL || one > two)
        fail_msg("\"%s\" does not stand before \"%s\":\n%s", first, second, picture);
}

static void content__is_sorted_inside_its_parts_and_the_cursor_goes_with_its_row(void **state)
{
    static const char text[] = "3 drafts\n= drafts: 3\n7c  thread of me\n    \"seven\"\n    \"more\"\n2a  single of you\n    \"two\"\n"
                               "5b  single of me\n    \"five\"\n\n= queued: 1\n1a  reply of me\n    \"one\"";
    (void)state;
    press('7');
    show_content(text);
    type("jjjjjj");
    assert_shows(">5b  single of me");
    assert_order("7c  ", "2a  ");
    press('>');
    assert_shows("sort:kind");
    assert_order("5b  single of me", "2a  single of you");
    assert_order("2a  single of you", "7c  thread");
    assert_order("\"seven\"", "\"more\"");
    assert_order("7c  thread", "= queued: 1"); /* no row leaves its part */
    assert_shows(">5b  single of me");
    press('A');
    assert_string_equal(answer.content_id, "5b");
    press('>');
    assert_shows("sort:id");
    assert_order("2a  ", "5b  ");
    assert_order("5b  ", "7c  ");
    press('I');
    assert_shows("sort:id inverted");
    assert_order("7c  ", "5b  ");
    assert_order("5b  ", "2a  ");
    assert_order("2a  ", "1a  ");
    assert_shows("\"one\"");
    press('o');
    assert_shows("Sort by");
    press('g');
    press(SB_KEY_ENTER);
    assert_hides("sort:");
    assert_order("7c  ", "2a  ");
    assert_shows(">5b  single of me");
}

static void content__of_more_rows_than_are_sorted_is_shown_all_the_same(void **state)
{
    static char text[1000 * 24 + 64];
    struct sb_text out;
    (void)state;
    sb_text_init(&out, text, sizeof text);
    sb_text_add(&out, "many\n= queued: 900\n");
    for (unsigned i = 0; i < 900; i++) {
        sb_text_add_u64(&out, 900 - i);
        sb_text_add(&out, "  single of me\n");
    }
    press('7');
    press('<'); /* the last one: by id */
    show_content(text);
    draw();
    press('G');
    assert_shows("901/901");
    assert_shows(">1  single of me");
}

static void nodes__are_filtered(void **state)
{
    static const char text[] = "2 nodes, this is a\na\tactive\t2h05m\t8.1s\t0.4s\t1 lent\t-\t1.4.2\tops1\t4121\n"
                               "b\tsilent\t9m02s\t-\t41s\t1/4 report/crunch\t17\t1.4.1\tops2\t77\nnobody stands by\n";
    (void)state;
    press('9');
    sb_screen_show_page(screen, SB_SCREEN_PAGE_NODES, 0, text, "", now);
    press('/');
    type("ops2");
    press(SB_KEY_ENTER);
    assert_shows("filter:ops2");
    assert_shows("silent");
    assert_hides("1 lent");
    assert_shows("nobody stands by");
    press('\\');
    assert_shows("1 lent");
}

static void nodes__are_rows_of_a_table_whose_columns_drop_from_the_right(void **state)
{
    static const char text[] = "2 nodes, this is a\na\tactive\t2h05m\t8.1s\t0.4s\t1 lent\t-\t1.4.2\tops1\t4121\n"
                               "b\x1b[1m\tsilent\t9m02s\t-\t41s\t1/4 report/crunch\t17\t1.4.1\tops2\t77\nnobody stands by\n";
    (void)state;
    press('9');
    assert_int_equal(sb_screen_polls(screen), SB_SCREEN_PAGE_NODES);
    sb_screen_show_page(screen, SB_SCREEN_PAGE_NODES, 0, text, "", now);
    assert_shows(">9 Nodes< 2 nodes, this is a");
    assert_shows("active      2h05m   8.1s   0.4s 1 lent                     -");
    assert_shows("41s 1/4 report/crunch         17");
    assert_hides("4121"); /* what it runs is worth more than its process id */
    assert_shows("silent");
    assert_shows("nobody stands by");
    assert_hides("\x1b");
    grid.cols = 62;
    assert_shows("active      2h05m   0.4s 1 lent");
    assert_hides("8.1s");
    wait_for(SB_S(5));
    assert_shows("STALE 5.0s 2 nodes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(content__is_polled_while_it_is_seen_and_q_goes_back),
        TEST(content__that_is_not_read_any_more_says_stale_with_its_age),
        TEST(content__a_frozen_picture_keeps_its_text),
        TEST(content__a_verdict_is_on_the_row_under_the_cursor),
        TEST(content__the_cursor_stays_on_its_row_when_the_text_changes),
        TEST(content__keys_that_meant_a_row_which_has_just_gone_are_refused),
        TEST(content__an_uncertain_row_is_settled_to_the_post_under_the_cursor),
        TEST(content__is_sorted_inside_its_parts_and_the_cursor_goes_with_its_row),
        TEST(content__of_more_rows_than_are_sorted_is_shown_all_the_same),
        TEST(nodes__are_filtered),
        TEST(nodes__are_rows_of_a_table_whose_columns_drop_from_the_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

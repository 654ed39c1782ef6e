/* Text of unknown origin on its way into cells. */
#include "signalbox/tui/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/base/hash.h"

enum { ROWS = 3, COLS = 20, REPLACED = 0xfffd };

static struct sb_grid_cell cells[ROWS * COLS];
static struct sb_grid grid = {.rows = ROWS, .cols = COLS, .cells = cells};

static struct sb_view fresh(bool is_ascii)
{
    memset(cells, 0, sizeof cells);
    const struct sb_view view = sb_view_whole(&grid, is_ascii);
    sb_view_clear(&view, SB_SLOT_TEXT);
    return view;
}

static void assert_cell(unsigned row, unsigned col, uint32_t code_point)
{
    assert_int_equal(cells[row * COLS + col].code_point, code_point);
}

static void assert_grid_is_sound(const struct sb_grid *any, bool is_ascii)
{
    for (unsigned row = 0; row < any->rows; row++) {
        for (unsigned col = 0; col < any->cols; col++) {
            const struct sb_grid_cell *const cell = &any->cells[row * any->cols + col];
            assert_true(cell->code_point >= 0x20 && cell->code_point != 0x7f && (cell->code_point < 0x80 || cell->code_point >= 0xa0));
            assert_true(!is_ascii || cell->code_point < 0x7f);
            assert_true(cell->slot < SB_SLOT_COUNT);
            if (cell->width == 2) {
                assert_true(col + 1 < any->cols);
                assert_int_equal(cell[1].width, 0);
            }
            if (cell->width == 0) {
                assert_true(col > 0);
                assert_int_equal(cell[-1].width, 2);
            }
        }
    }
}

static void text__escape_sequences_become_visible_marks(void **state)
{
    (void)state;
    const struct sb_view view = fresh(false);
    assert_int_equal(sb_view_text(&view, 0, 0, COLS, SB_SLOT_TEXT, "a\x1b[2Jb"), 6);
    assert_cell(0, 0, 'a');
    assert_cell(0, 1, REPLACED);
    assert_cell(0, 2, '[');
    assert_cell(0, 5, 'b');
}

static void text__osc_title_and_bell_become_visible_marks(void **state)
{
    (void)state;
    const struct sb_view view = fresh(true);
    sb_view_text(&view, 0, 0, COLS, SB_SLOT_TEXT, "\x1b]0;x\x07\x7f\r\n\t!");
    const char *const expected = "?]0;x?" "?" "?" "?" "?" "!";
    for (unsigned i = 0; expected[i] != '\0'; i++)
        assert_cell(0, i, (uint32_t)expected[i]);
}

static void text__c1_controls_as_utf8_become_visible_marks(void **state)
{
    (void)state;
    const struct sb_view view = fresh(false);
    sb_view_text(&view, 0, 0, COLS, SB_SLOT_TEXT, "\xc2\x9b" "31m");
    assert_cell(0, 0, REPLACED);
    assert_cell(0, 1, '3');
}

static void text__bidi_joiners_and_selectors_become_visible_marks(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0x061c, 0x200b, 0x200d, 0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069, 0xfe0f, 0xfeff, 0xe0041, 0x2028, 0x00ad};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(sb_view_glyph(bad[i], false).code_point, REPLACED);
        assert_int_equal(sb_view_glyph(bad[i], false).width, 1);
        assert_int_equal(sb_view_glyph(bad[i], true).code_point, '?');
    }
}

static void text__invalid_utf8_becomes_visible_marks_byte_by_byte(void **state)
{
    (void)state;
    const struct sb_view view = fresh(false);
    /* overlong slash, surrogate, lone continuation, cut sequence */
    assert_int_equal(sb_view_text(&view, 0, 0, COLS, SB_SLOT_TEXT, "\xc0\xaf|\xed\xa0\x80|\x80|\xe2\x82"), 11);
    assert_cell(0, 0, REPLACED);
    assert_cell(0, 1, REPLACED);
    assert_cell(0, 2, '|');
    assert_cell(0, 9, REPLACED);
    assert_cell(0, 10, REPLACED);
}

static void text__combining_marks_are_dropped(void **state)
{
    (void)state;
    const struct sb_view view = fresh(false);
    assert_int_equal(sb_view_text(&view, 0, 0, COLS, SB_SLOT_TEXT, "e\xcc\x81\xcc\x81\xcc\x81x"), 2);
    assert_cell(0, 0, 'e');
    assert_cell(0, 1, 'x');
}

static void text__wide_characters_are_never_cut_in_half(void **state)
{
    (void)state;
    const struct sb_view view = fresh(false);
    assert_int_equal(sb_view_text(&view, 0, 0, 3, SB_SLOT_TEXT, "\xe6\xbc\xa2\xe5\xad\x97"), 2);
    assert_cell(0, 0, 0x6f22);
    assert_int_equal(cells[1].width, 0);
    assert_cell(0, 2, ' ');
    sb_view_text(&view, 0, COLS - 1, 5, SB_SLOT_TEXT, "\xe6\xbc\xa2");
    assert_cell(0, COLS - 1, ' ');
    assert_grid_is_sound(&grid, false);
}

static void text__writing_over_half_of_a_wide_character_blanks_the_other_half(void **state)
{
    (void)state;
    const struct sb_view view = fresh(false);
    sb_view_text(&view, 0, 0, COLS, SB_SLOT_TEXT, "\xe6\xbc\xa2\xe5\xad\x97");
    sb_view_text(&view, 0, 1, 1, SB_SLOT_TEXT, "x");
    assert_cell(0, 0, ' ');
    assert_cell(0, 1, 'x');
    sb_view_text(&view, 0, 2, 1, SB_SLOT_TEXT, "y");
    assert_cell(0, 3, ' ');
    assert_int_equal(cells[3].width, 1);
    assert_grid_is_sound(&grid, false);
}

static void text__ten_thousand_characters_stay_in_their_field(void **state)
{
    (void)state;
    char *const text = malloc(10001);
    assert_non_null(text);
    memset(text, 'x', 10000);
    text[10000] = '\0';
    const struct sb_view view = fresh(false);
    const struct sb_view part = sb_view_part(&view, 1, 5, 1, 10);
    assert_int_equal(sb_view_text(&part, 0, 2, 1000, SB_SLOT_BAD, text), 8);
    sb_view_field(&part, 0, 0, 4, false, SB_SLOT_OK, text);
    free(text);
    assert_cell(1, 4, ' ');
    assert_cell(1, 8, 0x2026);
    assert_cell(1, 14, 'x');
    assert_cell(1, 15, ' ');
    assert_cell(0, 7, ' ');
    assert_cell(2, 7, ' ');
}

static void text__nothing_is_written_outside_the_view(void **state)
{
    (void)state;
    const struct sb_view view = fresh(false);
    const struct sb_view none = sb_view_part(&view, 7, 99, 4, 4);
    assert_int_equal(sb_view_text(&none, 0, 0, 5, SB_SLOT_TEXT, "abc"), 0);
    assert_int_equal(sb_view_text(&view, ROWS, 0, 5, SB_SLOT_TEXT, "abc"), 0);
    assert_int_equal(sb_view_text(&view, 0, COLS, 5, SB_SLOT_TEXT, "abc"), 0);
    sb_view_fill(&view, ROWS, 0, 5, 'x', 'x', SB_SLOT_TEXT);
    sb_view_paint(&view, 0, COLS, 5, SB_SLOT_BAD);
    for (unsigned i = 0; i < ROWS * COLS; i++)
        assert_int_equal(cells[i].code_point, ' ');
}

static void text__ascii_screens_get_no_byte_above_7e(void **state)
{
    (void)state;
    const struct sb_view view = fresh(true);
    sb_view_text(&view, 0, 0, COLS, SB_SLOT_TEXT, "\xe6\xbc\xa2 \xc3\xa9 \xe2\x98\x83 ok");
    sb_view_title(&view, 1, '1', "Jobs", "sort", "1-2/3", true);
    sb_view_rule(&view, 3);
    sb_view_join(&view);
    assert_grid_is_sound(&grid, true);
    assert_cell(0, 0, '?');
    assert_cell(0, 2, '?');
}

static void text__random_bytes_leave_a_sound_grid(void **state)
{
    (void)state;
    struct sb_rng rng = {.state = 20261123};
    char text[64];
    for (unsigned round = 0; round < 20000; round++) {
        const bool is_ascii = round % 2 == 0;
        const struct sb_view view = fresh(is_ascii);
        for (unsigned i = 0; i < 6; i++) {
            for (unsigned at = 0; at < sizeof text; at++)
                text[at] = (char)sb_rng_next(&rng);
            if (i % 2 == 0) { /* valid sequences of random code points reach what random bytes seldom do */
                static const char *const samples[] = {"\xe6\xbc\xa2", "\xf0\x9f\x98\x80", "\xe2\x80\x8d", "\xef\xb8\x8f", "a", "\xcc\x81", "\x1b"};
                size_t used = 0;
                while (used + 4 < sizeof text) {
                    const char *const sample = samples[sb_rng_below(&rng, 7)];
                    memcpy(text + used, sample, strlen(sample));
                    used += strlen(sample);
                }
            }
            const struct sb_view part = sb_view_part(&view, (unsigned)sb_rng_below(&rng, 4), (unsigned)sb_rng_below(&rng, 22),
                                                     (unsigned)sb_rng_below(&rng, 4), (unsigned)sb_rng_below(&rng, 22));
            sb_view_text_n(&part, 0, (unsigned)sb_rng_below(&rng, 22), (unsigned)sb_rng_below(&rng, 30), SB_SLOT_BAD, text, sizeof text);
        }
        assert_grid_is_sound(&grid, is_ascii);
    }
}

static void view__rules_join_where_they_meet(void **state)
{
    (void)state;
    const struct sb_view view = fresh(false);
    const struct sb_view left = sb_view_part(&view, 0, 0, 3, 5), right = sb_view_part(&view, 0, 5, 3, 15);
    sb_view_title(&left, 1, '\0', "a", "", "", false);
    sb_view_rule(&right, 0);
    sb_view_join(&view);
    assert_cell(0, 5, 0x2502);
    assert_cell(1, 5, 0x2524);
    assert_cell(2, 5, 0x2502);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__escape_sequences_become_visible_marks),
        cmocka_unit_test(text__osc_title_and_bell_become_visible_marks),
        cmocka_unit_test(text__c1_controls_as_utf8_become_visible_marks),
        cmocka_unit_test(text__bidi_joiners_and_selectors_become_visible_marks),
        cmocka_unit_test(text__invalid_utf8_becomes_visible_marks_byte_by_byte),
        cmocka_unit_test(text__combining_marks_are_dropped),
        cmocka_unit_test(text__wide_characters_are_never_cut_in_half),
        cmocka_unit_test(text__writing_over_half_of_a_wide_character_blanks_the_other_half),
        cmocka_unit_test(text__ten_thousand_characters_stay_in_their_field),
        cmocka_unit_test(text__nothing_is_written_outside_the_view),
        cmocka_unit_test(text__ascii_screens_get_no_byte_above_7e),
        cmocka_unit_test(text__random_bytes_leave_a_sound_grid),
        cmocka_unit_test(view__rules_join_where_they_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

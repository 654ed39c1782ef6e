/* Tables: columns that fit, rows that are visible. */
#include "signalbox/tui/widgets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct sb_column columns[] = {
    {.title = "STATE", .width = 5},
    {.title = "NAME", .width = 10},
    {.title = "P95", .width = 5, .drop = 2, .is_right = true},
    {.title = "OK", .width = 3, .drop = 1, .is_right = true},
    {.title = "ERROR", .width = 6, .is_flex = true},
};

enum { ROWS = 5, COLS = 50 };
static struct sb_grid_cell cells[ROWS * COLS];
static struct sb_grid grid = {.rows = ROWS, .cols = COLS, .cells = cells};

static void number_cell(const void *context, uint32_t row, unsigned column, struct sb_text *text, enum sb_slot *slot)
{
    (void)context;
    sb_text_add_u64(text, row);
    sb_text_add(text, ".");
    sb_text_add_u64(text, column);
    *slot = column == 0 ? SB_SLOT_BAD : SB_SLOT_TEXT;
}

static void row_text(unsigned row, char *out)
{
    for (unsigned i = 0; i < COLS; i++)
        out[i] = (char)cells[row * COLS + i].code_point;
    out[COLS] = '\0';
}

static void table__shows_every_column_when_there_is_room(void **state)
{
    (void)state;
    struct sb_table_plan plan;
    sb_table_plan(&plan, columns, 5, 60);
    assert_int_equal(plan.count, 5);
    assert_int_equal(plan.start[4] + plan.width[4], 60); /* the flexible column takes the rest */
}

static void table__drops_columns_by_rank_until_the_rest_fits(void **state)
{
    (void)state;
    struct sb_table_plan plan;
    sb_table_plan(&plan, columns, 5, 30);
    assert_int_equal(plan.count, 4);
    assert_int_equal(plan.column[2], 3); /* P95 went first */
    sb_table_plan(&plan, columns, 5, 26);
    assert_int_equal(plan.count, 3);
    assert_int_equal(plan.column[2], 4);
}

static void table__cuts_what_cannot_be_dropped(void **state)
{
    (void)state;
    for (unsigned cols = 0; cols < 30; cols++) {
        struct sb_table_plan plan;
        sb_table_plan(&plan, columns, 5, cols);
        for (unsigned i = 0; i < plan.count; i++)
            assert_true(plan.start[i] + plan.width[i] <= cols);
    }
}

static void scroll__keeps_the_selection_in_the_window(void **state)
{
    (void)state;
    struct sb_scroll scroll = {0, 0};
    sb_scroll_move(&scroll, 7, 20);
    sb_scroll_fit(&scroll, 20, 5);
    assert_int_equal(scroll.selected, 7);
    assert_int_equal(scroll.top, 3);
    sb_scroll_move(&scroll, -100, 20);
    sb_scroll_fit(&scroll, 20, 5);
    assert_int_equal(scroll.top, 0);
    sb_scroll_move(&scroll, INT64_MAX, 20);
    sb_scroll_fit(&scroll, 20, 5);
    assert_int_equal(scroll.selected, 19);
    assert_int_equal(scroll.top, 15);
}

static void scroll__survives_a_list_that_shrinks(void **state)
{
    (void)state;
    struct sb_scroll scroll = {.top = 15, .selected = 19};
    sb_scroll_fit(&scroll, 3, 5);
    assert_int_equal(scroll.selected, 2);
    assert_int_equal(scroll.top, 0);
    sb_scroll_fit(&scroll, 0, 5);
    assert_int_equal(scroll.selected, 0);
}

static void table__draws_only_visible_rows_and_parks_the_cursor(void **state)
{
    (void)state;
    const struct sb_view view = sb_view_whole(&grid, true);
    sb_view_clear(&view, SB_SLOT_TEXT);
    const struct sb_table table = {.columns = columns, .column_count = 5, .cell = number_cell, .total = 100, .has_header = true,
                                   .has_selection = true, .has_focus = true};
    struct sb_scroll scroll = {.top = 0, .selected = 50};
    assert_int_equal(sb_table_draw(&view, &table, &scroll), 4);
    char text[COLS + 1];
    row_text(0, text);
    assert_string_equal(text, " STATE NAME         P95  OK ERROR                 ");
    row_text(4, text);
    assert_string_equal(text, ">50.0  50.1        50.2 50~ 50.4                  ");
    assert_int_equal(grid.cursor_row, 4);
    assert_int_equal(cells[4 * COLS + 1].slot, SB_SLOT_BAD);
    assert_int_equal(cells[4 * COLS + 5].slot, SB_SLOT_SELECTED); /* behind the state: the bar has no hole */
    assert_int_equal(cells[4 * COLS + 8].slot, SB_SLOT_SELECTED);
}

static void gauge__shows_something_for_little_and_not_full_for_nearly(void **state)
{
    (void)state;
    const struct sb_view view = sb_view_whole(&grid, true);
    char text[COLS + 1];
    sb_view_clear(&view, SB_SLOT_TEXT);
    sb_gauge_draw(&view, 0, 0, 12, 1, SB_SLOT_GAUGE);
    sb_gauge_draw(&view, 0, 12, 12, 999, SB_SLOT_GAUGE);
    sb_gauge_draw(&view, 0, 24, 12, 5000, SB_SLOT_GAUGE);
    sb_gauge_draw(&view, 0, 36, 12, 0, SB_SLOT_GAUGE);
    row_text(0, text);
    assert_string_equal(text, "[#.........][#########.][##########][..........]  ");
}

static void spark__scales_to_the_largest_and_keeps_the_newest(void **state)
{
    (void)state;
    const struct sb_view view = sb_view_whole(&grid, true);
    char text[COLS + 1];
    const int64_t values[] = {INT64_MAX, 0, 100, 50, 200};
    sb_view_clear(&view, SB_SLOT_TEXT);
    sb_spark_draw(&view, 0, 0, 4, values, 5, SB_SLOT_OK);
    row_text(0, text);
    text[5] = '\0';
    assert_string_equal(text, ".=:% ");
    sb_spark_draw(&view, 0, 0, 9, values, 5, SB_SLOT_OK);
    assert_int_equal(cells[0].code_point, '%');
}

static void dialog__keeps_its_question_at_any_size(void **state)
{
    (void)state;
    const struct sb_dialog_text dialog = {.title = "Kill", .line_count = 2, .lines = {"one", "two"}, .question = "y yes",
        .field_count = 2, .fields = {{"why:", "a reason that is longer than the box is wide, by far", false}, {">", "po", true}}};
    for (unsigned rows = 1; rows <= ROWS; rows++) {
        for (unsigned cols = 1; cols <= COLS; cols++) {
            const struct sb_view whole = sb_view_whole(&grid, true);
            sb_view_clear(&whole, SB_SLOT_TEXT);
            const struct sb_view view = sb_view_part(&whole, 0, 0, rows, cols);
            sb_dialog_draw(&view, &dialog);
            bool has_question = false;
            for (unsigned i = 0; i < ROWS * COLS; i++)
                has_question = has_question || (cells[i].slot == SB_SLOT_PROMPT && cells[i].code_point == 'y');
            assert_true(has_question);
            assert_true(grid.cursor_row < ROWS && grid.cursor_col < COLS);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table__shows_every_column_when_there_is_room),
        cmocka_unit_test(table__drops_columns_by_rank_until_the_rest_fits),
        cmocka_unit_test(table__cuts_what_cannot_be_dropped),
        cmocka_unit_test(scroll__keeps_the_selection_in_the_window),
        cmocka_unit_test(scroll__survives_a_list_that_shrinks),
        cmocka_unit_test(table__draws_only_visible_rows_and_parks_the_cursor),
        cmocka_unit_test(gauge__shows_something_for_little_and_not_full_for_nearly),
        cmocka_unit_test(spark__scales_to_the_largest_and_keeps_the_newest),
        cmocka_unit_test(dialog__keeps_its_question_at_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

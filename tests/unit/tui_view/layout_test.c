/* The layout's promise: the boxes tile the grid at every size. */
#include "signalbox/tui/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static unsigned char cover[200][500];

static void check_tiles(unsigned rows, unsigned cols, const struct sb_layout_wish *wish)
{
    struct sb_layout layout;
    sb_layout_make(&layout, rows, cols, wish);
    memset(cover, 0, sizeof cover);
    for (unsigned area = 0; area < SB_AREA_COUNT; area++) {
        const struct sb_box box = layout.boxes[area];
        assert_true(box.row + box.rows <= rows);
        assert_true(box.col + box.cols <= cols);
        for (unsigned row = box.row; row < (unsigned)box.row + box.rows; row++) {
            for (unsigned col = box.col; col < (unsigned)box.col + box.cols; col++)
                cover[row][col]++;
        }
    }
    for (unsigned row = 0; row < rows; row++) {
        for (unsigned col = 0; col < cols; col++) {
            if (cover[row][col] != 1)
                fail_msg("%ux%u: cell %u,%u is covered %u times", cols, rows, row, col, cover[row][col]);
        }
    }
}

static void layout__tiles_every_size_without_overlap(void **state)
{
    (void)state;
    for (unsigned rows = 1; rows <= 60; rows++) {
        for (unsigned cols = 1; cols <= 220; cols++) {
            const struct sb_layout_wish few = {.jobs = 0, .contexts = 0, .alerts = 0, .zoom = SB_AREA_NONE};
            const struct sb_layout_wish many = {.jobs = 10000, .contexts = 18, .alerts = 256, .zoom = SB_AREA_NONE};
            check_tiles(rows, cols, &few);
            check_tiles(rows, cols, &many);
        }
    }
}

static void layout__tiles_the_largest_sizes(void **state)
{
    (void)state;
    for (unsigned rows = 44; rows <= 200; rows += 13) {
        for (unsigned cols = 160; cols <= 500; cols += 17) {
            for (unsigned jobs = 0; jobs <= 120; jobs += 6) {
                const struct sb_layout_wish wish = {.jobs = jobs, .contexts = jobs % 17, .alerts = jobs % 40, .zoom = SB_AREA_NONE};
                check_tiles(rows, cols, &wish);
            }
        }
    }
}

static void layout__tiles_every_size_when_zoomed(void **state)
{
    (void)state;
    for (unsigned rows = 1; rows <= 60; rows += 3) {
        for (unsigned cols = 1; cols <= 220; cols += 7) {
            for (unsigned area = SB_AREA_JOBS; area < SB_AREA_FOOTER; area++) {
                const struct sb_layout_wish wish = {.jobs = 30, .contexts = 4, .alerts = 3, .zoom = (enum sb_area)area};
                check_tiles(rows, cols, &wish);
            }
        }
    }
}

static void layout__keeps_alerts_and_jobs_from_six_rows_on(void **state)
{
    (void)state;
    const struct sb_layout_wish wish = {.jobs = 30, .contexts = 4, .alerts = 3, .zoom = SB_AREA_NONE};
    for (unsigned rows = 6; rows <= 60; rows++) {
        for (unsigned cols = 1; cols <= 220; cols += 3) {
            struct sb_layout layout;
            sb_layout_make(&layout, rows, cols, &wish);
            assert_true(layout.boxes[SB_AREA_HEADER].rows == 2);
            assert_true(layout.boxes[SB_AREA_JOBS].rows >= 2);
            assert_true(layout.boxes[SB_AREA_ALERTS].rows >= 2);
            if (!layout.is_tiny)
                assert_true(layout.boxes[SB_AREA_ALERTS].rows >= 3);
        }
    }
}

static void layout__shows_panes_one_to_six_at_80x24(void **state)
{
    (void)state;
    const struct sb_layout_wish wish = {.jobs = 30, .contexts = 4, .alerts = 3, .zoom = SB_AREA_NONE};
    struct sb_layout layout;
    sb_layout_make(&layout, 24, 80, &wish);
    for (unsigned area = SB_AREA_JOBS; area <= SB_AREA_LOG; area++)
        assert_true(layout.boxes[area].rows >= 2);
    assert_int_equal(layout.boxes[SB_AREA_DETAIL].rows, 0);
    assert_true(layout.boxes[SB_AREA_JOBS].rows >= 10);
}

static void layout__fits_29_jobs_the_detail_and_the_timeline_at_200x50(void **state)
{
    (void)state;
    const struct sb_layout_wish wish = {.jobs = 29, .contexts = 4, .alerts = 3, .zoom = SB_AREA_NONE};
    struct sb_layout layout;
    sb_layout_make(&layout, 50, 200, &wish);
    assert_true(layout.boxes[SB_AREA_JOBS].rows >= 31);
    assert_true(layout.boxes[SB_AREA_JOBS].cols >= 140); /* every column of the table */
    assert_true(layout.boxes[SB_AREA_DETAIL].rows >= 8);
    assert_true(layout.boxes[SB_AREA_TIMELINE].rows >= 8);
    for (unsigned area = SB_AREA_JOBS; area <= SB_AREA_DETAIL; area++)
        assert_true(layout.boxes[area].rows >= 4);
    assert_int_equal(layout.lent, SB_AREA_TIMELINE);
}

static void layout__gives_a_large_screen_the_whole_timeline_more_detail_and_more_log(void **state)
{
    (void)state;
    const struct sb_layout_wish wish = {.jobs = 29, .contexts = 4, .alerts = 3, .zoom = SB_AREA_NONE};
    struct sb_layout small, large;
    sb_layout_make(&small, 50, 200, &wish);
    sb_layout_make(&large, 120, 400, &wish);
    assert_true(large.boxes[SB_AREA_TIMELINE].rows >= 29 + 4 + 3);
    assert_true(large.boxes[SB_AREA_DETAIL].rows > 2 * small.boxes[SB_AREA_DETAIL].rows);
    assert_true(large.boxes[SB_AREA_LOG].rows > 4 * small.boxes[SB_AREA_LOG].rows);
}

/* A tall narrow terminal has room for them below the jobs. */
static void layout__puts_detail_and_timeline_below_few_jobs(void **state)
{
    (void)state;
    const struct sb_layout_wish wish = {.jobs = 8, .contexts = 3, .alerts = 1, .zoom = SB_AREA_NONE};
    struct sb_layout layout;
    sb_layout_make(&layout, 60, 80, &wish);
    assert_true(layout.boxes[SB_AREA_DETAIL].rows >= 8);
    assert_true(layout.boxes[SB_AREA_TIMELINE].rows >= 8);
    sb_layout_make(&layout, 24, 80, &wish);
    assert_int_equal(layout.boxes[SB_AREA_TIMELINE].rows, 0);
    assert_int_equal(layout.lent, SB_AREA_NONE);
}

static void layout__drops_the_log_before_the_services(void **state)
{
    (void)state;
    const struct sb_layout_wish wish = {.jobs = 30, .contexts = 4, .alerts = 3, .zoom = SB_AREA_NONE};
    struct sb_layout layout;
    sb_layout_make(&layout, 18, 80, &wish);
    assert_int_equal(layout.boxes[SB_AREA_LOG].rows, 0);
    assert_true(layout.boxes[SB_AREA_SERVICES].rows > 0);
    sb_layout_make(&layout, 14, 80, &wish);
    assert_int_equal(layout.boxes[SB_AREA_SERVICES].rows, 0);
    assert_true(layout.boxes[SB_AREA_ALERTS].rows >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout__tiles_every_size_without_overlap),
        cmocka_unit_test(layout__tiles_the_largest_sizes),
        cmocka_unit_test(layout__tiles_every_size_when_zoomed),
        cmocka_unit_test(layout__keeps_alerts_and_jobs_from_six_rows_on),
        cmocka_unit_test(layout__shows_panes_one_to_six_at_80x24),
        cmocka_unit_test(layout__fits_29_jobs_the_detail_and_the_timeline_at_200x50),
        cmocka_unit_test(layout__gives_a_large_screen_the_whole_timeline_more_detail_and_more_log),
        cmocka_unit_test(layout__puts_detail_and_timeline_below_few_jobs),
        cmocka_unit_test(layout__drops_the_log_before_the_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

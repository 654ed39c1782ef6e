/* Random events, keys, texts and sizes: nothing is written outside the grid, nor by a pane outside its box, every cell stays printable, nothing
 * fails. Bounded and seeded. */
#include "signalbox/tui/keys.h"
#include "signalbox/tui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/base/hash.h"
#include "tests/golden/scene.h"
#include "tui/panes/panes.h"

enum { ROWS_MAX = 60, COLS_MAX = 220, ROWS_HUGE = 200, COLS_HUGE = 500, GUARD = 512, ROUNDS = 400, EVENTS_PER_ROUND = 60, KEYS_PER_ROUND = 6,
       TEXT_MAX = 4096, BOX_ROUNDS = 60 };

static struct sb_rng rng = {.state = 20261123};

static uint64_t below(uint64_t bound)
{
    return sb_rng_below(&rng, bound);
}

/* Mostly small numbers that meet each other, at times anything. */
static uint64_t number(void)
{
    return below(8) == 0 ? sb_rng_next(&rng) : below(40);
}

static void random_text(char *out, size_t cap)
{
    const size_t size = (size_t)below(cap);
    for (size_t i = 0; i < size; i++)
        out[i] = below(4) == 0 ? (char)sb_rng_next(&rng) : (char)('a' + (char)below(26));
    out[size] = '\0';
}

static void random_field(const struct sb_field *field, unsigned char *payload)
{
    unsigned char *const at = payload + field->offset;
    if (field->type == SB_FIELD_name || field->type == SB_FIELD_note) {
        random_text((char *)at, field->type == SB_FIELD_name ? SB_NAME_MAX : SB_NOTE_MAX);
    } else if (field->type == SB_FIELD_flag) {
        const bool value = below(2) == 1;
        memcpy(at, &value, sizeof value);
    } else if (field->type == SB_FIELD_job) {
        const uint16_t value = below(20) == 0 ? (uint16_t)sb_rng_next(&rng) : (uint16_t)below(12);
        memcpy(at, &value, sizeof value);
    } else {
        const uint64_t value = field->type >= SB_FIELD_category ? below(14) : number();
        memcpy(at, &value, sb_field_size(field->type)); /* little endian: the low bytes */
    }
}

static void random_event(struct sb_event *event, uint64_t seq, sb_ns now)
{
    memset(event, 0, sizeof *event);
    event->seq = below(10) == 0 ? 0 : seq;
    event->now = now;
    event->wall.ns = SCENE_WALL + now;
    event->kind = (uint16_t)below(SB_EVENT_COUNT);
    const struct sb_kind_info *const info = &sb_event_infos[event->kind];
    for (unsigned i = 0; i < info->field_count; i++)
        random_field(&info->fields[i], (unsigned char *)&event->as);
}

/* An answer about the past as a hostile other side might make it. */
static void random_findings(struct sb_findings *found, const struct sb_lookup *lookup)
{
    memset(found, 0, sizeof *found);
    found->number = lookup->number;
    found->kind = lookup->kind;
    found->code = below(8) == 0 ? SB_ERR_TIMEOUT : SB_OK;
    found->is_newest = below(2) == 0;
    found->is_oldest = below(2) == 0;
    found->run_count = (uint32_t)number();
    found->step_count = (uint32_t)number();
    found->event_count = (uint32_t)number();
    for (unsigned i = 0; i < SB_LOOKUP_PAGE; i++) {
        struct sb_past_run *const run = &found->runs[i];
        *run = (struct sb_past_run){.id = number(), .nominal.ns = (int64_t)number(), .queued.ns = (int64_t)number(), .ended.ns = (int64_t)number(),
                                    .started.ns = (int64_t)number(), .duration = (int64_t)number(), .state = (uint8_t)below(20),
                                    .cause = (uint8_t)below(20), .class = (uint8_t)below(20), .attempt = (uint8_t)number()};
        random_text(run->job, SB_NAME_MAX);
        random_text(run->error, SB_NOTE_MAX);
    }
    for (unsigned i = 0; i < SB_LOOKUP_STEPS_MAX; i++) {
        struct sb_past_step *const step = &found->steps[i];
        *step = (struct sb_past_step){.step = (uint8_t)number(), .attempt = (uint8_t)number(), .state = (uint8_t)below(20), .ctx = (uint16_t)number(),
                                      .class = (uint8_t)below(20), .duration = (int64_t)number(), .rows = (int64_t)number()};
        random_text(step->name, SB_NAME_MAX);
        random_text(step->text, SB_NOTE_MAX);
    }
    for (unsigned i = 0; i < SB_LOOKUP_EVENTS_MAX; i++) {
        random_event(&found->events[i].event, number(), (sb_ns)below(1U << 30));
        random_text(found->events[i].job, SB_NAME_MAX);
    }
    random_text(found->text, SB_LOOKUP_TEXT_MAX);
}

static uint32_t random_key(void)
{
    if (below(6) == 0)
        return SB_KEY_ENTER; /* into the views */
    if (below(3) == 0)
        return sb_keymap[below(SB_KEY_ACTION_COUNT)].keys[0];
    return below(4) == 0 ? (uint32_t)below(0x110020) : (uint32_t)below(128);
}

/* What others read for a pane: lines, tabs, ids, and anything else. */
static const char *random_page(enum sb_screen_page page, unsigned turn)
{
    static char texts[SB_SCREEN_PAGE_COUNT][2][TEXT_MAX]; /* the one that is shown is borrowed until the next */
    static const char *const pieces[] = {"\n", "\t", "  ", "= part: 1\n", "\n7f3a-1  single of me\n", "    may be post 901, 3s ago\n", "\xe6\xbc\xa2",
                                         "active\t", "a-2  ", "\n\n"};
    struct sb_text text;
    sb_text_init(&text, texts[page][turn % 2], TEXT_MAX);
    for (uint64_t left = below(200); left > 0; left--) {
        if (below(2) == 0)
            sb_text_add(&text, pieces[below(SB_LEN(pieces))]);
        else
            sb_text_add_char(&text, (char)(1 + below(255)));
    }
    return texts[page][turn % 2];
}

static void show_pages(struct sb_screen *screen, sb_ns now)
{
    const struct sb_now at = {now, {SCENE_WALL + now}};
    const enum sb_screen_page page = below(2) == 0 ? SB_SCREEN_PAGE_CONTENT : SB_SCREEN_PAGE_NODES;
    static unsigned turns[SB_SCREEN_PAGE_COUNT];
    if (below(4) == 0)
        sb_screen_show_page(screen, page, 0, NULL, "the store does not answer", at);
    else
        sb_screen_show_page(screen, page, 0, random_page(page, turns[page]++), "", at);
}

static void check_grid(const struct sb_grid *grid, const struct sb_grid_cell *guard, bool is_ascii)
{
    for (unsigned i = 0; i < GUARD; i++)
        assert_int_equal(guard[i].code_point, 0xabcdef);
    assert_true(grid->cursor_row < grid->rows && grid->cursor_col < grid->cols);
    for (unsigned row = 0; row < grid->rows; row++) {
        for (unsigned col = 0; col < grid->cols; col++) {
            const struct sb_grid_cell *const cell = &grid->cells[(size_t)row * grid->cols + col];
            assert_true(cell->code_point >= 0x20 && (cell->code_point < 0x7f || (cell->code_point >= 0xa0 && !is_ascii)));
            assert_true(cell->slot < SB_SLOT_COUNT && cell->width <= 2);
            if (cell->width == 2)
                assert_true(col + 1U < grid->cols && cell[1].width == 0);
            if (cell->width == 0)
                assert_true(col > 0 && cell[-1].width == 2);
        }
    }
}

static void fuzz(bool is_ascii)
{
    static struct sb_grid_cell cells[ROWS_HUGE * COLS_HUGE + GUARD];
    static struct sb_findings found;
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "prod", .is_ascii = is_ascii};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    sb_ns now = SCENE_NOW;
    uint64_t seq = 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < EVENTS_PER_ROUND; i++) {
            struct sb_event event;
            random_event(&event, seq++, now);
            sb_screen_fold(screen, &event);
            now += (sb_ns)below((uint64_t)SB_S(2));
        }
        for (unsigned i = 0; i < KEYS_PER_ROUND; i++) {
            struct sb_screen_answer answer;
            struct sb_lookup lookup;
            now += (sb_ns)below((uint64_t)SB_S(1));
            sb_screen_key(screen, (struct sb_key){random_key()}, (struct sb_now){now, {SCENE_WALL + now}}, &answer);
            if (sb_screen_wants(screen, (struct sb_now){now, {SCENE_WALL + now}}, &lookup) && below(4) > 0) {
                random_findings(&found, &lookup);
                sb_screen_found(screen, &found, (struct sb_now){now, {SCENE_WALL + now}});
            }
            if (answer.has_command)
                sb_screen_posted(screen, seq, below(4) == 0 ? SB_ERR_FULL : SB_OK);
        }
        show_pages(screen, now);
        const bool is_huge = below(10) == 0;
        struct sb_grid grid = {.rows = (uint16_t)(1 + below(is_huge ? ROWS_HUGE : ROWS_MAX)),
                               .cols = (uint16_t)(1 + below(is_huge ? COLS_HUGE : COLS_MAX)), .cells = cells};
        struct sb_grid_cell *const guard = cells + (size_t)grid.rows * grid.cols;
        for (unsigned i = 0; i < GUARD; i++)
            guard[i].code_point = 0xabcdef;
        sb_screen_draw(screen, (struct sb_now){now, {SCENE_WALL + now}}, &grid);
        check_grid(&grid, guard, is_ascii);
        if (below(40) == 0)
            sb_screen_reset(screen);
    }
    sb_screen_destroy(screen);
}

static void screen__survives_random_events_keys_and_sizes_in_ascii(void **state)
{
    (void)state;
    fuzz(true);
}

static void screen__survives_random_events_keys_and_sizes_in_utf8(void **state)
{
    (void)state;
    fuzz(false);
}

/* A grid full of poison, and a box in it: a pane that writes beside its box is found, wherever it would have written. */
static void check_box(struct sb_screen *screen, unsigned pane, struct sb_box box, bool is_ascii)
{
    static struct sb_grid_cell cells[ROWS_MAX * COLS_MAX];
    static const struct sb_grid_cell poison = {.code_point = 0xabcdef, .slot = 250, .width = 1, .reserved = 0xbeef};
    struct sb_grid grid = {.rows = ROWS_MAX, .cols = COLS_MAX, .cells = cells};
    char text_buffer[SB_TITLE_MAX], right_buffer[SB_TITLE_MAX];
    struct sb_text text, right;
    for (unsigned i = 0; i < ROWS_MAX * COLS_MAX; i++)
        cells[i] = poison;
    sb_text_init(&text, text_buffer, sizeof text_buffer);
    sb_text_init(&right, right_buffer, sizeof right_buffer);
    const struct sb_view whole = sb_view_whole(&grid, is_ascii), view = sb_view_box(&whole, box);
    sb_pane_infos[pane].draw(screen, &view, &text, &right);
    for (unsigned row = 0; row < ROWS_MAX; row++) {
        for (unsigned col = 0; col < COLS_MAX; col++) {
            const bool is_inside = row >= box.row && row < box.row + box.rows && col >= box.col && col < box.col + box.cols;
            if (!is_inside && memcmp(&cells[row * COLS_MAX + col], &poison, sizeof poison) != 0)
                fail_msg("%s wrote at %u,%u, outside its box %ux%u at %u,%u", sb_pane_infos[pane].name, row, col, box.rows, box.cols,
                         box.row, box.col);
        }
    }
    if (box.rows > 0 && box.cols > 0 && (grid.cursor_row != 0 || grid.cursor_col != 0))
        assert_true(grid.cursor_row >= box.row && grid.cursor_row < box.row + box.rows && grid.cursor_col >= box.col &&
                    grid.cursor_col < box.col + box.cols);
}

static void pane__writes_only_into_its_box(void **state)
{
    (void)state;
    static struct sb_grid_cell cells[40 * 120];
    for (unsigned ascii = 0; ascii < 2; ascii++) {
        const struct sb_screen_setup setup = {.actor = "ana", .environment = "prod", .is_ascii = ascii == 1};
        struct sb_screen *const screen = sb_screen_create(&setup, NULL);
        assert_non_null(screen);
        sb_ns now = SCENE_NOW;
        for (unsigned round = 0; round < BOX_ROUNDS; round++) {
            for (unsigned i = 0; i < EVENTS_PER_ROUND; i++) {
                struct sb_event event;
                random_event(&event, round * EVENTS_PER_ROUND + i + 1, now);
                sb_screen_fold(screen, &event);
                now += (sb_ns)below((uint64_t)SB_S(2));
            }
            show_pages(screen, now);
            struct sb_grid grid = {.rows = 40, .cols = 120, .cells = cells};
            sb_screen_draw(screen, (struct sb_now){now, {SCENE_WALL + now}}, &grid); /* the order of jobs, the selection */
            for (unsigned pane = 0; pane < SB_PANE_COUNT; pane++) {
                const uint16_t rows = (uint16_t)below(ROWS_MAX + 1), cols = (uint16_t)below(COLS_MAX + 1);
                const struct sb_box box = {(uint16_t)below(ROWS_MAX - rows + 1), (uint16_t)below(COLS_MAX - cols + 1), rows, cols};
                screen->focus = (enum sb_pane)(below(2) == 0 ? pane : below(SB_PANE_COUNT));
                check_box(screen, pane, box, ascii == 1);
            }
        }
        sb_screen_destroy(screen);
    }
}

static void screen__draws_every_small_size(void **state)
{
    (void)state;
    static struct sb_grid_cell cells[30 * 90 + GUARD];
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "prod"};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    static struct scene scene;
    assert_non_null(screen);
    scene_init(&scene);
    scene_start(&scene);
    scene_job(&scene, 0, "posting", SB_CATEGORY_POSTING, 0, 5);
    scene_described(&scene);
    for (unsigned i = 0; i < scene.count; i++)
        sb_screen_fold(screen, &scene.events[i]);
    const struct sb_now now = {SCENE_NOW, {SCENE_WALL}};
    for (char pane = '1'; pane <= '9'; pane++) {
        struct sb_screen_answer answer;
        sb_screen_key(screen, (struct sb_key){(uint32_t)pane}, now, &answer);
        sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0, "1 drafts\n= drafts: 1\n7f3a-1  single of me\n    \"first\"\n", "", now);
        sb_screen_show_page(screen, SB_SCREEN_PAGE_NODES, 0, "1 node\na\tactive\t2h05m\t8.1s\t0.4s\t1 lent\t-\t1.4.2\tops1\t4121\n", "", now);
        for (uint16_t rows = 1; rows <= 30; rows++) {
            for (uint16_t cols = 1; cols <= 90; cols = (uint16_t)(cols + (pane == '1' ? 1 : 4))) {
                struct sb_grid grid = {.rows = rows, .cols = cols, .cells = cells};
                struct sb_grid_cell *const guard = cells + (size_t)rows * cols;
                for (unsigned i = 0; i < GUARD; i++)
                    guard[i].code_point = 0xabcdef;
                sb_screen_draw(screen, now, &grid);
                check_grid(&grid, guard, false);
            }
        }
    }
    sb_screen_destroy(screen);
}

int main(void)
{
    const char *const seed = getenv("FUZZ_SEED"); /* another walk, by hand */
    uint64_t value = 0;
    if (seed != NULL && sb_parse_u64(seed, &value))
        rng.state = value;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screen__survives_random_events_keys_and_sizes_in_ascii),
        cmocka_unit_test(screen__survives_random_events_keys_and_sizes_in_utf8),
        cmocka_unit_test(pane__writes_only_into_its_box),
        cmocka_unit_test(screen__draws_every_small_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Random events, keys and sizes: nothing is written outside the grid, every cell stays printable, nothing fails. Bounded and seeded. */
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

enum { ROWS_MAX = 60, COLS_MAX = 220, GUARD = 512, ROUNDS = 400, EVENTS_PER_ROUND = 60, KEYS_PER_ROUND = 6 };

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

static uint32_t random_key(void)
{
    if (below(3) == 0)
        return sb_keymap[below(SB_KEY_ACTION_COUNT)].keys[0];
    return below(4) == 0 ? (uint32_t)below(0x110020) : (uint32_t)below(128);
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
    static struct sb_grid_cell cells[ROWS_MAX * COLS_MAX + GUARD];
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
            now += (sb_ns)below((uint64_t)SB_S(1));
            sb_screen_key(screen, (struct sb_key){random_key()}, (struct sb_now){now, {SCENE_WALL + now}}, &answer);
            if (answer.has_command)
                sb_screen_posted(screen, seq, below(4) == 0 ? SB_ERR_FULL : SB_OK);
        }
        struct sb_grid grid = {.rows = (uint16_t)(1 + below(ROWS_MAX)), .cols = (uint16_t)(1 + below(COLS_MAX)), .cells = cells};
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
    for (uint16_t rows = 1; rows <= 30; rows++) {
        for (uint16_t cols = 1; cols <= 90; cols++) {
            struct sb_grid grid = {.rows = rows, .cols = cols, .cells = cells};
            struct sb_grid_cell *const guard = cells + (size_t)rows * cols;
            for (unsigned i = 0; i < GUARD; i++)
                guard[i].code_point = 0xabcdef;
            sb_screen_draw(screen, (struct sb_now){SCENE_NOW, {SCENE_WALL}}, &grid);
            check_grid(&grid, guard, false);
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
        cmocka_unit_test(screen__draws_every_small_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Hostile text in every text field of every kind of event, on every pane: no cell ever holds a control, a text direction or something
 * without width, and the picture is the one of the cleaned text and of nothing else. The fields come from the reflection tables, so a new
 * event or field is covered when it is there. */
#include "signalbox/tui/screen.h"
#include "signalbox/tui/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/base/text.h"
#include "tests/golden/incident.h"

enum { ROWS_MAX = 120, COLS_MAX = 400, GUARD = 256, LONG_TEXT = 10000 };

struct hostile {
    const char *name, *text;
    bool has_twin; /* ASCII, where every byte is one cell: then the cleaned text is as long, and cut and wrapped at the same places */
};

static const struct hostile texts[] = {
    {"clear screen", "\x1b[2J\x1b[H\x1b[31mred", true},
    {"title", "\x1b]0;owned\x07\x1b]2;owned\x1b\\", true},
    {"clipboard", "\x1b]52;c;b3duZWQ=\x07", true},
    {"questions", "\x1b[c\x1b[6n\x1b[>c\x1bZ\x05\x1bP+q544e\x1b\\", true},
    {"C0", "\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f", true},
    {"invalid UTF-8", "\xff\xfe\xc0\xaf|\xed\xa0\x80|\x80\x9b\x9d|\xe2\x82|\xf8\x88\x80", false},
    {"raw C1", "\x9b" "2J\x9d" "0;x\x9c\x90\x85\x8d", false},
    {"C1 as UTF-8", "\xc2\x9b" "2J\xc2\x9d" "0;x\xc2\x9c\xc2\x85", false},
    {"text directions", "\xe2\x80\xae" "drowssap\xe2\x80\xac\xe2\x81\xa6x\xe2\x81\xa9\xd8\x9c\xe2\x80\x8f", false},
    {"right to left", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd8\xb3\xd9\x84\xd8\xa7\xd9\x85", false},
    {"without width", "a\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xef\xbb\xbf\xe2\x81\xa0\xc2\xad" "b", false},
    {"emoji", "\xe2\x9a\xa0\xef\xb8\x8f"
              "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", false},
    {"combining", "Z\xcc\xb5\xcc\xa1\xcd\x80\xcd\xa0\xcc\x81\xcc\x82\xcc\x83" "a\xcc\x81\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7", false},
    {"wide", "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97", false},
    {"tags", "\xf3\xa0\x81\x81\xf3\xa0\x81\x82\xee\x80\x80\xf4\x8f\xbf\xbf", false},
    {"separators", "a\xe2\x80\xa8" "b\xe2\x80\xa9" "c\xe3\x80\x80" "d\xc2\xa0" "e", false},
};

static struct scene base;
static struct sb_grid_cell cells[ROWS_MAX * COLS_MAX + GUARD], twin_cells[ROWS_MAX * COLS_MAX + GUARD];
static char long_text[LONG_TEXT + 1];

/* Written down here and not asked of tui/view, which is what is tested. */
static bool is_harmless(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        {0, 0x1f},          {0x7f, 0x9f},       {0xad, 0xad},       {0x300, 0x36f},     {0x61c, 0x61c},   {0x94d, 0x94d},
        {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0xd800, 0xdfff},   {0xe000, 0xf8ff}, {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0xe0000, 0xe0fff}, {0xf0000, UINT32_MAX},
    };
    for (unsigned i = 0; i < SB_LEN(ranges); i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return false;
    }
    return true;
}

/* The text as often as it takes to fill the field, cut anywhere: also inside a sequence. */
static void fill(char *out, size_t cap, const char *text, bool is_cleaned)
{
    const size_t size = strlen(text);
    for (size_t i = 0; i + 1 < cap; i++) {
        const char c = text[i % size];
        out[i] = is_cleaned && !(c >= 0x20 && c <= 0x7e) ? '?' : c;
    }
    out[cap - 1] = '\0';
}

static void poison(struct sb_event *event, const char *text, bool is_cleaned)
{
    const struct sb_kind_info *const info = &sb_event_infos[event->kind];
    for (unsigned i = 0; i < info->field_count; i++) {
        char *const at = (char *)&event->as + info->fields[i].offset;
        if (info->fields[i].type == SB_FIELD_name || info->fields[i].type == SB_FIELD_note)
            fill(at, info->fields[i].type == SB_FIELD_name ? SB_NAME_MAX : SB_NOTE_MAX, text, is_cleaned);
    }
}

/* An event of any kind about that job and its newest run, so that it changes something that is shown. */
static void make(struct sb_event *event, uint16_t kind, uint16_t job)
{
    const struct sb_kind_info *const info = &sb_event_infos[kind];
    uint64_t run = 0;
    for (unsigned i = 0; i < base.count; i++) {
        if (base.events[i].kind == SB_EVENT_RUN_STARTED && base.events[i].as.run_started.job == job)
            run = base.events[i].as.run_started.run;
    }
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->seq = base.seq + 1;
    event->now = base.now;
    event->wall = base.wall;
    for (unsigned i = 0; i < info->field_count; i++) {
        const struct sb_field *const field = &info->fields[i];
        uint64_t value = 1;
        if (field->type == SB_FIELD_job)
            value = job;
        else if (field->type == SB_FIELD_run)
            value = run;
        else if (field->type == SB_FIELD_ns)
            value = (uint64_t)SB_S(5);
        else if (field->type == SB_FIELD_wall)
            value = (uint64_t)SCENE_WALL;
        else if (sb_streq(field->name, "alert"))
            value = 1030;
        else if (sb_streq(field->name, "channel") || sb_streq(field->name, "site"))
            value = 0;
        if (field->type != SB_FIELD_name && field->type != SB_FIELD_note)
            memcpy((char *)&event->as + field->offset, &value, sb_field_size(field->type)); /* little endian: the low bytes */
    }
}

static struct sb_screen *open_screen(bool is_ascii, const char *setup_text)
{
    const struct sb_screen_setup setup = {.actor = setup_text, .environment = setup_text, .is_ascii = is_ascii};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    return screen;
}

static void assert_clean(const struct sb_grid *grid, bool is_ascii, const char *what)
{
    const struct sb_grid_cell *const guard = grid->cells + (size_t)grid->rows * grid->cols;
    for (unsigned i = 0; i < GUARD; i++)
        assert_int_equal(guard[i].code_point, 0xabcdef);
    for (unsigned at = 0; at < (unsigned)grid->rows * grid->cols; at++) {
        const struct sb_grid_cell *const cell = &grid->cells[at];
        const unsigned col = at % grid->cols;
        if (!is_harmless(cell->code_point) || (is_ascii && cell->code_point > 0x7e))
            fail_msg("%s: a cell holds U+%04X", what, cell->code_point);
        const bool is_right_half_missing = cell->width == 2 && (col + 1U >= grid->cols || cell[1].width != 0);
        if (cell->width > 2 || is_right_half_missing || (cell->width == 0 && (col == 0 || cell[-1].width != 2)))
            fail_msg("%s: half a wide character in column %u", what, col);
    }
}

static void draw(struct sb_screen *screen, const uint16_t size[2], struct sb_grid_cell *to, struct sb_now now, struct sb_grid *grid)
{
    *grid = (struct sb_grid){.rows = size[0], .cols = size[1], .cells = to};
    for (unsigned i = 0; i < GUARD; i++)
        to[(size_t)size[0] * size[1] + i].code_point = 0xabcdef;
    sb_screen_draw(screen, now, grid);
}

/* Ways to look: panes by their number, zoomed, details, help, questions. Escape in between leads back. */
static const char *const looks[] = {"",  "1z",  "2",    "2z",  "3", "3z", "4z", "5z", "6z", "7", "8",
                                    "9", "1\r", "1\rz", "4\r", "?", "1!", "1x", "1K", "P",  "Q", "2e"};

/* Draws every look of `screen` in some sizes; with a twin both must be equal cell by cell. */
static void look_at_everything(struct sb_screen *screen, struct sb_screen *twin, bool is_ascii, const char *what)
{
    static const uint16_t sizes[][2] = {{24, 80}, {16, 60}, {5, 20}, {50, 200}, {120, 400}};
    struct sb_now now = {.mono = SCENE_NOW, .wall = {SCENE_WALL}};
    struct sb_grid grid, twin_grid;
    struct sb_screen_answer answer;
    for (unsigned look = 0; look < SB_LEN(looks); look++) {
        for (const char *key = looks[look]; *key != '\0'; key++) {
            now.mono += SB_S(1);
            sb_screen_key(screen, (struct sb_key){(uint32_t)*key}, now, &answer);
            if (twin != NULL)
                sb_screen_key(twin, (struct sb_key){(uint32_t)*key}, now, &answer);
        }
        /* the large ones take a while: every pane has its place there at once */
        const unsigned size_count = look > 0 ? 3 : twin == NULL ? SB_LEN(sizes) : SB_LEN(sizes) - 1;
        for (unsigned size = 0; size < size_count; size++) {
            draw(screen, sizes[size], cells, now, &grid);
            assert_clean(&grid, is_ascii, what);
            if (twin == NULL)
                continue;
            draw(twin, sizes[size], twin_cells, now, &twin_grid);
            for (unsigned at = 0; at < (unsigned)grid.rows * grid.cols; at++) {
                if (cells[at].code_point != twin_cells[at].code_point || cells[at].slot != twin_cells[at].slot)
                    fail_msg("%s, look \"%s\", %ux%u: row %u, column %u differs from the cleaned text: '%c' and '%c'", what, looks[look], grid.cols,
                             grid.rows, at / grid.cols, at % grid.cols, (char)cells[at].code_point, (char)twin_cells[at].code_point);
            }
        }
        for (unsigned back = 0; back < 3; back++) {
            now.mono += SB_S(1);
            sb_screen_key(screen, (struct sb_key){SB_KEY_ESCAPE}, now, &answer);
            if (twin != NULL)
                sb_screen_key(twin, (struct sb_key){SB_KEY_ESCAPE}, now, &answer);
        }
        sb_screen_key(screen, (struct sb_key){'0'}, now, &answer);
        if (twin != NULL)
            sb_screen_key(twin, (struct sb_key){'0'}, now, &answer);
    }
}

/* The whole incident, then one event of every kind, all told in that text. */
static void tell(struct sb_screen *screen, const char *text, bool is_cleaned)
{
    struct sb_event event;
    for (unsigned i = 0; i < base.count; i++) {
        event = base.events[i];
        poison(&event, text, is_cleaned);
        sb_screen_fold(screen, &event);
    }
    for (uint16_t kind = SB_EVENT_DESCRIBED; kind < SB_EVENT_COUNT; kind++) {
        make(&event, kind, 3);
        poison(&event, text, is_cleaned);
        sb_screen_fold(screen, &event);
    }
}

static void hostile__a_whole_incident_told_in_it_stays_a_clean_picture(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SB_LEN(texts); i++) {
        for (unsigned ascii = 0; ascii < 2; ascii++) {
            struct sb_screen *const screen = open_screen(ascii == 1, texts[i].text);
            tell(screen, texts[i].text, false);
            look_at_everything(screen, NULL, ascii == 1, texts[i].name);
            sb_screen_destroy(screen);
        }
    }
}

static void hostile__every_kind_of_event_has_the_effect_of_its_cleaned_text(void **state)
{
    (void)state;
    static const uint16_t jobs[] = {0, 3, 9}; /* waits for another attempt, runs, has failed */
    unsigned fields = 0, number = 0;
    for (uint16_t kind = 0; kind < SB_EVENT_COUNT; kind++) {
        const struct sb_kind_info *const info = &sb_event_infos[kind];
        unsigned texts_of_kind = 0;
        for (unsigned i = 0; i < info->field_count; i++)
            texts_of_kind += info->fields[i].type == SB_FIELD_name || info->fields[i].type == SB_FIELD_note;
        fields += texts_of_kind;
        for (unsigned j = 0; j < SB_LEN(jobs) && texts_of_kind > 0; j++) {
            const struct hostile *text = &texts[number++ % SB_LEN(texts)];
            while (!text->has_twin)
                text = &texts[number++ % SB_LEN(texts)];
            struct sb_screen *const screen = open_screen(true, "ana"), *const twin = open_screen(true, "ana");
            struct sb_event event;
            for (unsigned i = 0; i < base.count; i++) {
                sb_screen_fold(screen, &base.events[i]);
                sb_screen_fold(twin, &base.events[i]);
            }
            make(&event, kind, jobs[j]);
            poison(&event, text->text, false);
            sb_screen_fold(screen, &event);
            poison(&event, text->text, true);
            sb_screen_fold(twin, &event);
            look_at_everything(screen, twin, true, info->name);
            sb_screen_destroy(screen);
            sb_screen_destroy(twin);
        }
    }
    assert_true(fields > 60); /* the tables are really read */
}

/* What does not come in events: pages, notices, the node, whoever is at the keyboard. */
static void hostile__ten_thousand_characters_from_beside_the_events_stay_in_their_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SB_LEN(texts); i++) {
        struct sb_now now = {.mono = SCENE_NOW, .wall = {SCENE_WALL}};
        fill(long_text, sizeof long_text, texts[i].text, false);
        struct sb_screen *const screen = open_screen(false, long_text);
        for (unsigned e = 0; e < base.count; e++)
            sb_screen_fold(screen, &base.events[e]);
        sb_screen_node(screen, long_text);
        sb_screen_say(screen, true, long_text, now);
        look_at_everything(screen, NULL, false, texts[i].name);
        static const enum sb_screen_page pages[] = {SB_SCREEN_PAGE_KEPT, SB_SCREEN_PAGE_CONTENT, SB_SCREEN_PAGE_NODES};
        for (unsigned p = 0; p < SB_LEN(pages); p++) {
            struct sb_grid grid;
            sb_screen_show_page(screen, pages[p], 7, long_text, "", now);
            draw(screen, (const uint16_t[]){24, 80}, cells, now, &grid);
            assert_clean(&grid, false, texts[i].name);
        }
        sb_screen_destroy(screen);
    }
}

/* How wide things are, by the tables of utf8proc: what disagrees between terminals never gets there. */
static void width__of_what_terminals_disagree_about_is_certain(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        unsigned width, ascii_width;
    } cases[] = {
        {"emoji", "\xf0\x9f\x98\x80", 2, 1},
        {"emoji and a skin tone", "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", 4, 2},
        {"a family: four people, three joiners as marks",
         "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xe2\x80\x8d\xf0\x9f\x91\xa6", 11, 7},
        {"warning sign with VS16: the selector is a mark", "\xe2\x9a\xa0\xef\xb8\x8f", 2, 2},
        {"a letter and three accents", "e\xcc\x81\xcc\x82\xcc\x83", 1, 1},
        {"an override: a mark and what it would have reversed", "\xe2\x80\xae" "abc", 4, 4},
        {"Hebrew letters keep their order", "\xd7\x90\xd7\x91", 2, 2},
        {"CJK", "\xe6\xbc\xa2\xe5\xad\x97", 4, 2},
        {"half-width katakana", "\xef\xbd\xb1", 1, 1},
        {"a flag: two letters", "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", 2, 2},
    };
    for (unsigned i = 0; i < SB_LEN(cases); i++) {
        const unsigned width = sb_view_width(cases[i].text, strlen(cases[i].text), false, 100);
        const unsigned ascii_width = sb_view_width(cases[i].text, strlen(cases[i].text), true, 100);
        if (width != cases[i].width || ascii_width != cases[i].ascii_width)
            fail_msg("%s: %u columns, in ASCII %u", cases[i].name, width, ascii_width);
    }
}

int main(void)
{
    incident_play(&base);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile__a_whole_incident_told_in_it_stays_a_clean_picture),
        cmocka_unit_test(hostile__every_kind_of_event_has_the_effect_of_its_cleaned_text),
        cmocka_unit_test(hostile__ten_thousand_characters_from_beside_the_events_stay_in_their_place),
        cmocka_unit_test(width__of_what_terminals_disagree_about_is_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

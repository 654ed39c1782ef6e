#include "signalbox/tui/theme.h"

#include "signalbox/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const shipped[] = { "dark", "light", "high-contrast", "deuteranopia", "protanopia", "mono", "amber" };

static size_t read_theme(const char *name, char *out, size_t cap)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/themes/%s.theme", SB_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(out, 1, cap, file);
    (void)fclose(file);
    assert_in_range(size, 1, cap - 1);
    out[size] = '\0';
    return size;
}

static struct sb_theme load(const char *name)
{
    static char text[SB_THEME_FILE_MAX + 1];
    struct sb_theme theme;
    struct sb_error err = { SB_OK, "" };
    size_t size = read_theme(name, text, sizeof text);
    if (sb_theme_parse(&theme, name, text, size, NULL, &err) != SB_OK) {
        fail_msg("%s", err.text);
    }
    return theme;
}

/* A complete theme with one line replaced or appended. */
static void with_line(char *out, size_t cap, const char *replaced_slot, const char *line)
{
    static const char *const names[] = {
#define NAME(code, name) name,
        SB_LIST_SLOT(NAME)
#undef NAME
    };
    struct sb_text text;
    sb_text_init(&text, out, cap);
    for (size_t i = 0; i < SB_LEN(names); i++) {
        if (sb_streq(names[i], replaced_slot)) {
            sb_text_addf(&text, "%s\n", line);
        } else {
            sb_text_addf(&text, "%s = default default\n", names[i]);
        }
    }
    assert_false(text.is_cut);
}

static void expect_mistake(const char *text, unsigned line, unsigned column, const char *part)
{
    struct sb_theme theme, before;
    struct sb_theme_mistakes mistakes;
    struct sb_error err = { SB_OK, "" };
    memset(&theme, 0x5a, sizeof theme);
    before = theme;
    assert_int_equal(sb_theme_parse(&theme, "probe", text, strlen(text), &mistakes, &err), SB_ERR_CONFIG);
    assert_memory_equal(&theme, &before, sizeof theme);
    assert_int_not_equal(mistakes.count, 0);
    assert_int_equal(mistakes.items[0].line, line);
    assert_int_equal(mistakes.items[0].column, column);
    if (strstr(err.text, part) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, part);
    }
    char place[64];
    (void)snprintf(place, sizeof place, "probe.theme:%u:%u: ", line, column);
    assert_memory_equal(err.text, place, strlen(place));
}

static void theme__shipped_themes_have_every_slot(void **state)
{
    (void)state;
    for (size_t i = 0; i < SB_LEN(shipped); i++) {
        struct sb_theme theme = load(shipped[i]);
        assert_string_equal(theme.name, shipped[i]);
    }
}

static void theme__the_built_in_theme_is_the_mono_file(void **state)
{
    (void)state;
    struct sb_theme file = load("mono"), built_in;
    sb_theme_fallback(&built_in);
    assert_string_equal(file.name, built_in.name);
    for (size_t slot = 0; slot < SB_SLOT_COUNT; slot++) {
        assert_int_equal(file.styles[slot].attrs, built_in.styles[slot].attrs);
        assert_int_equal(file.styles[slot].fg.kind, SB_COLOUR_DEFAULT);
        assert_int_equal(file.styles[slot].bg.kind, SB_COLOUR_DEFAULT);
    }
}

static void theme__reads_every_kind_of_colour(void **state)
{
    (void)state;
    char text[4096];
    struct sb_theme theme;
    with_line(text, sizeof text, "bad", "  bad\t=  #fF8000   bright-red  bold reverse\r");
    assert_int_equal(sb_theme_parse(&theme, "probe", text, strlen(text), NULL, NULL), SB_OK);
    struct sb_style bad = theme.styles[SB_SLOT_BAD];
    assert_int_equal(bad.fg.kind, SB_COLOUR_RGB);
    assert_int_equal(bad.fg.r, 255);
    assert_int_equal(bad.fg.g, 128);
    assert_int_equal(bad.fg.b, 0);
    assert_int_equal(bad.bg.kind, SB_COLOUR_INDEX);
    assert_int_equal(bad.bg.index, 9);
    assert_int_equal(bad.attrs, SB_ATTR_BOLD | SB_ATTR_REVERSE);
    with_line(text, sizeof text, "ok", "ok = 255 0");
    assert_int_equal(sb_theme_parse(&theme, "probe", text, strlen(text), NULL, NULL), SB_OK);
    assert_int_equal(theme.styles[SB_SLOT_OK].fg.index, 255);
    assert_int_equal(theme.styles[SB_SLOT_OK].bg.index, 0);
}

static void theme__mistakes_name_line_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned column;
        const char *part;
    } cases[] = {
        { "ok = 256 default", 6, "unknown colour '256'" },
        { "ok = default #12345", 14, "unknown colour '#12345'" },
        { "ok = default #12345g", 14, "unknown colour '#12345g'" },
        { "ok = redd default", 6, "unknown colour 'redd'" },
        { "ok = -1 default", 6, "unknown colour '-1'" },
        { "ok = default default bold shiny", 27, "unknown attribute 'shiny'" },
        { "ok = default default bold bold", 27, "written twice" },
        { "ok = default default # remark", 22, "unknown attribute '#'" },
        { "ok = default", 6, "the end here is 'default'" },
        { "ok default default default", 20, "a line is" },
        { "okay = default default", 1, "unknown slot 'okay'" },
        { "text = default default", 1, "slot 'text' is set twice" },
        { "\033[31mok = default default", 1, "unknown slot '?[31mok'" },
    };
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        char text[4096];
        with_line(text, sizeof text, "ok", cases[i].line);
        expect_mistake(text, SB_SLOT_OK + 1, cases[i].column, cases[i].part);
    }
}

static void theme__a_missing_slot_is_a_mistake_of_the_whole_file(void **state)
{
    (void)state;
    char text[4096];
    with_line(text, sizeof text, "gauge", "# gauge = default default");
    expect_mistake(text, 0, 0, "slot 'gauge' is missing");
}

static void theme__reports_all_mistakes_of_a_file_at_once(void **state)
{
    (void)state;
    struct sb_theme theme;
    struct sb_theme_mistakes mistakes;
    static const char text[] = "nope = 1 2\ntext = mauve teal\n";
    assert_int_equal(sb_theme_parse(&theme, "probe", text, strlen(text), &mistakes, NULL), SB_ERR_CONFIG);
    assert_int_equal(mistakes.count, 3 + SB_SLOT_COUNT - 1);
    assert_int_equal(mistakes.items[0].line, 1);
    assert_int_equal(mistakes.items[1].line, 2);
    assert_int_equal(mistakes.items[2].column, 14);
}

static void theme__refuses_names_that_could_leave_the_folder(void **state)
{
    (void)state;
    static const char *const refused[] = { "", "../dark", "a/b", "-x", "Dark", "dark.theme", "0123456789012345678901234567890123" };
    for (size_t i = 0; i < SB_LEN(refused); i++) {
        assert_false(sb_theme_name_is_valid(refused[i]));
    }
    assert_true(sb_theme_name_is_valid("solarized-2"));
    struct sb_theme theme;
    assert_int_equal(sb_theme_parse(&theme, "../dark", "", 0, NULL, NULL), SB_ERR_INVALID);
}

static void theme__refuses_a_file_above_its_limit(void **state)
{
    (void)state;
    static char big[SB_THEME_FILE_MAX + 1];
    memset(big, '\n', sizeof big);
    struct sb_theme theme;
    assert_int_equal(sb_theme_parse(&theme, "big", big, sizeof big, NULL, NULL), SB_ERR_TOO_LARGE);
}

static struct sb_style style(struct sb_colour fg, struct sb_colour bg)
{
    return (struct sb_style){ .fg = fg, .bg = bg };
}

static void ability__brings_colours_down_to_what_the_terminal_has(void **state)
{
    (void)state;
    struct sb_colour none = { .kind = SB_COLOUR_DEFAULT };
    struct sb_colour orange = { .kind = SB_COLOUR_RGB, .r = 255, .g = 135, .b = 0 };
    struct sb_colour palette = { .kind = SB_COLOUR_INDEX, .index = 203 };
    assert_int_equal(sb_style_show(style(orange, none), SB_ABILITY_TRUE).fg, 0xff8700);
    assert_int_equal(sb_style_show(style(orange, none), SB_ABILITY_256).fg, 208);
    assert_in_range(sb_style_show(style(orange, none), SB_ABILITY_16).fg, 0, 15);
    assert_in_range(sb_style_show(style(orange, none), SB_ABILITY_8).fg, 0, 7);
    assert_int_equal(sb_style_show(style(orange, orange), SB_ABILITY_MONO).fg, -1);
    assert_int_equal(sb_style_show(style(orange, orange), SB_ABILITY_MONO).bg, -1);
    assert_int_equal(sb_style_show(style(palette, none), SB_ABILITY_256).fg, 203);
    assert_int_equal(sb_style_show(style(palette, none), SB_ABILITY_TRUE).fg, 0xff5f5f);
    assert_int_equal(sb_style_show(style(none, none), SB_ABILITY_TRUE).bg, -1);
}

static void ability__bright_colours_become_bold_on_eight_colours(void **state)
{
    (void)state;
    struct sb_colour none = { .kind = SB_COLOUR_DEFAULT };
    struct sb_colour bright = { .kind = SB_COLOUR_INDEX, .index = 12 };
    struct sb_style_shown shown = sb_style_show(style(bright, none), SB_ABILITY_8);
    assert_int_equal(shown.fg, 4);
    assert_int_equal(shown.attrs, SB_ATTR_BOLD);
    assert_int_equal(sb_style_show(style(bright, none), SB_ABILITY_16).attrs, 0);
}

static void ability__few_colours_keep_the_hue(void **state)
{
    (void)state;
    static const struct {
        uint8_t r, g, b;
        int32_t in_8, in_16;
    } cases[] = {
        { 255, 95, 95, 1, 9 },    /* a pale red is red, not grey */
        { 135, 175, 135, 2, 2 },  /* a greyish green is green */
        { 255, 175, 0, 3, 3 },    /* orange is yellow */
        { 118, 118, 118, 7, 8 },  /* a grey stays a grey */
        { 20, 20, 20, 0, 0 },
    };
    struct sb_colour none = { .kind = SB_COLOUR_DEFAULT };
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        struct sb_colour colour = { .kind = SB_COLOUR_RGB, .r = cases[i].r, .g = cases[i].g, .b = cases[i].b };
        assert_int_equal(sb_style_show(style(colour, none), SB_ABILITY_8).fg, cases[i].in_8);
        assert_int_equal(sb_style_show(style(colour, none), SB_ABILITY_16).fg, cases[i].in_16);
    }
}

static void ability__few_colours_of_one_brightness_become_black_or_white(void **state)
{
    (void)state;
    struct sb_colour pale = { .kind = SB_COLOUR_INDEX, .index = 255 }, petrol = { .kind = SB_COLOUR_RGB, .g = 95, .b = 135 };
    struct sb_style_shown shown = sb_style_show(style(pale, petrol), SB_ABILITY_8);
    assert_int_equal(shown.bg, 6); /* as bright as white */
    assert_int_equal(shown.fg, 0);
    struct sb_colour magenta = { .kind = SB_COLOUR_INDEX, .index = 5 }, red = { .kind = SB_COLOUR_INDEX, .index = 1 };
    assert_int_equal(sb_style_show(style(magenta, red), SB_ABILITY_16).fg, 7);
    assert_int_equal(sb_style_show(style(magenta, red), SB_ABILITY_256).fg, 5); /* there the author chose among all */
}

static void ability__direct_colour_never_falls_into_the_palette(void **state)
{
    (void)state;
    struct sb_colour none = { .kind = SB_COLOUR_DEFAULT };
    struct sb_colour night = { .kind = SB_COLOUR_RGB, .b = 4 };
    assert_int_equal(sb_style_show(style(night, none), SB_ABILITY_TRUE).fg, 8);
}

static void ability__shipped_themes_stay_readable_on_every_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < SB_LEN(shipped); i++) {
        struct sb_theme theme = load(shipped[i]);
        for (size_t slot = 0; slot < SB_SLOT_COUNT; slot++) {
            for (unsigned ability = SB_ABILITY_MONO; ability <= SB_ABILITY_TRUE; ability++) {
                struct sb_style_shown shown = sb_style_show(theme.styles[slot], (enum sb_ability)ability);
                assert_true(shown.fg != shown.bg || shown.fg == -1);
                assert_true(ability != SB_ABILITY_MONO || (shown.fg == -1 && shown.bg == -1));
            }
        }
    }
}

static void ability__equal_colours_are_pulled_apart(void **state)
{
    (void)state;
    for (unsigned index = 0; index < 256; index++) {
        struct sb_colour colour = { .kind = SB_COLOUR_INDEX, .index = (uint8_t)index };
        for (unsigned ability = SB_ABILITY_8; ability <= SB_ABILITY_TRUE; ability++) {
            struct sb_style_shown shown = sb_style_show(style(colour, colour), (enum sb_ability)ability);
            assert_int_not_equal(shown.fg, shown.bg);
        }
    }
}

static void theme__failure_stands_out_in_every_shipped_theme(void **state)
{
    (void)state;
    for (size_t i = 0; i < SB_LEN(shipped); i++) {
        struct sb_theme theme = load(shipped[i]);
        const struct sb_style *bad = &theme.styles[SB_SLOT_BAD];
        assert_memory_not_equal(bad, &theme.styles[SB_SLOT_TEXT], sizeof *bad);
        assert_memory_not_equal(bad, &theme.styles[SB_SLOT_OK], sizeof *bad);
        assert_memory_not_equal(bad, &theme.styles[SB_SLOT_WARN], sizeof *bad);
        assert_memory_not_equal(&theme.styles[SB_SLOT_SELECTED], &theme.styles[SB_SLOT_TEXT], sizeof *bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(theme__shipped_themes_have_every_slot),
        cmocka_unit_test(theme__the_built_in_theme_is_the_mono_file),
        cmocka_unit_test(theme__reads_every_kind_of_colour),
        cmocka_unit_test(theme__mistakes_name_line_and_column),
        cmocka_unit_test(theme__a_missing_slot_is_a_mistake_of_the_whole_file),
        cmocka_unit_test(theme__reports_all_mistakes_of_a_file_at_once),
        cmocka_unit_test(theme__refuses_names_that_could_leave_the_folder),
        cmocka_unit_test(theme__refuses_a_file_above_its_limit),
        cmocka_unit_test(theme__failure_stands_out_in_every_shipped_theme),
        cmocka_unit_test(ability__brings_colours_down_to_what_the_terminal_has),
        cmocka_unit_test(ability__bright_colours_become_bold_on_eight_colours),
        cmocka_unit_test(ability__few_colours_keep_the_hue),
        cmocka_unit_test(ability__few_colours_of_one_brightness_become_black_or_white),
        cmocka_unit_test(ability__direct_colour_never_falls_into_the_palette),
        cmocka_unit_test(ability__shipped_themes_stay_readable_on_every_terminal),
        cmocka_unit_test(ability__equal_colours_are_pulled_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

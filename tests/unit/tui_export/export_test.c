/* Grids as text, with colours, and as pictures; with cells that are hostile to each format. */
#include "signalbox/base/text.h"
#include "signalbox/tui/export.h"
#include "signalbox/tui/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct sb_grid_cell cells[4 * 40];
static struct sb_grid grid = {.rows = 4, .cols = 40, .cells = cells};
static char written[65536];
static struct sb_text text;
static struct sb_theme theme;

static void take(void *arg, const char *bytes, size_t size)
{
    sb_text_add_n(arg, bytes, size);
}

static struct sb_export_sink sink(void)
{
    sb_text_init(&text, written, sizeof written);
    return (struct sb_export_sink){take, &text};
}

static int setup(void **state)
{
    (void)state;
    const struct sb_view view = sb_view_whole(&grid, false);
    memset(cells, 0, sizeof cells);
    sb_view_clear(&view, SB_SLOT_TEXT);
    sb_theme_fallback(&theme);
    return 0;
}

static void put(unsigned row, unsigned col, enum sb_slot slot, const char *said)
{
    const struct sb_view view = sb_view_whole(&grid, false);
    (void)sb_view_text(&view, row, col, 40, slot, said);
}

static void text__has_every_row_and_wide_characters_once(void **state)
{
    (void)state;
    put(0, 1, SB_SLOT_TEXT, "job \xe6\x97\xa5\xe6\x9c\xac ok");
    put(2, 0, SB_SLOT_BAD, "x");
    sb_export_text(&grid, "\n", true, sink());
    assert_string_equal(written, " job \xe6\x97\xa5\xe6\x9c\xac ok\n\nx\n\n");
    grid.rows = 1;
    sb_export_text(&grid, "|\n", false, sink());
    grid.rows = 4;
    assert_string_equal(written, " job \xe6\x97\xa5\xe6\x9c\xac ok                            |\n");
}

/* What a page or a model wrote may look like a sequence; it became harmless when it entered its cell. */
static void ansi__holds_no_control_but_its_own(void **state)
{
    (void)state;
    put(0, 0, SB_SLOT_BAD, "a\x1b[2J\x9b" "31mb\x07\xc2\x9b" "c");
    theme.styles[SB_SLOT_BAD] = (struct sb_style){.fg = {.kind = SB_COLOUR_INDEX, .index = 203}, .attrs = SB_ATTR_BOLD};
    sb_export_ansi(&grid, &theme, SB_ABILITY_256, sink());
    unsigned sequences = 0;
    for (const char *at = written; *at != '\0'; at++) {
        if (*at == '\x1b') {
            const size_t size = strspn(at + 1, "[0123456789;");
            assert_int_equal(at[1], '[');
            assert_int_equal(at[1 + size], 'm');
            sequences++;
        } else {
            assert_true((unsigned char)*at >= 0x20 || *at == '\n');
        }
    }
    assert_true(sequences >= 8);
}

static void ansi__speaks_as_the_terminal_can(void **state)
{
    (void)state;
    static const struct {
        enum sb_ability ability;
        struct sb_colour colour;
        const char *expected;
    } cases[] = {
        {SB_ABILITY_MONO, {.kind = SB_COLOUR_INDEX, .index = 1}, "\x1b[0;1mX"},
        {SB_ABILITY_16, {.kind = SB_COLOUR_INDEX, .index = 1}, "\x1b[0;1;31mX"},
        {SB_ABILITY_16, {.kind = SB_COLOUR_INDEX, .index = 9}, "\x1b[0;1;91mX"},
        {SB_ABILITY_256, {.kind = SB_COLOUR_INDEX, .index = 203}, "\x1b[0;1;38;5;203mX"},
        {SB_ABILITY_TRUE, {.kind = SB_COLOUR_RGB, .r = 1, .g = 2, .b = 255}, "\x1b[0;1;38;2;1;2;255mX"},
    };
    put(0, 0, SB_SLOT_BAD, "X");
    for (unsigned i = 0; i < SB_LEN(cases); i++) {
        theme.styles[SB_SLOT_BAD] = (struct sb_style){.fg = cases[i].colour, .attrs = SB_ATTR_BOLD};
        sb_export_ansi(&grid, &theme, cases[i].ability, sink());
        assert_memory_equal(written, cases[i].expected, strlen(cases[i].expected));
    }
    theme.styles[SB_SLOT_BAD] = (struct sb_style){.bg = {.kind = SB_COLOUR_INDEX, .index = 12}};
    sb_export_ansi(&grid, &theme, SB_ABILITY_16, sink());
    assert_memory_equal(written, "\x1b[0;104mX", 9);
}

static void svg__places_each_run_at_its_column(void **state)
{
    (void)state;
    put(1, 3, SB_SLOT_BAD, "FAIL!");
    put(1, 10, SB_SLOT_BAD, "\xe6\x97\xa5");
    theme.styles[SB_SLOT_BAD] = (struct sb_style){.fg = {.kind = SB_COLOUR_RGB, .r = 0xab, .g = 0xcd, .b = 0xef}};
    sb_export_svg(&grid, &theme, false, "t", sink());
    char expected[160];
    snprintf(expected, sizeof expected, "x=\"35\" y=\"39\" textLength=\"45\" lengthAdjust=\"spacingAndGlyphs\" class=\"t%d\">FAIL!</text>",
             SB_SLOT_BAD);
    assert_non_null(strstr(written, expected));
    snprintf(expected, sizeof expected, "x=\"98\" y=\"39\" textLength=\"18\" lengthAdjust=\"spacingAndGlyphs\" class=\"t%d\">\xe6\x97\xa5</text>",
             SB_SLOT_BAD);
    assert_non_null(strstr(written, expected));
    snprintf(expected, sizeof expected, ".t%d{fill:#abcdef}", SB_SLOT_BAD);
    assert_non_null(strstr(written, expected));
}

/* An XML parser that knows nothing of us reads it, and finds the words that were in the cells. */
static void svg__is_read_by_an_xml_parser_whatever_the_cells_say(void **state)
{
    (void)state;
    char path[] = "/tmp/sb-export-test-XXXXXX", command[512];
    put(0, 0, SB_SLOT_TEXT, "</text><script>alert('1')</script>");
    put(1, 0, SB_SLOT_BAD, "a&b <c> \"d\" 'e' ]]> &amp; <!--");
    put(2, 0, SB_SLOT_OK, "\x1b[31m\xf0\x9f\x98\x80\xef\xbf\xbe\xff\xfe");
    cells[3 * 40].code_point = 0xffff; /* no view writes it; XML has no place for it */
    sb_export_svg(&grid, &theme, true, "<title> & \"x\" \xff", sink());
    assert_false(text.is_cut);
    assert_null(strstr(written, "<script"));
    assert_null(strstr(written, "xlink"));
    assert_null(strstr(written, "url("));
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, written, text.len), (ssize_t)text.len);
    assert_int_equal(close(fd), 0);
    snprintf(command, sizeof command,
             "python3 -c \"import sys,xml.etree.ElementTree as e; t=e.parse(sys.argv[1]).getroot(); "
             "s=[''.join(x.itertext()) for x in t.iter('{http://www.w3.org/2000/svg}text')]; "
             "sys.exit(0 if '</text><script>alert(\\\\'1\\\\')</script>' in s and len(s) >= 4 else 1)\" %s", path);
    const int status = system(command);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(text__has_every_row_and_wide_characters_once, setup),
        cmocka_unit_test_setup(ansi__holds_no_control_but_its_own, setup),
        cmocka_unit_test_setup(ansi__speaks_as_the_terminal_can, setup),
        cmocka_unit_test_setup(svg__places_each_run_at_its_column, setup),
        cmocka_unit_test_setup(svg__is_read_by_an_xml_parser_whatever_the_cells_say, setup),
    };
    return cmocka_run_group_tests_name("tui_export", tests, NULL, NULL);
}

/* A grid as text with SGR sequences (ECMA-48, 8.3.117): they are the only controls that are written. Pure. */
#include "out.h"

static void add_code(struct out *out, unsigned code)
{
    out_text(out, ";");
    out_number(out, code);
}

/* 3x and 4x, 9x and 10x for the bright ones, 38;5 and 48;5, 38;2 and 48;2. */
static void add_colour(struct out *out, int32_t colour, enum sb_ability ability, bool is_back)
{
    const unsigned base = is_back ? 40 : 30;
    const uint32_t value = (uint32_t)colour;
    if (colour < 0)
        return;
    if (value < 8) {
        add_code(out, base + value);
    } else if (ability == SB_ABILITY_TRUE) {
        add_code(out, base + 8);
        add_code(out, 2);
        add_code(out, value >> 16);
        add_code(out, value >> 8 & 0xff);
        add_code(out, value & 0xff);
    } else if (ability == SB_ABILITY_256) {
        add_code(out, base + 8);
        add_code(out, 5);
        add_code(out, value);
    } else {
        add_code(out, base + 60 + value - 8);
    }
}

static void add_style(struct out *out, struct sb_style style, enum sb_ability ability)
{
    static const struct {
        uint8_t bit, code;
    } codes[] = {{SB_ATTR_BOLD, 1}, {SB_ATTR_DIM, 2}, {SB_ATTR_ITALIC, 3}, {SB_ATTR_UNDERLINE, 4}, {SB_ATTR_BLINK, 5}, {SB_ATTR_REVERSE, 7}};
    const struct sb_style_shown shown = sb_style_show(style, ability);
    out_text(out, "\x1b[0");
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if ((shown.attrs & codes[i].bit) != 0)
            add_code(out, codes[i].code);
    }
    add_colour(out, shown.fg, ability, false);
    add_colour(out, shown.bg, ability, true);
    out_text(out, "m");
}

void sb_export_ansi(const struct sb_grid *grid, const struct sb_theme *theme, enum sb_ability ability, struct sb_export_sink sink)
{
    struct out out = {.sink = sink};
    for (unsigned row = 0; row < grid->rows; row++) {
        unsigned slot = SB_SLOT_COUNT;
        for (unsigned col = 0; col < grid->cols; col++) {
            const struct sb_grid_cell *const cell = cell_of(grid, row, col);
            if (cell->width == 0)
                continue;
            if (slot_of(cell) != slot) {
                slot = slot_of(cell);
                add_style(&out, theme->styles[slot], ability);
            }
            out_code_point(&out, cell->code_point);
        }
        out_text(&out, "\x1b[0m\n");
    }
    out_flush(&out);
}

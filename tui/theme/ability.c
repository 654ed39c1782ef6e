/* Bringing a theme's colours down to what a terminal can show. Any thread; no state; must never know a terminal's name. */
#include "signalbox/tui/theme.h"

struct rgb {
    int r, g, b;
};

/* The sixteen named colours as xterm paints them; the terminal's owner may have changed them, so this is only for finding neighbours. */
static const struct rgb ansi[16] = {
    { 0, 0, 0 },       { 205, 0, 0 }, { 0, 205, 0 }, { 205, 205, 0 }, { 0, 0, 238 },    { 205, 0, 205 }, { 0, 205, 205 }, { 229, 229, 229 },
    { 127, 127, 127 }, { 255, 0, 0 }, { 0, 255, 0 }, { 255, 255, 0 }, { 92, 92, 255 }, { 255, 0, 255 }, { 0, 255, 255 }, { 255, 255, 255 },
};

/* Steps of the 6x6x6 cube at 16..231; 232..255 is a grey ramp of 8 + 10 * n. Source: xterm's 256colres.h. */
static const int cube_steps[6] = { 0, 95, 135, 175, 215, 255 };

static struct rgb index_rgb(unsigned index)
{
    if (index < 16) {
        return ansi[index];
    }
    if (index < 232) {
        unsigned cube = index - 16;
        return (struct rgb){ cube_steps[cube / 36], cube_steps[cube / 6 % 6], cube_steps[cube % 6] };
    }
    int grey = 8 + 10 * ((int)index - 232);
    return (struct rgb){ grey, grey, grey };
}

/* Squared distance with the weights of the eye's three receptors, in integers. */
static int distance(struct rgb a, struct rgb b)
{
    int r = a.r - b.r, g = a.g - b.g, l = a.b - b.b;
    return 3 * r * r + 6 * g * g + l * l;
}

static int nearest(struct rgb colour, unsigned first, unsigned end)
{
    unsigned best = first;
    for (unsigned i = first + 1; i < end; i++) {
        if (distance(colour, index_rgb(i)) < distance(colour, index_rgb(best))) {
            best = i;
        }
    }
    return (int)best;
}

static struct rgb colour_rgb(struct sb_colour colour)
{
    return colour.kind == SB_COLOUR_RGB ? (struct rgb){ colour.r, colour.g, colour.b } : index_rgb(colour.index);
}

uint32_t sb_colour_rgb(struct sb_colour colour)
{
    const struct rgb c = colour_rgb(colour);
    return (uint32_t)(c.r << 16 | c.g << 8 | c.b);
}

/* Terminals with direct colour read 0..7 as the palette, so an almost black blue must not fall in there. */
static int32_t show_true(struct sb_colour colour)
{
    if (colour.kind == SB_COLOUR_INDEX && colour.index < 8) {
        return colour.index;
    }
    struct rgb c = colour_rgb(colour);
    int32_t value = (int32_t)((c.r << 16) | (c.g << 8) | c.b);
    return value > 0 && value < 8 ? 8 : value;
}

static int32_t show(struct sb_colour colour, enum sb_ability ability)
{
    if (colour.kind == SB_COLOUR_DEFAULT) {
        return -1;
    }
    switch (ability) {
    case SB_ABILITY_MONO:
        return -1;
    case SB_ABILITY_8:
        if (colour.kind == SB_COLOUR_INDEX && colour.index < 16) {
            return colour.index % 8;
        }
        return nearest(colour_rgb(colour), 0, 8);
    case SB_ABILITY_16:
        return colour.kind == SB_COLOUR_INDEX && colour.index < 16 ? colour.index : nearest(colour_rgb(colour), 0, 16);
    case SB_ABILITY_256: /* the first 16 are the owner's to change: a colour given as RGB never lands there */
        return colour.kind == SB_COLOUR_INDEX ? colour.index : nearest(colour_rgb(colour), 16, 256);
    case SB_ABILITY_TRUE:
        return show_true(colour);
    }
    return -1;
}

struct sb_style_shown sb_style_show(struct sb_style style, enum sb_ability ability)
{
    struct sb_style_shown shown = { show(style.fg, ability), show(style.bg, ability), style.attrs };

    if (ability == SB_ABILITY_8 && style.fg.kind == SB_COLOUR_INDEX && style.fg.index >= 8 && style.fg.index < 16) {
        shown.attrs |= SB_ATTR_BOLD; /* eight-colour terminals paint bright as bold */
    }
    if (shown.fg >= 0 && shown.fg == shown.bg) {
        struct rgb back = colour_rgb(style.bg);
        bool is_dark = 3 * back.r + 6 * back.g + back.b < 1275;
        shown.fg = is_dark ? 7 : 0;
        if (shown.fg == shown.bg) { /* the palette put them on one side of the middle */
            shown.fg = shown.bg == 0 ? 7 : 0;
        }
    }
    return shown;
}

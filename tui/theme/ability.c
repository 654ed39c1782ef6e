/* Bringing a theme's colours down to what a terminal can show. Any thread; no state; must never know a terminal's name. */
#include "signalbox/tui/theme.h"

#include <limits.h>

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

#define GREY_SPREAD 32 /* between the strongest and the weakest part: less is a grey */

/* The hue at full strength; false for greys, which have none. */
static bool hue_of(struct rgb colour, struct rgb *hue)
{
    int low = colour.r < colour.g ? colour.r : colour.g, high = colour.r > colour.g ? colour.r : colour.g;
    low = colour.b < low ? colour.b : low;
    high = colour.b > high ? colour.b : high;
    if (high - low < GREY_SPREAD) {
        return false;
    }
    *hue = (struct rgb){ (colour.r - low) * 255 / (high - low), (colour.g - low) * 255 / (high - low), (colour.b - low) * 255 / (high - low) };
    return true;
}

/* Among the named colours the plain distance is misleading: a pale red is nearer to grey than to red. Greys stay greys, colours keep
 * their hue, and brightness decides between what is left. */
static int nearest_named(struct rgb colour, unsigned end)
{
    struct rgb hue = { 0, 0, 0 };
    bool has_hue = hue_of(colour, &hue);
    int best = 0, best_distance = INT_MAX;
    for (unsigned i = 0; i < end; i++) {
        struct rgb named_hue = { 0, 0, 0 };
        if (hue_of(ansi[i], &named_hue) != has_hue) {
            continue;
        }
        int from_here = 4 * distance(hue, named_hue) + distance(colour, ansi[i]);
        if (from_here < best_distance) {
            best = (int)i;
            best_distance = from_here;
        }
    }
    return best;
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
        return nearest_named(colour_rgb(colour), 8);
    case SB_ABILITY_16:
        return colour.kind == SB_COLOUR_INDEX && colour.index < 16 ? colour.index : nearest_named(colour_rgb(colour), 16);
    case SB_ABILITY_256: /* the first 16 are the owner's to change: a colour given as RGB never lands there */
        return colour.kind == SB_COLOUR_INDEX ? colour.index : nearest(colour_rgb(colour), 16, 256);
    case SB_ABILITY_TRUE:
        return show_true(colour);
    }
    return -1;
}

/* Relative luminance, 0 .. 10000, and the 0.05 of the contrast ratio (WCAG 2.2), with the square for the curve of the screen. */
#define LUMINANCE_FLARE 500
#define CONTRAST_MIN 2 /* below it a foreground on named colours is not read */

static int luminance(struct rgb colour)
{
    return (2126 * colour.r * colour.r + 7152 * colour.g * colour.g + 722 * colour.b * colour.b) / (255 * 255) + LUMINANCE_FLARE;
}

/* Black or white, whichever stands out from the background. */
static int32_t readable_on(struct rgb back)
{
    return luminance(back) * luminance(back) < luminance(ansi[0]) * luminance(ansi[7]) ? 7 : 0;
}

struct sb_style_shown sb_style_show(struct sb_style style, enum sb_ability ability)
{
    struct sb_style_shown shown = { show(style.fg, ability), show(style.bg, ability), style.attrs };

    if (ability == SB_ABILITY_8 && style.fg.kind == SB_COLOUR_INDEX && style.fg.index >= 8 && style.fg.index < 16) {
        shown.attrs |= SB_ATTR_BOLD; /* eight-colour terminals paint bright as bold */
    }
    bool is_named = ability == SB_ABILITY_8 || ability == SB_ABILITY_16;
    if (is_named && shown.fg >= 0 && shown.bg >= 0) {
        /* What was readable may have become two colours of one brightness. */
        int fore = luminance(ansi[shown.fg & 15]), back = luminance(ansi[shown.bg & 15]);
        if ((fore > back ? fore : back) < CONTRAST_MIN * (fore > back ? back : fore)) {
            shown.fg = readable_on(ansi[shown.bg & 15]);
        }
    } else if (shown.fg >= 0 && shown.fg == shown.bg) {
        shown.fg = readable_on(colour_rgb(style.bg));
        if (shown.fg == shown.bg) { /* a palette number that is black or white itself */
            shown.fg = shown.bg == 0 ? 7 : 0;
        }
    }
    return shown;
}

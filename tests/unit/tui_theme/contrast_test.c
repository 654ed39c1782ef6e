/* The shipped themes measured: what is text can be read, and eyes without red or green receptors tell the states apart.
 *
 * Contrast ratio and its limits: WCAG 2.2, success criteria 1.4.3, 1.4.6 and 1.4.11. Colours as a dichromat sees them: Machado, Oliveira,
 * Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, the matrices of severity 1.0,
 * on linear sRGB. Distances: CIE 1976 L*a*b* under D65. */
#include "signalbox/tui/theme.h"

#include "signalbox/base/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THEMES_MAX = 32 };

struct colour {
    double r, g, b; /* linear light, 0..1 */
};

/* The shown number of a style, as xterm paints it. */
static const int named[16] = { 0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
                               0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff };

static int hex_of(int32_t shown, enum sb_ability ability)
{
    static const int steps[6] = { 0, 95, 135, 175, 215, 255 };
    if (ability == SB_ABILITY_TRUE && shown > 7) {
        return shown;
    }
    if (shown < 16) {
        return named[shown];
    }
    if (shown < 232) {
        int cube = shown - 16;
        return steps[cube / 36] << 16 | steps[cube / 6 % 6] << 8 | steps[cube % 6];
    }
    int grey = 8 + 10 * (shown - 232);
    return grey << 16 | grey << 8 | grey;
}

static double linear(int value)
{
    double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static struct colour colour_of(int hex)
{
    return (struct colour){ linear(hex >> 16 & 255), linear(hex >> 8 & 255), linear(hex & 255) };
}

static double luminance(struct colour c)
{
    return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
}

static double contrast(struct colour a, struct colour b)
{
    double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
    return x > y ? x / y : y / x;
}

/* --- the themes --------------------------------------------------------------------------------------------------------------------- */

static struct {
    struct sb_theme themes[THEMES_MAX];
    size_t count;
} shipped;

static void load(const char *name)
{
    static char text[SB_THEME_FILE_MAX + 1];
    char path[512];
    struct sb_error err = { SB_OK, "" };
    (void)snprintf(path, sizeof path, "%s/themes/%s.theme", SB_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    assert_true(shipped.count < THEMES_MAX);
    if (sb_theme_parse(&shipped.themes[shipped.count++], name, text, size, NULL, &err) != SB_OK) {
        fail_msg("%s", err.text);
    }
}

static int load_all(void **state)
{
    (void)state;
    char line[256];
    FILE *index = fopen(SB_SOURCE_DIR "/themes/INDEX", "r");
    assert_non_null(index);
    while (fgets(line, sizeof line, index) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#' && line[0] != '\0') {
            load(line);
        }
    }
    (void)fclose(index);
    return 0;
}

static const struct sb_theme *find(const char *name)
{
    for (size_t i = 0; i < shipped.count; i++) {
        if (sb_streq(shipped.themes[i].name, name)) {
            return &shipped.themes[i];
        }
    }
    fail_msg("themes/INDEX has no %s", name);
    return NULL;
}

/* What a terminal of that ability paints: `ground` stands for its own background. */
struct painted {
    struct colour fore, back;
};

static struct painted paint(const struct sb_theme *theme, enum sb_slot slot, enum sb_ability ability, int ground)
{
    struct sb_style_shown shown = sb_style_show(theme->styles[slot], ability);
    int own = ground > 0x7fffff ? 0x000000 : 0xe5e5e5;
    struct painted painted = { colour_of(shown.fg < 0 ? own : hex_of(shown.fg, ability)),
                               colour_of(shown.bg < 0 ? ground : hex_of(shown.bg, ability)) };
    if (shown.attrs & SB_ATTR_REVERSE) {
        struct colour fore = painted.fore;
        painted.fore = painted.back;
        painted.back = fore;
    }
    return painted;
}

/* --- contrast ------------------------------------------------------------------------------------------------------------------------ */

/* Lines and bars are no text: the filled part of a bar must be seen, a rule and the empty part only faintly. */
static double least(const struct sb_theme *theme, enum sb_slot slot, enum sb_ability ability)
{
    bool is_high = sb_streq(theme->name, "high-contrast");
    if (slot == SB_SLOT_FRAME || slot == SB_SLOT_GAUGE_EMPTY) {
        return 1.5;
    }
    if (ability <= SB_ABILITY_16) { /* the sixteen belong to the terminal's owner; as xterm paints them, light grounds have no better green */
        return is_high ? 4.5 : 2.0;
    }
    return is_high ? 7.0 : slot == SB_SLOT_GAUGE ? 3.0 : 4.5;
}

static void contrast__every_text_of_every_theme_can_be_read(void **state)
{
    (void)state;
    static const int dark[] = { 0x000000, 0x1e1e1e }, light[] = { 0xffffff, 0xfafafa };
    unsigned measured = 0;
    for (size_t i = 0; i < shipped.count; i++) {
        const struct sb_theme *theme = &shipped.themes[i];
        for (unsigned ability = SB_ABILITY_8; ability <= SB_ABILITY_TRUE; ability++) {
            for (unsigned slot = 0; slot < SB_SLOT_COUNT; slot++) {
                for (unsigned g = 0; g < 2; g++) {
                    int ground = sb_streq(theme->name, "light") ? light[g] : dark[g];
                    struct painted p = paint(theme, (enum sb_slot)slot, (enum sb_ability)ability, ground);
                    double ratio = contrast(p.fore, p.back);
                    if (ratio < least(theme, (enum sb_slot)slot, (enum sb_ability)ability)) {
                        fail_msg("%s: slot %u, ability %u on #%06x: contrast %.2f", theme->name, slot, ability, (unsigned)ground, ratio);
                    }
                    measured++;
                }
            }
        }
    }
    assert_true(shipped.count >= 7);
    assert_int_equal(measured, shipped.count * SB_SLOT_COUNT * 4 * 2);
}

static void contrast__themes_that_promise_it_bring_their_own_background(void **state)
{
    (void)state;
    static const char *const names[] = { "high-contrast", "deuteranopia", "protanopia", "amber" };
    for (size_t i = 0; i < SB_LEN(names); i++) {
        const struct sb_theme *theme = find(names[i]);
        for (size_t slot = 0; slot < SB_SLOT_COUNT; slot++) {
            assert_int_not_equal(theme->styles[slot].bg.kind, SB_COLOUR_DEFAULT);
            assert_int_not_equal(theme->styles[slot].fg.kind, SB_COLOUR_DEFAULT);
        }
    }
}

/* --- what dichromats see ------------------------------------------------------------------------------------------------------------ */

typedef const double matrix[3][3];
static matrix protanopia = { { 0.152286, 1.052583, -0.204868 }, { 0.114503, 0.786281, 0.099216 }, { -0.003882, -0.048116, 1.051998 } };
static matrix deuteranopia = { { 0.367322, 0.860646, -0.227968 }, { 0.280085, 0.672501, 0.047413 }, { -0.011820, 0.042940, 0.968881 } };

static double clamp(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static struct colour seen(struct colour c, matrix m)
{
    return (struct colour){ clamp(m[0][0] * c.r + m[0][1] * c.g + m[0][2] * c.b), clamp(m[1][0] * c.r + m[1][1] * c.g + m[1][2] * c.b),
                            clamp(m[2][0] * c.r + m[2][1] * c.g + m[2][2] * c.b) };
}

static double lab_part(double t)
{
    return t > 216.0 / 24389.0 ? cbrt(t) : (24389.0 / 27.0 * t + 16.0) / 116.0;
}

static double distance(struct colour a, struct colour b)
{
    double lab[2][3];
    for (unsigned i = 0; i < 2; i++) {
        struct colour c = i == 0 ? a : b;
        double x = lab_part((0.4124564 * c.r + 0.3575761 * c.g + 0.1804375 * c.b) / 0.95047);
        double y = lab_part(0.2126729 * c.r + 0.7151522 * c.g + 0.0721750 * c.b);
        double z = lab_part((0.0193339 * c.r + 0.1191920 * c.g + 0.9503041 * c.b) / 1.08883);
        lab[i][0] = 116 * y - 16;
        lab[i][1] = 500 * (x - y);
        lab[i][2] = 200 * (y - z);
    }
    return sqrt(pow(lab[0][0] - lab[1][0], 2) + pow(lab[0][1] - lab[1][1], 2) + pow(lab[0][2] - lab[1][2], 2));
}

/* The smallest distance between two of the states: by their letters or by their blocks, whichever differs more. Eight colours are not five
 * for such eyes: there only what wants attention must be apart from everything, words and marks tell the rest. */
static double closest(const struct sb_theme *theme, enum sb_ability ability, matrix eyes)
{
    static const enum sb_slot states[] = { SB_SLOT_OK, SB_SLOT_RUN, SB_SLOT_WAIT, SB_SLOT_WARN, SB_SLOT_BAD };
    double smallest = 1000;
    for (size_t a = 0; a < SB_LEN(states); a++) {
        for (size_t b = a + 1; b < SB_LEN(states); b++) {
            if (ability == SB_ABILITY_8 && states[b] != SB_SLOT_WARN && states[b] != SB_SLOT_BAD) {
                continue;
            }
            struct painted x = paint(theme, states[a], ability, 0), y = paint(theme, states[b], ability, 0);
            double fore = distance(seen(x.fore, eyes), seen(y.fore, eyes)), back = distance(seen(x.back, eyes), seen(y.back, eyes));
            smallest = fmin(smallest, fmax(fore, back));
        }
    }
    return smallest;
}

#define APART 30.0 /* a difference of 2.3 is just noticed; small letters and tired eyes want far more */

static void eyes__without_red_or_green_receptors_tell_the_states_apart(void **state)
{
    (void)state;
    static const char *const names[] = { "deuteranopia", "protanopia" };
    for (size_t i = 0; i < SB_LEN(names); i++) {
        const struct sb_theme *theme = find(names[i]);
        for (unsigned ability = SB_ABILITY_8; ability <= SB_ABILITY_TRUE; ability++) {
            double deutan = closest(theme, (enum sb_ability)ability, deuteranopia), protan = closest(theme, (enum sb_ability)ability, protanopia);
            if (deutan < APART || protan < APART) {
                fail_msg("%s, ability %u: states are only %.1f (deuteranopia) and %.1f (protanopia) apart", names[i], ability, deutan, protan);
            }
        }
    }
}

/* The measure itself: what these eyes are known to confuse is near, what they are known to see is far. */
static void eyes__confuse_red_and_green_in_this_model(void **state)
{
    (void)state;
    struct colour red = colour_of(0xd73027), green = colour_of(0x607d00), blue = colour_of(0x2060ff), yellow = colour_of(0xffe040);
    assert_true(distance(red, green) > 80);
    assert_true(distance(seen(red, deuteranopia), seen(green, deuteranopia)) < 20);
    assert_true(distance(seen(blue, deuteranopia), seen(yellow, deuteranopia)) > 100);
    assert_true(distance(seen(blue, protanopia), seen(yellow, protanopia)) > 100);
    struct colour grey = seen(colour_of(0x808080), protanopia); /* rows of the matrices add up to one */
    assert_true(distance(grey, colour_of(0x808080)) < 0.1);
    assert_true(contrast(colour_of(0x000000), colour_of(0xffffff)) > 20.99);
    assert_true(fabs(contrast(colour_of(0x767676), colour_of(0xffffff)) - 4.54) < 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contrast__every_text_of_every_theme_can_be_read),
        cmocka_unit_test(contrast__themes_that_promise_it_bring_their_own_background),
        cmocka_unit_test(eyes__without_red_or_green_receptors_tell_the_states_apart),
        cmocka_unit_test(eyes__confuse_red_and_green_in_this_model),
    };
    return cmocka_run_group_tests(tests, load_all, NULL);
}

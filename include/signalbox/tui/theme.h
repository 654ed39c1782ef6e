/* Themes: which colours and attributes a meaning (enum sb_slot) has. Pure: text in, a table out, no file and no terminal.
 *
 * A theme file is NAME.theme, one line per slot:
 *
 *     # a comment stands on its own line
 *     bad = 203 default bold reverse
 *
 * that is `slot = foreground background attributes...`. A colour is `default` (the terminal's own), one of the sixteen names (`red`,
 * `bright-red`), a palette number 0..255, or #rrggbb; it is brought down to what the terminal can do when it is used. Attributes are
 * bold dim italic underline reverse blink. Every slot must be there, once. */
#ifndef SIGNALBOX_TUI_THEME_H
#define SIGNALBOX_TUI_THEME_H

#include "signalbox/base/err.h"
#include "signalbox/tui/grid.h"

#include <stddef.h>
#include <stdint.h>

#define SB_THEME_NAME_MAX 32
#define SB_THEME_FILE_MAX 16384 /* bytes */
#define SB_THEME_MISTAKES_MAX 20
#define SB_THEME_MISTAKE_TEXT_MAX 128

enum sb_colour_kind { SB_COLOUR_DEFAULT, SB_COLOUR_INDEX, SB_COLOUR_RGB };
struct sb_colour {
    uint8_t kind;    /* enum sb_colour_kind */
    uint8_t index;   /* SB_COLOUR_INDEX: 0..255 of the xterm palette */
    uint8_t r, g, b; /* SB_COLOUR_RGB */
};

#define SB_LIST_ATTR(X) \
    X(BOLD, "bold", 0) X(DIM, "dim", 1) X(ITALIC, "italic", 2) X(UNDERLINE, "underline", 3) X(REVERSE, "reverse", 4) X(BLINK, "blink", 5)
enum sb_attr {
#define SB_ATTR_MEMBER(code, name, bit) SB_ATTR_##code = 1 << (bit),
    SB_LIST_ATTR(SB_ATTR_MEMBER)
#undef SB_ATTR_MEMBER
};

struct sb_style {
    struct sb_colour fg, bg;
    uint8_t attrs; /* enum sb_attr bits */
};

struct sb_theme {
    char name[SB_THEME_NAME_MAX];
    struct sb_style styles[SB_SLOT_COUNT];
};

/* All mistakes of a file, up to the maximum; `count` may be larger than what `items` holds. */
struct sb_theme_mistakes {
    size_t count;
    struct {
        unsigned line, column; /* from 1; line 0 = about the whole file */
        char text[SB_THEME_MISTAKE_TEXT_MAX];
    } items[SB_THEME_MISTAKES_MAX];
};

/* Whether a name may become a file name: 1..31 of a-z 0-9 and '-', not starting with '-'. */
bool sb_theme_name_is_valid(const char *name);

/* Parses a whole theme file. SB_ERR_CONFIG when it has a mistake: `mistakes` (may be NULL) then lists them, err->text is
 * "NAME.theme:LINE:COLUMN: what is wrong" of the first, and `theme` is untouched. */
enum sb_err sb_theme_parse(struct sb_theme *theme, const char *name, const char *text, size_t size,
                           struct sb_theme_mistakes *mistakes, struct sb_error *err) SB_MUST_USE;

/* The theme that is always there: attributes only, the same table as themes/mono.theme. */
void sb_theme_fallback(struct sb_theme *theme);

/* 0xrrggbb of a colour that is not the terminal's own; palette numbers as xterm paints them. */
uint32_t sb_colour_rgb(struct sb_colour colour);

/* What a terminal can show, in rising order. */
enum sb_ability { SB_ABILITY_MONO, SB_ABILITY_8, SB_ABILITY_16, SB_ABILITY_256, SB_ABILITY_TRUE };

/* A style as a terminal of that ability shows it: -1 = the terminal's own colour, otherwise a palette number, or 0xrrggbb for
 * SB_ABILITY_TRUE. Among eight and sixteen colours greys stay greys and colours keep their hue. Never makes text invisible: when both
 * colours fall together, or to one brightness, the foreground becomes black or white. */
struct sb_style_shown {
    int32_t fg, bg;
    uint8_t attrs;
};
struct sb_style_shown sb_style_show(struct sb_style style, enum sb_ability ability);

#endif

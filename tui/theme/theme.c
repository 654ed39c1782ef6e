/* Reading a theme file: strict, all mistakes in one run, each with its line and column.
 *
 * Owns the format and the built-in theme. Any thread; no state. Must never open a file or know a terminal. */
#include "signalbox/tui/theme.h"

#include "signalbox/base/text.h"

#include <string.h>

#define WORDS_MAX 12 /* slot, '=', two colours, six attributes and two to complain about */

struct word {
    const char *at;
    size_t len;
    unsigned column;
};

struct parser {
    struct sb_theme theme;
    struct sb_theme_mistakes mistakes;
    unsigned line;
    unsigned line_of[SB_SLOT_COUNT]; /* where a slot was set, 0 = not yet */
};

static const char *const slot_names[SB_SLOT_COUNT] = {
#define SLOT_NAME(code, name) [SB_SLOT_##code] = name,
    SB_LIST_SLOT(SLOT_NAME)
#undef SLOT_NAME
};

static const struct {
    const char *name;
    uint8_t bit;
} attr_names[] = {
#define ATTR_NAME(code, name, bit) { name, SB_ATTR_##code },
    SB_LIST_ATTR(ATTR_NAME)
#undef ATTR_NAME
};

/* The index is the palette number. */
static const char *const colour_names[16] = {
    "black",        "red",        "green",        "yellow",        "blue",        "magenta",        "cyan",        "white",
    "bright-black", "bright-red", "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan", "bright-white",
};

/* Says what is wrong at a place: "TEXT 'word' TAIL". The word is cut and made printable: the file is untrusted. */
static void complain(struct parser *p, unsigned column, const char *text, const struct word *word, const char *tail)
{
    size_t index = p->mistakes.count++;
    if (index >= SB_THEME_MISTAKES_MAX) {
        return;
    }
    p->mistakes.items[index].line = p->line;
    p->mistakes.items[index].column = column;
    struct sb_text out;
    sb_text_init(&out, p->mistakes.items[index].text, sizeof p->mistakes.items[index].text);
    sb_text_add(&out, text);
    if (word != NULL) {
        sb_text_add(&out, " '");
        for (size_t i = 0; i < word->len && i < 32; i++) {
            char c = word->at[i];
            sb_text_add_char(&out, c >= ' ' && c <= '~' ? c : '?');
        }
        sb_text_add(&out, word->len > 32 ? "...'" : "'");
    }
    sb_text_add(&out, tail);
}

static bool word_is(const struct word *word, const char *text)
{
    return strlen(text) == word->len && memcmp(text, word->at, word->len) == 0;
}

static bool parse_hex(const struct word *word, struct sb_colour *out)
{
    uint32_t value = 0;
    if (word->len != 7) {
        return false;
    }
    for (size_t i = 1; i < 7; i++) {
        char c = word->at[i];
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = (uint32_t)(c - 'a') + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = (uint32_t)(c - 'A') + 10;
        } else {
            return false;
        }
        value = value * 16 + digit;
    }
    *out = (struct sb_colour){ .kind = SB_COLOUR_RGB, .r = (uint8_t)(value >> 16), .g = (uint8_t)(value >> 8), .b = (uint8_t)value };
    return true;
}

static bool parse_index(const struct word *word, struct sb_colour *out)
{
    unsigned value = 0;
    if (word->len == 0 || word->len > 3) {
        return false;
    }
    for (size_t i = 0; i < word->len; i++) {
        if (word->at[i] < '0' || word->at[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(word->at[i] - '0');
    }
    if (value > 255) {
        return false;
    }
    *out = (struct sb_colour){ .kind = SB_COLOUR_INDEX, .index = (uint8_t)value };
    return true;
}

static struct sb_colour parse_colour(struct parser *p, const struct word *word)
{
    struct sb_colour colour = { .kind = SB_COLOUR_DEFAULT };
    if (word_is(word, "default")) {
        return colour;
    }
    for (size_t i = 0; i < SB_LEN(colour_names); i++) {
        if (word_is(word, colour_names[i])) {
            return (struct sb_colour){ .kind = SB_COLOUR_INDEX, .index = (uint8_t)i };
        }
    }
    if (!(word->at[0] == '#' ? parse_hex(word, &colour) : parse_index(word, &colour))) {
        complain(p, word->column, "unknown colour", word, ": use default, a name (red, bright-red), 0..255 or #rrggbb");
    }
    return colour;
}

static uint8_t parse_attr(struct parser *p, const struct word *word, uint8_t seen)
{
    for (size_t i = 0; i < SB_LEN(attr_names); i++) {
        if (!word_is(word, attr_names[i].name)) {
            continue;
        }
        if (seen & attr_names[i].bit) {
            complain(p, word->column, "attribute", word, " is written twice");
        }
        return attr_names[i].bit;
    }
    complain(p, word->column, "unknown attribute", word, ": use bold dim italic underline reverse blink");
    return 0;
}

static size_t split(const char *line, size_t len, struct word words[WORDS_MAX])
{
    size_t count = 0, i = 0;
    while (i < len && count < WORDS_MAX) {
        if (line[i] == ' ' || line[i] == '\t') {
            i++;
            continue;
        }
        size_t start = i;
        bool is_equals = line[i] == '=';
        do {
            i++;
        } while (i < len && !is_equals && line[i] != ' ' && line[i] != '\t' && line[i] != '=');
        words[count++] = (struct word){ .at = line + start, .len = i - start, .column = (unsigned)start + 1 };
    }
    return count;
}

static void parse_style(struct parser *p, const struct word *words, size_t count, size_t slot)
{
    struct sb_style style = { .fg = parse_colour(p, &words[2]), .bg = parse_colour(p, &words[3]) };
    for (size_t i = 4; i < count; i++) {
        style.attrs |= parse_attr(p, &words[i], style.attrs);
    }
    p->theme.styles[slot] = style;
}

static void parse_line(struct parser *p, const char *line, size_t len)
{
    struct word words[WORDS_MAX];
    size_t count = split(line, len, words);
    size_t slot = 0;

    if (count == 0 || words[0].at[0] == '#') {
        return;
    }
    while (slot < SB_SLOT_COUNT && !word_is(&words[0], slot_names[slot])) {
        slot++;
    }
    if (slot == SB_SLOT_COUNT) {
        complain(p, words[0].column, "unknown slot", &words[0], "");
        return;
    }
    if (count < 4 || !word_is(&words[1], "=")) {
        complain(p, words[count - 1].column, "a line is `slot = foreground background attributes...`; the end here is", &words[count - 1],
                 "");
        return;
    }
    if (p->line_of[slot] != 0) {
        complain(p, words[0].column, "slot", &words[0], " is set twice");
        return;
    }
    p->line_of[slot] = p->line;
    parse_style(p, words, count, slot);
}

static void parse_text(struct parser *p, const char *text, size_t size)
{
    size_t start = 0;
    while (start < size) {
        const char *newline = memchr(text + start, '\n', size - start);
        size_t end = newline != NULL ? (size_t)(newline - text) : size;
        size_t len = end - start;
        if (len > 0 && text[start + len - 1] == '\r') {
            len--;
        }
        p->line++;
        parse_line(p, text + start, len);
        start = end + 1;
    }
    p->line = 0;
    for (size_t slot = 0; slot < SB_SLOT_COUNT; slot++) {
        if (p->line_of[slot] == 0) {
            struct word word = { .at = slot_names[slot], .len = strlen(slot_names[slot]) };
            complain(p, 0, "slot", &word, " is missing");
        }
    }
}

bool sb_theme_name_is_valid(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= SB_THEME_NAME_MAX || name[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}

enum sb_err sb_theme_parse(struct sb_theme *theme, const char *name, const char *text, size_t size,
                           struct sb_theme_mistakes *mistakes, struct sb_error *err)
{
    struct parser p = { .line = 0 };

    if (!sb_theme_name_is_valid(name)) {
        return sb_error_set(err, SB_ERR_INVALID, "theme name must be a-z, 0-9 and '-', at most %d", SB_THEME_NAME_MAX - 1);
    }
    if (size > SB_THEME_FILE_MAX) {
        return sb_error_set(err, SB_ERR_TOO_LARGE, "%s.theme: larger than %d bytes", name, SB_THEME_FILE_MAX);
    }
    parse_text(&p, text, size);
    if (mistakes != NULL) {
        *mistakes = p.mistakes;
    }
    if (p.mistakes.count > 0) {
        return sb_error_set(err, SB_ERR_CONFIG, "%s.theme:%u:%u: %s", name, p.mistakes.items[0].line, p.mistakes.items[0].column,
                            p.mistakes.items[0].text);
    }
    (void)sb_copy(p.theme.name, sizeof p.theme.name, name); /* fits: the name was checked */
    *theme = p.theme;
    return SB_OK;
}

void sb_theme_fallback(struct sb_theme *theme)
{
    static const uint8_t attrs[SB_SLOT_COUNT] = {
        [SB_SLOT_DIM] = SB_ATTR_DIM,
        [SB_SLOT_TITLE] = SB_ATTR_BOLD,
        [SB_SLOT_TITLE_FOCUS] = SB_ATTR_BOLD | SB_ATTR_REVERSE,
        [SB_SLOT_HEADER] = SB_ATTR_UNDERLINE,
        [SB_SLOT_BAR] = SB_ATTR_REVERSE,
        [SB_SLOT_BAR_WARN] = SB_ATTR_REVERSE | SB_ATTR_UNDERLINE,
        [SB_SLOT_BAR_BAD] = SB_ATTR_REVERSE | SB_ATTR_BOLD,
        [SB_SLOT_BANNER] = SB_ATTR_REVERSE | SB_ATTR_BOLD,
        [SB_SLOT_SELECTED] = SB_ATTR_REVERSE,
        [SB_SLOT_MARKED] = SB_ATTR_UNDERLINE,
        [SB_SLOT_RUN] = SB_ATTR_BOLD,
        [SB_SLOT_WARN] = SB_ATTR_BOLD,
        [SB_SLOT_BAD] = SB_ATTR_BOLD | SB_ATTR_REVERSE,
        [SB_SLOT_PAUSED] = SB_ATTR_UNDERLINE,
        [SB_SLOT_GAUGE_EMPTY] = SB_ATTR_DIM,
        [SB_SLOT_KEY] = SB_ATTR_BOLD,
        [SB_SLOT_PROMPT] = SB_ATTR_BOLD,
        [SB_SLOT_MATCH] = SB_ATTR_UNDERLINE | SB_ATTR_BOLD,
    };
    *theme = (struct sb_theme){ .name = "mono" };
    for (size_t slot = 0; slot < SB_SLOT_COUNT; slot++) {
        theme->styles[slot].attrs = attrs[slot];
    }
}

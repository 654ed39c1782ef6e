/* Owns extended regular expressions: the parser makes a small tree, the tree becomes an automaton with a bit per place (Glushkov's), and
 * matching shifts bits. The C library's would do for tame patterns, but it allocates for every pattern and while it matches, takes back
 * references, and a few characters such as (x{255}){255} cost it gigabytes: here a pattern is refused when it has more than 64 places.
 * Pure. */
#include "signalbox/tui/match.h"

#include <string.h>

enum { NODES_MAX = 4 * SB_REGEX_BYTES, REPEAT_MAX = 255, WITHOUT_END = -1, BUILDS_MAX = 1024, NOT_ASCII = 128, BAD_BYTE = 0x110000 };
enum node_kind { NODE_EMPTY, NODE_SET, NODE_BEGIN, NODE_END, NODE_BOTH, NODE_EITHER, NODE_REPEAT };

struct node {
    uint8_t kind, set;
    int16_t a, b;      /* children */
    int16_t min, max;  /* of a repeat */
};

struct parser {
    struct sb_regex *regex;
    const char *at, *end;
    struct sb_text *why;
    bool is_bad;
    unsigned node_count, builds;
    struct node nodes[NODES_MAX];
};

/* What a part of the pattern begins and ends with. */
struct part {
    uint64_t first, last;
    bool is_nullable;
};

static uint32_t char_next(const char *text, size_t size, size_t *at)
{
    const unsigned char byte = (unsigned char)text[*at];
    if (byte < NOT_ASCII) {
        (*at)++;
        return byte;
    }
    uint32_t code_point = 0;
    const unsigned taken = sb_utf8_decode(text + *at, size - *at, &code_point);
    *at += taken == 0 ? 1 : taken;
    return taken == 0 ? (uint32_t)BAD_BYTE + byte : code_point;
}

static bool is_letter(uint32_t c)
{
    return (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z';
}

/* ---- sets ---- */

static bool set_holds(const struct sb_regex *regex, const struct sb_regex_set *set, uint32_t c)
{
    bool is_in = set->is_any;
    if (c < NOT_ASCII) {
        is_in = is_in || (set->ascii[c / 64] >> (c % 64) & 1U) != 0;
    } else {
        for (unsigned i = 0; i < set->count && !is_in; i++)
            is_in = c >= regex->ranges[set->first + i].low && c <= regex->ranges[set->first + i].high;
    }
    return is_in != set->is_negated;
}

static void bad(struct parser *parser, const char *why)
{
    if (!parser->is_bad)
        sb_text_add(parser->why, why);
    parser->is_bad = true;
    parser->at = parser->end;
}

static void set_add(struct parser *parser, struct sb_regex_set *set, uint32_t low, uint32_t high)
{
    struct sb_regex *const regex = parser->regex;
    for (uint32_t c = low; c <= high && c < NOT_ASCII; c++) {
        set->ascii[c / 64] |= UINT64_C(1) << (c % 64);
        if (is_letter(c))
            set->ascii[(c ^ 0x20U) / 64] |= UINT64_C(1) << ((c ^ 0x20U) % 64);
    }
    if (high < NOT_ASCII)
        return;
    if (regex->range_count == SB_REGEX_RANGES) {
        bad(parser, "too many ranges in brackets");
        return;
    }
    regex->ranges[regex->range_count].low = low;
    regex->ranges[regex->range_count].high = high;
    regex->range_count++;
    set->count++;
}

static struct sb_regex_set *set_begin(struct parser *parser, uint8_t *index)
{
    struct sb_regex *const regex = parser->regex;
    if (regex->set_count == SB_REGEX_PLACES) { /* a pattern has fewer characters than that */
        bad(parser, "the pattern is too long");
        regex->set_count--;
    }
    *index = regex->set_count;
    struct sb_regex_set *const set = &regex->sets[regex->set_count++];
    memset(set, 0, sizeof *set);
    set->first = regex->range_count;
    return set;
}

/* ---- the parser ---- */

static int16_t node_make(struct parser *parser, enum node_kind kind, int16_t a, int16_t b)
{
    if (parser->node_count == NODES_MAX) {
        bad(parser, "the pattern is too long");
        return 0;
    }
    parser->nodes[parser->node_count] = (struct node){.kind = (uint8_t)kind, .a = a, .b = b};
    return (int16_t)parser->node_count++;
}

static int16_t parse_either(struct parser *parser, unsigned depth);

static bool begins_with(const struct parser *parser, const char *what)
{
    const size_t size = strlen(what);
    return (size_t)(parser->end - parser->at) >= size && memcmp(parser->at, what, size) == 0;
}

static void parse_class(struct parser *parser, struct sb_regex_set *set)
{
    static const struct {
        const char *name, *ranges;
    } classes[] = {
        {"[:alpha:]", "azAZ"}, {"[:digit:]", "09"},    {"[:alnum:]", "azAZ09"},       {"[:upper:]", "AZ"},     {"[:lower:]", "az"},
        {"[:space:]", "\t\r  "}, {"[:blank:]", "\t\t  "}, {"[:punct:]", "!/:@[`{~"}, {"[:xdigit:]", "09afAF"}, {"[:print:]", " ~"},
        {"[:graph:]", "!~"},   {"[:cntrl:]", "\1\37\177\177"},
    };
    for (unsigned i = 0; i < SB_LEN(classes); i++) {
        if (!begins_with(parser, classes[i].name))
            continue;
        parser->at += strlen(classes[i].name);
        for (const char *range = classes[i].ranges; *range != '\0'; range += 2)
            set_add(parser, set, (unsigned char)range[0], (unsigned char)range[1]);
        return;
    }
    bad(parser, "no such class; [:alpha:] [:digit:] [:alnum:] [:space:] [:punct:] and the like are");
}

static uint32_t take(struct parser *parser)
{
    size_t at = 0;
    const uint32_t c = char_next(parser->at, (size_t)(parser->end - parser->at), &at);
    parser->at += at;
    return c;
}

/* After '[': up to and with its ']'. */
static int16_t parse_bracket(struct parser *parser)
{
    uint8_t index = 0;
    struct sb_regex_set *const set = set_begin(parser, &index);
    if (begins_with(parser, "^")) {
        set->is_negated = true;
        parser->at++;
    }
    for (bool is_first = true; !parser->is_bad; is_first = false) {
        if (parser->at == parser->end) {
            bad(parser, "[ without its ]");
        } else if (*parser->at == ']' && !is_first) {
            parser->at++;
            break;
        } else if (begins_with(parser, "[:")) {
            parse_class(parser, set);
        } else if (begins_with(parser, "[=") || begins_with(parser, "[.")) {
            bad(parser, "[= =] and [. .] are not offered");
        } else {
            const uint32_t low = take(parser);
            uint32_t high = low;
            if (parser->end - parser->at >= 2 && parser->at[0] == '-' && parser->at[1] != ']') {
                parser->at++;
                high = take(parser);
            }
            if (high < low)
                bad(parser, "a range in [ ] ends before it begins");
            else
                set_add(parser, set, low, high);
        }
    }
    const int16_t node = node_make(parser, NODE_SET, 0, 0);
    parser->nodes[node].set = index;
    return node;
}

static int16_t parse_char(struct parser *parser, bool is_any)
{
    uint8_t index = 0;
    struct sb_regex_set *const set = set_begin(parser, &index);
    const uint32_t c = take(parser);
    if (is_any)
        set->is_any = true;
    else
        set_add(parser, set, c, c);
    const int16_t node = node_make(parser, NODE_SET, 0, 0);
    parser->nodes[node].set = index;
    return node;
}

static int16_t parse_group(struct parser *parser, unsigned depth)
{
    parser->at++;
    const int16_t inner = parse_either(parser, depth + 1);
    if (!begins_with(parser, ")"))
        bad(parser, "( without its )");
    else
        parser->at++;
    return inner;
}

static int16_t parse_one(struct parser *parser, unsigned depth)
{
    const char c = *parser->at;
    if (c == '(')
        return parse_group(parser, depth);
    if (c == '[') {
        parser->at++;
        return parse_bracket(parser);
    }
    if (c == '^' || c == '$') {
        parser->at++;
        return node_make(parser, c == '^' ? NODE_BEGIN : NODE_END, 0, 0);
    }
    if (c == '*' || c == '+' || c == '?' || c == '{') {
        bad(parser, "nothing stands before * + ? or { to be repeated; \\ makes it a plain character");
        return 0;
    }
    if (c == '\\') {
        parser->at++;
        if (parser->at == parser->end) {
            bad(parser, "a \\ at the end");
            return 0;
        }
        if (*parser->at >= '0' && *parser->at <= '9') {
            bad(parser, "what a group matched (\\1) cannot be asked for");
            return 0;
        }
        if (is_letter((unsigned char)*parser->at)) {
            bad(parser, "\\ before a letter means nothing; [[:digit:]] and the like do");
            return 0;
        }
        return parse_char(parser, false);
    }
    return parse_char(parser, c == '.');
}

static bool parse_number(struct parser *parser, int16_t *out)
{
    const char *const begin = parser->at;
    int value = 0;
    for (; parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9'; parser->at++)
        value = value > REPEAT_MAX ? value : value * 10 + (*parser->at - '0');
    *out = (int16_t)value;
    return parser->at > begin && value <= REPEAT_MAX;
}

/* After '{': "3}", "3,}" or "3,5}". */
static void parse_times(struct parser *parser, int16_t *min, int16_t *max)
{
    bool is_good = parse_number(parser, min);
    *max = *min;
    if (is_good && begins_with(parser, ",")) {
        parser->at++;
        *max = WITHOUT_END;
        if (!begins_with(parser, "}"))
            is_good = parse_number(parser, max) && *max >= *min;
    }
    if (!is_good || !begins_with(parser, "}"))
        bad(parser, "{ } wants numbers up to 255, such as {2} or {1,3}; \\{ is the character");
    else
        parser->at++;
}

static int16_t parse_repeat(struct parser *parser, unsigned depth)
{
    int16_t node = parse_one(parser, depth);
    while (!parser->is_bad && parser->at < parser->end && memchr("*+?{", *parser->at, 4) != NULL) {
        const char c = *parser->at++;
        int16_t min = c == '+' ? 1 : 0, max = c == '?' ? 1 : WITHOUT_END;
        if (c == '{')
            parse_times(parser, &min, &max);
        node = node_make(parser, NODE_REPEAT, node, 0);
        parser->nodes[node].min = min;
        parser->nodes[node].max = max;
    }
    return node;
}

static int16_t parse_both(struct parser *parser, unsigned depth)
{
    int16_t node = node_make(parser, NODE_EMPTY, 0, 0);
    while (!parser->is_bad && parser->at < parser->end && *parser->at != '|' && *parser->at != ')')
        node = node_make(parser, NODE_BOTH, node, parse_repeat(parser, depth));
    return node;
}

static int16_t parse_either(struct parser *parser, unsigned depth)
{
    int16_t node = parse_both(parser, depth);
    while (!parser->is_bad && begins_with(parser, "|")) {
        parser->at++;
        node = node_make(parser, NODE_EITHER, node, parse_both(parser, depth));
    }
    if (depth == 0 && begins_with(parser, ")"))
        bad(parser, ") without its (");
    return node;
}

/* ---- the automaton ---- */

static void follow_add(struct sb_regex *regex, uint64_t places, uint64_t next)
{
    for (; places != 0; places &= places - 1)
        regex->follow[__builtin_ctzll(places)] |= next;
}

static struct part place_make(struct parser *parser, const struct node *node)
{
    struct sb_regex *const regex = parser->regex;
    if (regex->place_count == SB_REGEX_PLACES) {
        bad(parser, "the pattern is too large: repeats counted out it waits for more than 64 characters");
        return (struct part){0};
    }
    const uint64_t bit = UINT64_C(1) << regex->place_count;
    regex->set_of[regex->place_count++] = node->set;
    if (node->kind == NODE_BEGIN)
        regex->begins |= bit;
    else if (node->kind == NODE_END)
        regex->ends |= bit;
    for (uint32_t c = 0; node->kind == NODE_SET && c < NOT_ASCII; c++) {
        if (set_holds(regex, &regex->sets[node->set], c))
            regex->ascii[c] |= bit;
    }
    return (struct part){.first = bit, .last = bit};
}

static struct part join(struct sb_regex *regex, struct part a, struct part b)
{
    follow_add(regex, a.last, b.first);
    return (struct part){.first = a.first | (a.is_nullable ? b.first : 0), .last = b.last | (b.is_nullable ? a.last : 0),
                         .is_nullable = a.is_nullable && b.is_nullable};
}

static struct part build(struct parser *parser, int16_t at);

/* Each repetition that has a number is a copy; the last of an endless repeat leads back to itself. */
static struct part build_repeat(struct parser *parser, const struct node *node)
{
    struct part all = {.is_nullable = true};
    const int copies = node->max == WITHOUT_END ? (node->min > 0 ? node->min : 1) : node->max;
    for (int i = 0; i < copies && !parser->is_bad; i++) {
        struct part one = build(parser, node->a);
        if (node->max == WITHOUT_END && i + 1 == copies)
            follow_add(parser->regex, one.last, one.first);
        one.is_nullable = one.is_nullable || i >= node->min;
        all = join(parser->regex, all, one);
    }
    return all;
}

static struct part build(struct parser *parser, int16_t at)
{
    const struct node *const node = &parser->nodes[at];
    if (parser->is_bad || ++parser->builds > BUILDS_MAX) { /* repeats of nothing make no places, only work */
        bad(parser, "the pattern is too large");
        return (struct part){0};
    }
    switch ((enum node_kind)node->kind) {
    case NODE_EMPTY:
        return (struct part){.is_nullable = true};
    case NODE_SET:
    case NODE_BEGIN:
    case NODE_END:
        return place_make(parser, node);
    case NODE_BOTH: {
        const struct part a = build(parser, node->a);
        return join(parser->regex, a, build(parser, node->b));
    }
    case NODE_EITHER: {
        const struct part a = build(parser, node->a), b = build(parser, node->b);
        return (struct part){.first = a.first | b.first, .last = a.last | b.last, .is_nullable = a.is_nullable || b.is_nullable};
    }
    case NODE_REPEAT:
        return build_repeat(parser, node);
    }
    return (struct part){0};
}

bool sb_regex_compile(struct sb_regex *regex, const char *pattern, size_t size, struct sb_text *why)
{
    memset(regex, 0, sizeof *regex);
    if (size >= SB_REGEX_BYTES) {
        sb_text_add(why, "the pattern is longer than 63 bytes");
        return false;
    }
    struct parser parser = {.regex = regex, .at = pattern, .end = pattern + size, .why = why};
    const int16_t root = parse_either(&parser, 0);
    if (parser.is_bad)
        return false;
    const struct part whole = build(&parser, root);
    regex->first = whole.first;
    regex->last = whole.last;
    regex->is_nullable = whole.is_nullable;
    return !parser.is_bad;
}

/* ---- matching ---- */

static uint64_t after(const struct sb_regex *regex, uint64_t live)
{
    uint64_t next = 0;
    for (; live != 0; live &= live - 1)
        next |= regex->follow[__builtin_ctzll(live)];
    return next;
}

static uint64_t takes(const struct sb_regex *regex, uint64_t waiting, uint32_t c)
{
    if (c < NOT_ASCII)
        return waiting & regex->ascii[c];
    uint64_t live = 0;
    for (uint64_t left = waiting & ~(regex->begins | regex->ends); left != 0; left &= left - 1) {
        const unsigned place = (unsigned)__builtin_ctzll(left);
        if (set_holds(regex, &regex->sets[regex->set_of[place]], c))
            live |= UINT64_C(1) << place;
    }
    return live;
}

/* Goes through places of `kind` (^ or $) as long as there are any: they take no character. */
static uint64_t pass(const struct sb_regex *regex, uint64_t waiting, uint64_t kind)
{
    uint64_t passed = waiting & kind, before = 0;
    while (passed != before) {
        before = passed;
        passed |= after(regex, passed) & kind;
    }
    return passed;
}

bool sb_regex_matches(const struct sb_regex *regex, const char *text, size_t size)
{
    const uint64_t passed = pass(regex, regex->first, regex->begins);
    if (regex->is_nullable || (passed & regex->last) != 0)
        return true;
    uint64_t waiting = regex->first | after(regex, passed);
    for (size_t at = 0; at < size;) {
        const uint64_t live = takes(regex, waiting, char_next(text, size, &at));
        if ((live & regex->last) != 0)
            return true;
        waiting = regex->first | after(regex, live);
    }
    return (pass(regex, waiting, regex->ends) & regex->last) != 0;
}

/* The end of the longest match that begins exactly there; `begin` when there is none that has a length. */
static size_t longest(const struct sb_regex *regex, const char *text, size_t size, size_t begin)
{
    uint64_t waiting = regex->first, live = 0;
    size_t end = begin;
    if (begin == 0)
        waiting |= after(regex, pass(regex, waiting, regex->begins));
    for (size_t at = begin; at < size;) {
        live = takes(regex, waiting, char_next(text, size, &at));
        if (live == 0)
            return end;
        if ((live & regex->last) != 0)
            end = at;
        waiting = after(regex, live);
        if (at == size && (pass(regex, waiting, regex->ends) & regex->last) != 0)
            end = at;
    }
    return end;
}

bool sb_regex_find(const struct sb_regex *regex, const char *text, size_t size, size_t from, size_t *begin, size_t *end)
{
    for (size_t at = from; at < size;) {
        *begin = at;
        *end = longest(regex, text, size, at);
        if (*end > at)
            return true;
        (void)char_next(text, size, &at);
    }
    return false;
}

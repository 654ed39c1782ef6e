/* Mistakes: collected, sorted, printed; and the nearest word for a misspelt one. One thread. Must never let a byte of a file reach
 * the terminal unescaped. */
#include "report.h"

#include "signalbox/base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 48 };

/* ------------------------------------------------------------------------------------------------ collecting */

/* Copies text, with '?' for control characters (C1 included) and for bytes which are not UTF-8. */
static void copy_visible(char *out, size_t cap, const char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < size;) {
        uint32_t code = 0;
        unsigned length = sb_utf8_decode(text + i, size - i, &code);
        bool is_visible = length > 0 && code >= 0x20 && !(code >= 0x7f && code <= 0x9f) && code != 0x2028 && code != 0x2029 &&
                          !(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
        unsigned copied = is_visible ? length : 1;
        if (used + copied >= cap) {
            break;
        }
        for (unsigned k = 0; k < copied; k++) {
            out[used++] = is_visible ? text[i + k] : text[i] == '\t' ? ' ' : '?';
        }
        i += length > 0 ? length : 1;
    }
    out[used] = '\0';
}

static void copy_source(char *out, size_t cap, struct sb_cfg_place place)
{
    out[0] = '\0';
    const struct sb_cfg_doc *doc = place.doc;
    if (doc == NULL || doc->original == NULL || place.is_secret) {
        return;
    }
    if (doc->is_override) {
        copy_visible(out, cap, doc->original, strlen(doc->original));
        return;
    }
    if (place.line == 0 || place.line > doc->line_count) {
        return;
    }
    const char *start = doc->original + doc->line_starts[place.line - 1];
    size_t left = doc->size - doc->line_starts[place.line - 1];
    const char *end = memchr(start, '\n', left);
    size_t size = end != NULL ? (size_t)(end - start) : left;
    if (size > 0 && start[size - 1] == '\r') {
        size--;
    }
    copy_visible(out, cap, start, size);
}

static bool is_same(const struct sb_config_error *a, const struct sb_config_error *b)
{
    return a->line == b->line && a->column == b->column && strcmp(a->path, b->path) == 0 && strcmp(a->message, b->message) == 0;
}

void sb_cfg_report(struct sb_config_errors *errors, struct sb_cfg_place place, const char *hint, const char *format, ...)
{
    char message[640];
    struct sb_config_error made = {.line = place.line, .column = place.column};
    const char *path = place.doc != NULL ? place.doc->path : "";
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    copy_visible(made.path, sizeof made.path, path, strlen(path));
    copy_visible(made.message, sizeof made.message, message, strlen(message));
    if (errors->count > 0 && is_same(&errors->items[errors->count - 1], &made)) {
        return; /* the same word again, e.g. a path that a template names twice */
    }
    errors->total++;
    if (errors->count == SB_CONFIG_ERRORS_MAX) {
        return;
    }
    struct sb_config_error *error = &errors->items[errors->count++];
    *error = made;
    copy_visible(error->hint, sizeof error->hint, hint != NULL ? hint : "", hint != NULL ? strlen(hint) : 0);
    copy_source(error->source, sizeof error->source, place);
}

static size_t path_rank(const struct sb_config_errors *errors, const struct sb_config_error *error)
{
    size_t rank = 0;
    while (strcmp(errors->items[rank].path, error->path) != 0) {
        rank++;
    }
    return rank;
}

static bool is_before(const struct sb_config_error *a, size_t a_rank, const struct sb_config_error *b, size_t b_rank)
{
    if (a_rank != b_rank) {
        return a_rank < b_rank;
    }
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void sb_cfg_sort(struct sb_config_errors *errors)
{
    size_t ranks[SB_CONFIG_ERRORS_MAX];
    for (size_t i = 0; i < errors->count; i++) {
        ranks[i] = path_rank(errors, &errors->items[i]);
    }
    for (size_t i = 1; i < errors->count; i++) {
        struct sb_config_error moving = errors->items[i];
        size_t rank = ranks[i];
        size_t k = i;
        while (k > 0 && is_before(&moving, rank, &errors->items[k - 1], ranks[k - 1])) {
            errors->items[k] = errors->items[k - 1];
            ranks[k] = ranks[k - 1];
            k--;
        }
        errors->items[k] = moving;
        ranks[k] = rank;
    }
}

/* ------------------------------------------------------------------------------------------------ printing */

static void print_source(const struct sb_config_error *error, struct sb_text *out)
{
    sb_text_addf(out, "%6u | %s\n", (unsigned)error->line, error->source);
    size_t characters = 0;
    for (const char *at = error->source; *at != '\0'; at++) {
        characters += ((unsigned char)*at & 0xc0) != 0x80;
    }
    if (error->column == 0 || error->column > characters + 1) {
        return;
    }
    sb_text_add(out, "       | ");
    for (uint32_t i = 1; i < error->column; i++) {
        sb_text_add_char(out, ' ');
    }
    sb_text_add(out, "^\n");
}

static void print_one(const struct sb_config_error *error, struct sb_text *out)
{
    sb_text_add(out, error->path);
    if (error->line > 0) {
        sb_text_addf(out, ":%u:%u", (unsigned)error->line, (unsigned)error->column);
    }
    sb_text_addf(out, ": %s\n", error->message);
    if (error->source[0] != '\0' && error->line > 0) {
        print_source(error, out);
    } else if (error->source[0] != '\0') {
        sb_text_addf(out, "       | %s\n", error->source);
    }
    if (error->hint[0] != '\0') {
        sb_text_addf(out, "       = %s\n", error->hint);
    }
}

void sb_config_errors_print(const struct sb_config_errors *errors, struct sb_text *out)
{
    for (size_t i = 0; i < errors->count; i++) {
        print_one(&errors->items[i], out);
    }
    if (errors->total > errors->count) {
        sb_text_addf(out, "and %zu more\n", errors->total - errors->count);
    }
}

/* ------------------------------------------------------------------------------------------------ near words */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c == '-' ? '_' : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned sb_cfg_distance(const char *a, const char *b, unsigned limit)
{
    unsigned rows[3][WORD_MAX + 1];
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > WORD_MAX || b_size > WORD_MAX) {
        return limit + 1;
    }
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        unsigned *now = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *above_two = rows[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
            now[j] = least(least(above[j] + 1, now[j - 1] + 1), above[j - 1] + (is_same ? 0 : 1));
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
                now[j] = least(now[j], above_two[j - 2] + 1);
            }
        }
    }
    return least(rows[a_size % 3][b_size], limit + 1);
}

void sb_cfg_guess_init(struct sb_cfg_guess *guess, const char *word)
{
    size_t size = strlen(word);
    *guess = (struct sb_cfg_guess){.word = word, .distance = size <= 3 ? 2 : size <= 8 ? 3 : 4};
}

void sb_cfg_guess_try(struct sb_cfg_guess *guess, const char *candidate)
{
    unsigned distance = sb_cfg_distance(guess->word, candidate, guess->distance);
    size_t size = strlen(guess->word);
    bool is_start = size >= 3 && strncmp(guess->word, candidate, size) == 0; /* "max" for "max_items" */
    if (is_start && distance > 2) {
        distance = 2;
    }
    if (distance < guess->distance && distance < strlen(candidate)) {
        guess->distance = distance;
        guess->best = candidate;
    }
}

const char *sb_cfg_guess_hint(const struct sb_cfg_guess *guess, char *out, size_t cap)
{
    if (guess->best == NULL) {
        return NULL;
    }
    (void)snprintf(out, cap, "did you mean \"%s\"?", guess->best);
    return out;
}

/* What the tables of commands and options say in their own words. Pure. */
#include "tables.h"

#include "signalbox/base/text.h"

#include <string.h>

const struct command_row command_rows[] = {
#define X(name, function, summary) { name, summary },
#include "commands.def"
#undef X
};
const size_t command_row_count = SB_LEN(command_rows);

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

static size_t word_size(const char *text)
{
    size_t size = 0;
    while (is_lower(text[size]))
        size++;
    return size;
}

static bool add_word(struct words *words, const char *text, size_t size)
{
    return words->count < WORDS_MAX && size > 0 && text[0] != '-' && sb_copy_n(words->of[words->count], WORD_BYTES, text, size) &&
           ++words->count > 0;
}

/* Where the summary speaks of the command's verbs: at its start, or after "; ". */
static const char *verbs_begin(const struct command_row *row)
{
    const size_t size = strlen(row->name);
    for (const char *at = row->summary; at != NULL; at = strstr(at, "; ")) {
        at += at[0] == ';' ? 2 : 0;
        if (strncmp(at, row->name, size) == 0 && at[size] == ' ')
            return at + size + 1;
    }
    return NULL;
}

void command_verbs(const struct command_row *row, struct words *verbs)
{
    verbs->count = 0;
    for (const char *at = verbs_begin(row); at != NULL;) {
        if (!add_word(verbs, at, word_size(at)))
            return;
        const char *bar = strstr(at, " | ");
        at = bar != NULL ? bar + 3 : NULL;
    }
}

static bool is_command(const char *text, size_t size)
{
    for (size_t i = 0; i < command_row_count; i++)
        if (strlen(command_rows[i].name) == size && strncmp(command_rows[i].name, text, size) == 0)
            return true;
    return false;
}

/* The commands that "runs, content, alert test: at most ..." begins with, up to the colon; false when it begins with none. */
static bool scope_names(const char *text, const char *command, bool *is_named)
{
    const char *colon = strchr(text, ':');
    for (const char *at = text; colon != NULL && at < colon;) {
        const size_t size = word_size(at);
        if (!is_command(at, size))
            return false;
        *is_named = *is_named || (strlen(command) == size && strncmp(command, at, size) == 0);
        const char *comma = strstr(at, ", ");
        at = comma != NULL && comma < colon ? comma + 2 : colon;
    }
    return colon != NULL;
}

bool option_is_for(const struct option_row *option, const char *command)
{
    bool is_named = false;
    for (const char *at = option->help; at != NULL; at = strstr(at, "; ")) {
        at += at[0] == ';' ? 2 : 0;
        if (!scope_names(at, command, &is_named) && at == option->help)
            return true;
    }
    return is_named;
}

void option_words(const struct option_row *option, struct words *words)
{
    bool is_named = false;
    const char *at = option->help;
    words->count = 0;
    if (scope_names(at, "", &is_named))
        at = strchr(at, ':') + 2;
    for (;;) {
        const size_t size = word_size(at);
        const char *after = at + size;
        if (!add_word(words, at, size))
            break;
        if (strncmp(after, ", ", 2) == 0) {
            at = after + 2;
        } else if (strncmp(after, " or ", 4) == 0) {
            at = after + 4;
            if (add_word(words, at, word_size(at)))
                return;
            break;
        } else {
            break;
        }
    }
    words->count = 0; /* a sentence, no list */
}

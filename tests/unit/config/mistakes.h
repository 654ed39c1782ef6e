/* One mistake in a catalogue, and that it is found where it is. */
#ifndef SB_TEST_CONFIG_MISTAKES_H
#define SB_TEST_CONFIG_MISTAKES_H

#include "files.h"

struct mistake {
    const char *yaml;
    uint32_t line, column;
    const char *message, *hint; /* parts; hint NULL: there is none */
};

static inline void expect_one(const struct mistake *mistake, const struct sb_config_source *source)
{
    const struct sb_config_errors *errors = load_wrong(mistake->yaml, source);
    const struct sb_config_error *error = &errors->items[0];
    bool has_hint = mistake->hint == NULL ? error->hint[0] == '\0' : strstr(error->hint, mistake->hint) != NULL;
    if (errors->total != 1 || error->line != mistake->line || error->column != mistake->column ||
        strstr(error->message, mistake->message) == NULL || !has_hint) {
        char text[8192];
        struct sb_text out;
        sb_text_init(&out, text, sizeof text);
        sb_config_errors_print(errors, &out);
        fail_msg("wanted %u:%u %s (%s), got %zu:\n%s", (unsigned)mistake->line, (unsigned)mistake->column, mistake->message,
                 mistake->hint != NULL ? mistake->hint : "-", errors->total, text);
    }
}

static inline void expect_each(const struct mistake *mistakes, size_t count, const struct sb_config_source *source)
{
    for (size_t i = 0; i < count; i++) {
        expect_one(&mistakes[i], source);
    }
}

#endif

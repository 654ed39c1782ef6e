/* The commands and options as tables, and what their own words say: which verbs a command has, which commands an option is for, which words
 * it takes. Completion and the manual page are made from it, so that neither is a second list. */
#ifndef SIGNALBOX_APP_TABLES_H
#define SIGNALBOX_APP_TABLES_H

#include "app.h"

struct command_row {
    const char *name, *summary;
};
extern const struct command_row command_rows[];
extern const size_t command_row_count;

enum { WORDS_MAX = 24, WORD_BYTES = 32 };
struct words {
    char of[WORDS_MAX][WORD_BYTES];
    size_t count;
};
/* "job list | show | why NAME" in the summary of job: list, show, why. */
void command_verbs(const struct command_row *row, struct words *verbs);
/* "simulate: ..." and "keys: ...; simulate: ..." are for those commands alone; what names no command first is for all. */
bool option_is_for(const struct option_row *option, const char *command);
/* "status: text, tmux or nagios": text, tmux, nagios. None when the help has no such list. */
void option_words(const struct option_row *option, struct words *words);

/* The manual page signalbox(1) on standard output, in the macros of man(7). */
void manual_page_print(void);

#endif

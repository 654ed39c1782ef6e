/* A small file of NAME: WORD or NAME: [WORD, ...], such as a keymap. As strict as a catalogue: every mistake is told with its place, its line,
 * a caret and a suggestion, all in one run. What names and words mean is for the caller to say. One thread. */
#ifndef SIGNALBOX_CONFIG_WORDS_H
#define SIGNALBOX_CONFIG_WORDS_H

#include "signalbox/config/config.h"

struct sb_config_words; /* owns its texts */

/* One word of a known name. */
struct sb_config_word {
    size_t name;      /* index into the names that were given */
    const char *text; /* untrusted, NUL-terminated; lives as long as the words */
};

/* Reads the file. `names`: what may stand on the left; `what`: how one of them is called in messages, as in "action". Mistakes of form and
 * unknown names are collected, the words that are fine are there all the same, so that the caller can add its own. Fails only when there is
 * no memory, or no such file (SB_ERR_NOT_FOUND). */
enum sb_err sb_config_words_open(struct sb_config_words **words, const char *path, const char *what, const char *const *names,
                                 size_t name_count, struct sb_error *err) SB_MUST_USE;
void sb_config_words_close(struct sb_config_words *words); /* NULL is fine */

/* In the order of the file. Borrowed. */
const struct sb_config_word *sb_config_words_list(const struct sb_config_words *words, size_t *count);
/* "keys.yaml:3:8". */
void sb_config_words_place(const struct sb_config_words *words, size_t word, struct sb_text *out);
/* Reports a mistake at a word. `hint` may be NULL. */
void sb_config_words_blame(struct sb_config_words *words, size_t word, const char *message, const char *hint);
/* The same for a word that is none of the known ones: the nearest of them is the hint. */
void sb_config_words_blame_unknown(struct sb_config_words *words, size_t word, const char *message, const char *const *known, size_t known_count);
/* All mistakes, in the order of the file. Borrowed. */
const struct sb_config_errors *sb_config_words_errors(struct sb_config_words *words);

#endif

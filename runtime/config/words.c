/* Small files of names and words. One thread. */
#include "signalbox/config/words.h"

#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 512 };

struct sb_config_words {
    struct sb_cfg_region region;
    struct sb_config_errors errors;
    const char *what;
    const char *const *names;
    size_t name_count;
    size_t count;
    struct sb_config_word words[WORDS_MAX];
    const struct sb_cfg_node *nodes[WORDS_MAX];
};

static void report_unknown(struct sb_config_words *words, const struct sb_cfg_node *key)
{
    char hint[100];
    struct sb_cfg_guess guess;
    sb_cfg_guess_init(&guess, key->text);
    for (size_t i = 0; i < words->name_count; i++) {
        sb_cfg_guess_try(&guess, words->names[i]);
    }
    sb_cfg_report(&words->errors, sb_cfg_place_of(key), sb_cfg_guess_hint(&guess, hint, sizeof hint), "unknown %s \"%s\"", words->what,
                  key->text);
}

static void add(struct sb_config_words *words, size_t name, const struct sb_cfg_node *node)
{
    if (node->is_poisoned) {
        return;
    }
    if (node->kind != SB_CFG_SCALAR || node->size == 0) {
        sb_cfg_report(&words->errors, sb_cfg_place_of(node), NULL, "\"%s\" takes a word or a list of words, not a %s", words->names[name],
                      node->kind == SB_CFG_SCALAR ? "nothing" : sb_cfg_kind_text(node->kind));
    } else if (words->count == WORDS_MAX) {
        sb_cfg_report(&words->errors, sb_cfg_place_of(node), NULL, "more than %d words in one file", WORDS_MAX);
    } else {
        words->nodes[words->count] = node;
        words->words[words->count++] = (struct sb_config_word){ name, node->text };
    }
}

static void take(struct sb_config_words *words, const struct sb_cfg_node *child)
{
    if (child->key->kind != SB_CFG_SCALAR || child->key->flaw == SB_CFG_FLAW_ALIAS) {
        return; /* reported with the form */
    }
    for (size_t i = 0; i < words->name_count; i++) {
        if (strcmp(words->names[i], child->key->text) != 0) {
            continue;
        }
        if (child->kind == SB_CFG_LIST && child->count == 0) {
            sb_cfg_report(&words->errors, sb_cfg_place_of(child), NULL, "\"%s\" has an empty list", words->names[i]);
        }
        if (child->kind != SB_CFG_LIST) {
            add(words, i, child);
        }
        for (const struct sb_cfg_node *item = child->kind == SB_CFG_LIST ? child->first : NULL; item != NULL; item = item->next) {
            add(words, i, item);
        }
        return;
    }
    report_unknown(words, child->key);
}

enum sb_err sb_config_words_open(struct sb_config_words **words, const char *path, const char *what, const char *const *names,
                                 size_t name_count, struct sb_error *err)
{
    if (access(path, F_OK) != 0) {
        return sb_error_set(err, SB_ERR_NOT_FOUND, "%s: there is no such file", path);
    }
    struct sb_config_words *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to load %s", path);
    }
    made->what = what;
    made->names = names;
    made->name_count = name_count;
    struct sb_cfg_doc *doc = sb_cfg_doc_read(&made->region, &made->errors, path, false);
    struct sb_cfg_node *tree = doc != NULL ? sb_cfg_parse(&made->region, &made->errors, doc) : NULL;
    if (tree != NULL && tree->kind != SB_CFG_MAP) {
        sb_cfg_report(&made->errors, sb_cfg_place_of(tree), NULL, "the file is a map of %ss, not a %s", what, sb_cfg_kind_text(tree->kind));
    }
    for (const struct sb_cfg_node *child = tree != NULL && tree->kind == SB_CFG_MAP ? tree->first : NULL; child != NULL; child = child->next) {
        take(made, child);
    }
    if (made->region.is_exhausted) {
        sb_config_words_close(made);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to load %s", path);
    }
    *words = made;
    return SB_OK;
}

void sb_config_words_close(struct sb_config_words *words)
{
    if (words != NULL) {
        sb_cfg_region_free(&words->region);
        free(words);
    }
}

const struct sb_config_word *sb_config_words_list(const struct sb_config_words *words, size_t *count)
{
    *count = words->count;
    return words->words;
}

void sb_config_words_place(const struct sb_config_words *words, size_t word, struct sb_text *out)
{
    const struct sb_cfg_node *node = words->nodes[word];
    sb_text_addf(out, "%s:%u:%u", node->doc->name, (unsigned)node->line, (unsigned)node->column);
}

void sb_config_words_blame(struct sb_config_words *words, size_t word, const char *message, const char *hint)
{
    sb_cfg_report(&words->errors, sb_cfg_place_of(words->nodes[word]), hint, "%s", message);
}

void sb_config_words_blame_unknown(struct sb_config_words *words, size_t word, const char *message, const char *const *known, size_t known_count)
{
    char hint[100];
    struct sb_cfg_guess guess;
    sb_cfg_guess_init(&guess, words->words[word].text);
    for (size_t i = 0; i < known_count; i++) {
        sb_cfg_guess_try(&guess, known[i]);
    }
    sb_config_words_blame(words, word, message, sb_cfg_guess_hint(&guess, hint, sizeof hint));
}

const struct sb_config_errors *sb_config_words_errors(struct sb_config_words *words)
{
    sb_cfg_sort(&words->errors);
    return &words->errors;
}

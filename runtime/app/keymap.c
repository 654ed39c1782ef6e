/* Reading the operator's keymap file. Main thread. */
#include "keymap.h"

#include "signalbox/config/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAX = 512, MISTAKES_TEXT_MAX = 32768 };

struct reading {
    struct sb_config_words *words;
    struct sb_key_setting settings[SETTINGS_MAX];
    size_t word_of[SETTINGS_MAX]; /* which word said it */
    size_t count;
};

static void blame(void *arg, size_t setting, const char *message, const char *hint)
{
    struct reading *reading = arg;
    sb_config_words_blame(reading->words, reading->word_of[setting], message, hint);
}

static void blame_unknown(struct sb_config_words *words, size_t word, const char *text)
{
    const char *known[32] = { NULL };
    char message[120];
    size_t count = 0;
    for (; count < SB_LEN(known) && sb_key_long_name((unsigned)count) != NULL; count++)
        known[count] = sb_key_long_name((unsigned)count);
    (void)snprintf(message, sizeof(message), "no key \"%.40s\": one printable character, C-d, Space, Enter, Esc, Tab, PgUp, F5 ...", text);
    sb_config_words_blame_unknown(words, word, message, known, count);
}

/* Words -> settings; a word that is no key is told and left out. */
static void take_words(struct reading *reading)
{
    size_t count;
    const struct sb_config_word *list = sb_config_words_list(reading->words, &count);
    for (size_t i = 0; i < count && reading->count < SETTINGS_MAX; i++) {
        uint32_t key = sb_streq(list[i].text, "none") ? 0 : sb_key_parse(list[i].text);
        if (key == 0 && !sb_streq(list[i].text, "none")) {
            blame_unknown(reading->words, i, list[i].text);
            continue;
        }
        reading->word_of[reading->count] = i;
        reading->settings[reading->count++] = (struct sb_key_setting){ (enum sb_key_action)list[i].name, key };
    }
}

static int tell(const struct sb_config_errors *errors)
{
    char *buf = malloc(MISTAKES_TEXT_MAX);
    struct sb_text text;
    if (buf == NULL) {
        complain("out of memory while telling %zu mistakes of the keymap", errors->total);
        return EXIT_BUG;
    }
    sb_text_init(&text, buf, MISTAKES_TEXT_MAX);
    sb_config_errors_print(errors, &text);
    (void)fputs(buf, stderr);
    complain("the keymap was not used; `signalbox keys` lists actions and keys, --keys builtin does without a file");
    free(buf);
    return EXIT_CONFIGURATION;
}

static int apply(struct keymap *keymap, struct reading *reading)
{
    take_words(reading);
    (void)sb_keys_apply(&keymap->keys, reading->settings, reading->count, blame, reading); /* its mistakes are among the errors */
    const struct sb_config_errors *errors = sb_config_words_errors(reading->words);
    if (errors->total > 0)
        return tell(errors);
    for (size_t i = 0; i < reading->count; i++) {
        struct sb_text text;
        sb_text_init(&text, keymap->origins[reading->settings[i].action], KEYMAP_ORIGIN_MAX);
        sb_config_words_place(reading->words, reading->word_of[i], &text);
    }
    return EXIT_OK;
}

static int read_file(struct keymap *keymap, bool is_optional)
{
    static char name_bytes[SB_KEY_ACTION_COUNT][SB_NAME_MAX];
    const char *names[SB_KEY_ACTION_COUNT];
    struct sb_error error = { 0 };
    for (unsigned i = 0; i < SB_KEY_ACTION_COUNT; i++) {
        struct sb_text text;
        sb_text_init(&text, name_bytes[i], sizeof(name_bytes[i]));
        sb_key_action_name((enum sb_key_action)i, &text);
        names[i] = name_bytes[i];
    }
    struct reading *reading = calloc(1, sizeof(*reading));
    if (reading == NULL) {
        complain("out of memory for the keymap");
        return EXIT_BUG;
    }
    enum sb_err rc = sb_config_words_open(&reading->words, keymap->path, "action", names, SB_KEY_ACTION_COUNT, &error);
    int code = EXIT_OK;
    if (rc == SB_OK) {
        code = apply(keymap, reading);
    } else if (rc == SB_ERR_NOT_FOUND && is_optional) {
        keymap->path[0] = '\0';
    } else {
        complain("%s", error.text);
        code = exit_code_of(rc);
    }
    sb_config_words_close(reading->words);
    free(reading);
    return code;
}

int keymap_load(struct keymap *keymap, const struct options *options)
{
    struct paths paths;
    struct sb_error error = { 0 };
    const char *named = options->keys != NULL ? options->keys : getenv("SIGNALBOX_KEYS");
    memset(keymap, 0, sizeof(*keymap));
    sb_keys_init(&keymap->keys);
    if (named != NULL && sb_streq(named, "builtin"))
        return EXIT_OK;
    enum sb_err rc = named != NULL ? SB_OK : paths_find(&paths, options, "default", &error);
    if (rc != SB_OK) {
        complain("%s", error.text);
        return exit_code_of(rc);
    }
    if (!sb_copy(keymap->path, sizeof(keymap->path), named != NULL ? named : paths.keys)) {
        complain("the path of the keymap is too long");
        return EXIT_USAGE;
    }
    return read_file(keymap, named == NULL);
}

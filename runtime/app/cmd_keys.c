/* keys: the keymap in force, where each key comes from, and what is wrong with it here. */
#include "keymap.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_MAX = 256 * 1024 };

static const char *origin_of(const struct keymap *keymap, unsigned action)
{
    return keymap->origins[action][0] != '\0' ? keymap->origins[action] : "built-in";
}

static int print_table(const struct keymap *keymap)
{
    (void)printf("%-13s %-13s C  %-27s %-18s %s\n", "ACTION", "KEYS", "PANES", "ORIGIN", "WHAT IT DOES");
    for (unsigned i = 0; i < SB_KEY_ACTION_COUNT; i++) {
        char name[SB_NAME_MAX], keys[64], panes[80];
        struct sb_text text;
        sb_text_init(&text, name, sizeof(name));
        sb_key_action_name((enum sb_key_action)i, &text);
        sb_text_init(&text, keys, sizeof(keys));
        sb_keys_names(&keymap->keys, (enum sb_key_action)i, &text);
        sb_text_init(&text, panes, sizeof(panes));
        sb_where_names(sb_keymap[i].where, &text);
        (void)printf("%-13s %-13s %c  %-27s %-18s %s\n", name, keys[0] != '\0' ? keys : "none", sb_keymap[i].class, panes,
                     origin_of(keymap, i), sb_keymap[i].help);
    }
    return EXIT_OK;
}

static int print_json(const struct keymap *keymap)
{
    struct sb_json_out *out = sb_json_out_create(DOCUMENT_MAX);
    if (out == NULL) {
        complain("out of memory");
        return EXIT_BUG;
    }
    sb_json_array_begin(out);
    for (unsigned i = 0; i < SB_KEY_ACTION_COUNT; i++) {
        char buf[80];
        struct sb_text text;
        sb_text_init(&text, buf, sizeof(buf));
        sb_key_action_name((enum sb_key_action)i, &text);
        sb_json_object_begin(out);
        sb_json_key(out, "action");
        sb_json_string(out, buf);
        sb_json_key(out, "keys");
        sb_json_array_begin(out);
        for (unsigned k = 0; k < SB_KEY_ACTION_KEYS && keymap->keys.keys[i][k] != 0; k++) {
            sb_text_init(&text, buf, sizeof(buf));
            sb_key_name(keymap->keys.keys[i][k], &text);
            sb_json_string(out, buf);
        }
        sb_json_array_end(out);
        sb_json_key(out, "class");
        sb_json_string_n(out, &sb_keymap[i].class, 1);
        sb_text_init(&text, buf, sizeof(buf));
        sb_where_names(sb_keymap[i].where, &text);
        sb_json_key(out, "panes");
        sb_json_string(out, buf);
        sb_json_key(out, "origin");
        sb_json_string(out, origin_of(keymap, i));
        sb_json_key(out, "help");
        sb_json_string(out, sb_keymap[i].help);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    return print_document(out);
}

/* Actions whose key the multiplexer around us takes away. */
static unsigned count_prefix(const struct keymap *keymap, const char *option, const char *prefix)
{
    unsigned found = 0;
    uint32_t key = sb_key_parse(prefix);
    for (unsigned i = 0; key != 0 && i < SB_KEY_ACTION_COUNT; i++)
        for (unsigned k = 0; k < SB_KEY_ACTION_KEYS; k++) {
            char name[SB_NAME_MAX];
            struct sb_text text;
            if (keymap->keys.keys[i][k] != key)
                continue;
            sb_text_init(&text, name, sizeof(name));
            sb_key_action_name((enum sb_key_action)i, &text);
            (void)printf("%s is the %s of the tmux around this terminal: %s does not get it (%s)\n", prefix, option, name, origin_of(keymap, i));
            found++;
        }
    return found;
}

/* Asks the tmux around us for one of its prefix keys. False: it did not say. */
static bool ask_tmux(const char *variable, const char *option, char *prefix, size_t cap, struct sb_error *err)
{
    const char *const argv[] = { "tmux", "show-options", "-gv", option, NULL };
    const char *const more[] = { variable, NULL };
    const struct sb_child_spec spec = { .path = "tmux", .argv = argv, .more_env = more };
    const struct sb_op op = { .deadline = sb_now() + SB_S(3) };
    struct sb_child_talk talk = { .output_max = 256 };
    bool is_said = sb_child_talk(&spec, &talk, &op, err) == SB_OK && talk.status == 0 && talk.out != NULL;
    if (is_said)
        (void)sb_copy_n(prefix, cap, talk.out, strcspn(talk.out, "\r\n"));
    else if (err->text[0] == '\0')
        (void)sb_error_set(err, SB_ERR_IO, "tmux show-options -gv %s ended with status %d", option, talk.status);
    free(talk.out);
    free(talk.errors);
    return is_said;
}

static unsigned check_tmux(const struct keymap *keymap)
{
    static const char *const names[] = { "prefix", "prefix2" };
    const char *around = getenv("TMUX");
    char variable[PATH_BYTES];
    unsigned found = 0;
    if (around == NULL || around[0] == '\0')
        return 0;
    (void)snprintf(variable, sizeof(variable), "TMUX=%s", around);
    for (size_t i = 0; i < SB_LEN(names); i++) {
        struct sb_error error = { 0 };
        char prefix[32] = "";
        if (ask_tmux(variable, names[i], prefix, sizeof(prefix), &error))
            found += count_prefix(keymap, names[i], prefix);
        else
            complain("the %s of the tmux around this terminal is not known: %s", names[i], error.text);
    }
    return found;
}

static int check(const struct keymap *keymap)
{
    char buf[8192];
    struct sb_text text;
    struct sb_keymap_row rows[SB_KEY_ACTION_COUNT];
    memcpy(rows, sb_keymap, sizeof(rows));
    for (unsigned i = 0; i < SB_KEY_ACTION_COUNT; i++)
        if (keymap->keys.keys[i][0] != 0) /* an action that was given no key on purpose is no finding */
            memcpy(rows[i].keys, keymap->keys.keys[i], sizeof(rows[i].keys));
        else
            rows[i].where = 0;
    sb_text_init(&text, buf, sizeof(buf));
    unsigned findings = sb_keymap_check(rows, SB_KEY_ACTION_COUNT, &text);
    (void)fputs(buf, stdout);
    findings += check_tmux(keymap);
    if (findings == 0)
        (void)printf("the keymap has no mistakes%s%s\n", keymap->path[0] != '\0' ? ": " : "", keymap->path);
    return findings > 0 ? EXIT_NO : EXIT_OK;
}

int command_keys(struct options *options)
{
    static struct keymap keymap;
    int code = keymap_load(&keymap, options);
    if (code != EXIT_OK)
        return code;
    if (options->is_check)
        return check(&keymap);
    return options->is_json ? print_json(&keymap) : print_table(&keymap);
}

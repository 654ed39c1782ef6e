/* The keymap in force: the built-in one, or what the operator's file makes of it. */
#ifndef SIGNALBOX_APP_KEYMAP_H
#define SIGNALBOX_APP_KEYMAP_H

#include "app.h"

#include "signalbox/tui/keys.h"

enum { KEYMAP_ORIGIN_MAX = 80 };

struct keymap {
    struct sb_keys keys;
    char path[PATH_BYTES];  /* of the file; "" = there is none */
    char origins[SB_KEY_ACTION_COUNT][KEYMAP_ORIGIN_MAX]; /* "keys.yaml:3:8" of actions that the file sets; else "" */
};

/* --keys FILE, else SIGNALBOX_KEYS, else keys.yaml in the configuration folder when it is there; the word "builtin" reads no file. Prints all
 * mistakes and returns the exit code, or EXIT_OK. */
int keymap_load(struct keymap *keymap, const struct options *options);

#endif

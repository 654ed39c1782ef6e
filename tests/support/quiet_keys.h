/* For tests that press every key of the keymap: which actions may leave the picture as it is, and why. */
#ifndef SB_TEST_QUIET_KEYS_H
#define SB_TEST_QUIET_KEYS_H

#include "signalbox/tui/keys.h"

#include <string.h>

/* By name, so that a row that goes away takes nothing with it. */
static inline bool is_quiet(unsigned action)
{
    static const char *const movement[] = {"DOWN", "UP", "TOP", "BOTTOM", "HALF_DOWN", "HALF_UP", "PAGE_DOWN", "PAGE_UP"}; /* at an end */
    static const char *const others[] = {
        "FILTER_CLEAR",        /* there is no filter */
        "LAYOUT",              /* it is the default one already */
        "HELP",                /* in the help */
        "ZOOM",                /* a view that has the whole body already */
        "REDRAW",              /* the terminal is painted anew with the same picture */
        "TIME",                /* a pane that shows no time */
    };
    const char *const name = sb_keymap[action].name;
    for (unsigned i = 0; i < sizeof movement / sizeof movement[0]; i++) {
        if (strcmp(movement[i], name) == 0)
            return true;
    }
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i], name) == 0)
            return true;
    }
    return strncmp(name, "PANE_", 5) == 0; /* it is there already */
}

#endif

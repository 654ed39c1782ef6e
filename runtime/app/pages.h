/* The texts that a console asks for, and verdicts on content rows; the `page` and `judge` of its setup. */
#ifndef SIGNALBOX_APP_PAGES_H
#define SIGNALBOX_APP_PAGES_H

#include "verdicts.h"

#include "signalbox/tui/tui.h"

/* `self` is a struct verdict_source. See signalbox/tui/tui.h. */
enum sb_err pages_read(const void *self, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err);
enum sb_err pages_judge(const void *self, const struct sb_screen_answer *answer, const char *actor, struct sb_error *err);

/* The same text for a console in another process (struct sb_api_setup). */
enum sb_err pages_tell(const void *self, const char *name, uint64_t run, char **text, struct sb_error *err);
/* What the interface for programs calls a page, and a verdict; not EDIT, which is more than one question. */
const char *pages_name(enum sb_screen_page page);
const char *pages_verdict_name(enum sb_screen_verdict verdict);

#endif

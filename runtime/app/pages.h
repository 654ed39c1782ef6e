/* The texts that a console asks for, and verdicts on content rows; the `page` and `judge` of its setup. */
#ifndef SIGNALBOX_APP_PAGES_H
#define SIGNALBOX_APP_PAGES_H

#include "page_reader.h"
#include "verdicts.h"

#include "signalbox/tui/tui.h"

/* What the console's texts and verdicts come from; borrowed. */
struct pages {
    struct verdict_source source;
    struct page_reader *reader;
};

/* `self` is a struct pages. See signalbox/tui/tui.h. */
enum sb_err pages_read(const void *self, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err);
enum sb_err pages_judge(const void *self, const struct sb_screen_answer *answer, const char *actor, struct sb_error *err);

/* The same text for a console in another process (struct sb_api_setup); `source` is a struct verdict_source. Any thread. */
enum sb_err pages_tell(const void *source, const char *name, uint64_t run, char **text, struct sb_error *err);
/* What the interface for programs calls a page, and a verdict; not EDIT, which is more than one question. */
const char *pages_name(enum sb_screen_page page);
const char *pages_verdict_name(enum sb_screen_verdict verdict);

/* The texts themselves, for free(). Any thread; within the op. `pages_now` is one of a polled pane, from a struct verdict_source. */
enum sb_err pages_content(const struct installation *in, const struct sb_op *op, char **text, struct sb_error *err);
enum sb_err pages_nodes(const struct installation *in, const struct sb_op *op, char **text, struct sb_error *err);
enum sb_err pages_now(const void *source, enum sb_screen_page page, const struct sb_op *op, char **text, struct sb_error *err);

#endif

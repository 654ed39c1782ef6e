/* The texts that a console asks for, and verdicts on content rows; the `page` and `judge` of its setup. */
#ifndef SIGNALBOX_APP_PAGES_H
#define SIGNALBOX_APP_PAGES_H

#include "verdicts.h"

#include "signalbox/tui/tui.h"

struct page_reader;

/* What the console's texts and verdicts come from; borrowed. */
struct pages {
    struct verdict_source source;
    struct page_reader *reader;
};

/* `self` is a struct pages. See signalbox/tui/tui.h. */
enum sb_err pages_read(const void *self, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err);
enum sb_err pages_judge(const void *self, const struct sb_screen_answer *answer, const char *actor, struct sb_error *err);

/* The same text for a console in another process (struct sb_api_setup). */
enum sb_err pages_tell(const void *self, const char *name, uint64_t run, char **text, struct sb_error *err);
/* What the interface for programs calls a page, and a verdict; not EDIT, which is more than one question. */
const char *pages_name(enum sb_screen_page page);
const char *pages_verdict_name(enum sb_screen_verdict verdict);
/* The texts themselves, for free(). Any thread; within the op. */
enum sb_err pages_content(const struct installation *in, const struct sb_op *op, char **text, struct sb_error *err);
enum sb_err pages_nodes(const struct installation *in, const struct sb_op *op, char **text, struct sb_error *err);

/* A thread that reads these texts, so that a slow database never keeps the console. NULL closes nothing. */
enum sb_err page_reader_open(struct page_reader **reader, const struct installation *in, struct sb_error *err) SB_MUST_USE;
void page_reader_close(struct page_reader *reader);
/* The newest text, once; else why there is none. Reads the next one unless that was done within the second. Console's thread; waits for
 * some milliseconds at most. */
enum sb_err page_reader_take(struct page_reader *reader, enum sb_screen_page page, char **text, struct sb_error *err);
/* Something changed: what is being read is old already. */
void page_reader_hurry(struct page_reader *reader);

#endif

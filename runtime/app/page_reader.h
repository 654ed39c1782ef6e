/* A thread that reads the texts of polled panes, so that a slow database or runtime never keeps the console. */
#ifndef SIGNALBOX_APP_PAGE_READER_H
#define SIGNALBOX_APP_PAGE_READER_H

#include "signalbox/ports/op.h"
#include "signalbox/tui/screen.h"

/* Reads one of them, for free(), within the op; on the reader's thread. */
typedef enum sb_err page_read(const void *from, enum sb_screen_page page, const struct sb_op *op, char **text, struct sb_error *err);

struct page_reader;
/* `from` is borrowed until it is closed. */
enum sb_err page_reader_open(struct page_reader **reader, page_read *read, const void *from, struct sb_error *err) SB_MUST_USE;
void page_reader_close(struct page_reader *reader); /* NULL is fine */
/* The newest text, once; else why there is none. Reads the next one unless that was done within the second. Console's thread; waits for
 * some milliseconds at most. */
enum sb_err page_reader_take(struct page_reader *reader, enum sb_screen_page page, char **text, struct sb_error *err);
/* Something changed: what is being read is old already. */
void page_reader_hurry(struct page_reader *reader);

#endif

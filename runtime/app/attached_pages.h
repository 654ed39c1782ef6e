/* The texts and verdicts of a console that is attached, through the interface for programs. */
#ifndef SIGNALBOX_APP_ATTACHED_PAGES_H
#define SIGNALBOX_APP_ATTACHED_PAGES_H

#include "app.h"
#include "page_reader.h"

#include "signalbox/tui/tui.h"

struct attached_pages {
    const char *socket_path, *state_dir; /* state_dir: where the operator's editor gets its file */
    uint64_t console;
    struct page_reader *reader; /* of attached_pages_now */
    const struct options *options; /* for captures */
    const struct paths *paths;
    struct sb_source *source;
};

/* The `page` and `judge` of its setup; `self` is a struct attached_pages. At most 600 ms a question, but for the editor. */
enum sb_err attached_pages_read(const void *self, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err);
enum sb_err attached_pages_judge(const void *self, const struct sb_screen_answer *answer, const char *actor, struct sb_error *err);

/* The `node` of its setup: as the runtime that it is attached to says, also after a take-over. */
void attached_node(const void *self, char *out, size_t cap);
/* The `lookup` of its setup, with the same `self`. Asker's thread. */
enum sb_err attached_lookup(const void *self, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *findings,
                            struct sb_error *err);
/* A text of a polled pane, for its reader; `from` is a struct attached_pages. */
enum sb_err attached_pages_now(const void *from, enum sb_screen_page page, const struct sb_op *op, char **text, struct sb_error *err);
/* The `capture`: written here, beside the runtime's state, from this console's picture and the configuration that the runtime tells. */
enum sb_err attached_capture(const void *self, const struct sb_tui_picture *picture, char *path, size_t cap, struct sb_error *err);

#endif

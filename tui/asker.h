/* Inside tui: asking about the past while the console goes on. */
#ifndef SB_TUI_ASKER_H
#define SB_TUI_ASKER_H

#include "signalbox/tui/tui.h"

/* One thread that asks one question at a time; a newer question calls the one under way off. The console's thread never waits for it, but for
 * its end in destroy: by then the question has been called off. */
struct sb_asker;
/* NULL without memory or thread: then nothing is known of the past. `setup` is borrowed. */
struct sb_asker *sb_asker_create(const struct sb_tui_setup *setup);
void sb_asker_destroy(struct sb_asker *asker);
/* Readable while an answer waits; -1 for NULL. */
int sb_asker_fd(const struct sb_asker *asker);
/* Takes the question in place of the one before, which need not be answered any more. */
void sb_asker_ask(struct sb_asker *asker, const struct sb_lookup *lookup);
/* An answer into `findings`; false when none waits. */
bool sb_asker_take(struct sb_asker *asker, struct sb_findings *findings);

#endif

/* The past: the console's model as it was at a time, from a recording. A place in the recording is how many events have been folded; however it is
 * reached, by steps or by a jump, the model there is the same.
 *
 * The fold begins at a snapshot some way before the place, so that the picture also knows what led to it (docs/decisions/0016). Models on the way are
 * kept, so that a step back costs little.
 *
 * Allocates; reads no clock and no file but through ports/history.h. Thread: one at a time. */
#ifndef SIGNALBOX_TUI_PAST_H
#define SIGNALBOX_TUI_PAST_H

#include "signalbox/ports/history.h"
#include "signalbox/tui/model.h"

struct sb_past;

/* SAMPLE: a second in which something happened. CHANGE: a second in which something happened that is worth seeing: an alert, a run that failed, a
 * component, a breaker, the budget's tier, a pause of everything, a start or a drain. ALERT: one in which an alert was raised. */
enum sb_past_unit { SB_PAST_SAMPLE, SB_PAST_CHANGE, SB_PAST_ALERT };

/* NULL when memory is short. The history is borrowed. It stands nowhere until the first sb_past_go. */
struct sb_past *sb_past_create(struct sb_history *history);
void sb_past_destroy(struct sb_past *past); /* NULL is fine */

/* To that time: everything up to it has happened. A time before the recording is its beginning. */
enum sb_err sb_past_go(struct sb_past *past, struct sb_wall to, struct sb_error *err) SB_MUST_USE;
/* To the end of the recording. */
enum sb_err sb_past_go_to_end(struct sb_past *past, struct sb_error *err) SB_MUST_USE;
/* To the nearest such second before or after where it stands. SB_ERR_NOT_FOUND: there is none, and it stays where it is. */
enum sb_err sb_past_step(struct sb_past *past, enum sb_past_unit unit, bool is_forward, struct sb_error *err) SB_MUST_USE;

/* Whether it stands behind the last event. */
bool sb_past_is_at_end(struct sb_past *past);
/* The model there; borrowed until the next call. */
const struct sb_model *sb_past_model(const struct sb_past *past);
/* The time it shows, and the monotonic time of the runtime that was then. */
struct sb_wall sb_past_wall(const struct sb_past *past);
sb_ns sb_past_mono(const struct sb_past *past);

/* Whether the second of that event is a CHANGE. */
bool sb_past_is_change(const struct sb_event *event);

#endif

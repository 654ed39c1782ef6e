/* The console's past: owns the opened recording, the place in it, and how fast it plays. Keys become places, places become a model for the screen.
 * Thread: the console's. */
#include "signalbox/tui/rewind.h"

#include "signalbox/base/text.h"
#include "signalbox/tui/past.h"

#include <stdlib.h>
#include <string.h>

#define FRAME SB_MS(100) /* while it plays */

struct sb_rewind {
    struct sb_rewind_setup setup;
    struct sb_history *history; /* NULL: not opened yet */
    struct sb_past *past;
    bool is_shown, has_begun;
    unsigned speed;             /* 0 = it stands */
    sb_ns played_at;            /* monotonic: up to when it has played */
    uint64_t mistakes;          /* that have been told */
};

struct sb_rewind *sb_rewind_create(const struct sb_rewind_setup *setup)
{
    struct sb_rewind *rewind = calloc(1, sizeof *rewind);
    if (rewind != NULL)
        rewind->setup = *setup;
    return rewind;
}

static void shut(struct sb_rewind *rewind)
{
    sb_past_destroy(rewind->past);
    sb_history_close(rewind->history);
    rewind->past = NULL;
    rewind->history = NULL;
    rewind->mistakes = 0;
}

void sb_rewind_destroy(struct sb_rewind *rewind)
{
    if (rewind == NULL)
        return;
    shut(rewind);
    free(rewind);
}

static enum sb_err open_history(struct sb_rewind *rewind, struct sb_error *err)
{
    if (rewind->past != NULL)
        return SB_OK;
    enum sb_err rc = rewind->setup.open(rewind->setup.self, &rewind->history, err);
    if (rc != SB_OK)
        return rc;
    rewind->past = sb_past_create(rewind->history);
    if (rewind->past != NULL)
        return SB_OK;
    shut(rewind);
    return sb_error_set(err, SB_ERR_NOMEM, "no memory for the past");
}

static void show(struct sb_rewind *rewind, struct sb_screen *screen)
{
    const struct sb_now at = { .mono = sb_past_mono(rewind->past), .wall = sb_past_wall(rewind->past) };
    rewind->is_shown = true;
    sb_screen_show_past(screen, sb_past_model(rewind->past), at, rewind->speed);
}

/* What is wrong with the recording is said when it is met, once per number. */
static void tell_mistakes(struct sb_rewind *rewind, struct sb_screen *screen, struct sb_now now)
{
    const char *first = "";
    char said[SB_ERROR_TEXT_MAX + 64];
    struct sb_text text;
    const uint64_t count = sb_history_mistakes(rewind->history, &first);

    if (count == rewind->mistakes)
        return;
    rewind->mistakes = count;
    sb_text_init(&text, said, sizeof said);
    sb_text_add_u64(&text, count);
    sb_text_add(&text, count == 1 ? " line of the recording is passed over: " : " lines of the recording are passed over; the first: ");
    sb_text_add(&text, first);
    sb_screen_say(screen, true, said, now);
}

static enum sb_err walk(struct sb_rewind *rewind, const struct sb_screen_answer *answer, struct sb_now now, struct sb_error *err)
{
    struct sb_past *const past = rewind->past;
    enum sb_err rc = SB_OK;

    if (!rewind->is_shown && (answer->past == SB_SCREEN_PAST_BACK || answer->past == SB_SCREEN_PAST_CHANGE_BEFORE ||
                              answer->past == SB_SCREEN_PAST_ALERT)) {
        rc = rewind->setup.is_recording ? sb_past_go_to_end(past, err) : sb_past_go(past, now.wall, err); /* from the present on */
        if (rc != SB_OK)
            return rc;
    }
    switch (answer->past) {
    case SB_SCREEN_PAST_NONE:
    case SB_SCREEN_PAST_LIVE:
        return SB_OK;
    case SB_SCREEN_PAST_BACK:
    case SB_SCREEN_PAST_FORWARD:
        return sb_past_step(past, SB_PAST_SAMPLE, answer->past == SB_SCREEN_PAST_FORWARD, err);
    case SB_SCREEN_PAST_CHANGE_BEFORE:
    case SB_SCREEN_PAST_CHANGE_AFTER:
        return sb_past_step(past, SB_PAST_CHANGE, answer->past == SB_SCREEN_PAST_CHANGE_AFTER, err);
    case SB_SCREEN_PAST_ALERT:
        return sb_past_step(past, SB_PAST_ALERT, false, err);
    case SB_SCREEN_PAST_GO:
        if (!rewind->setup.is_recording && answer->past_at.ns > now.wall.ns)
            return sb_error_set(err, SB_ERR_INVALID, "that time has not come yet");
        return sb_past_go(past, answer->past_at, err);
    case SB_SCREEN_PAST_BEGIN:
        return sb_past_go(past, (struct sb_wall){ 0 }, err);
    case SB_SCREEN_PAST_END:
        return sb_past_go_to_end(past, err);
    case SB_SCREEN_PAST_SPEED:
        if (!rewind->is_shown)
            return sb_error_set(err, SB_ERR_INVALID, "this is the present, and it plays; [ or @ goes to the past first");
        return SB_OK;
    }
    return SB_OK;
}

static void obey(struct sb_rewind *rewind, struct sb_screen *screen, const struct sb_screen_answer *answer, struct sb_now now)
{
    struct sb_error err = { SB_OK, "" };

    if (answer->past == SB_SCREEN_PAST_LIVE) {
        rewind->is_shown = false;
        rewind->speed = 0;
        sb_screen_show_past(screen, NULL, now, 0);
        shut(rewind); /* its models are some megabytes */
        return;
    }
    enum sb_err rc = open_history(rewind, &err);
    if (rc == SB_OK)
        rc = walk(rewind, answer, now, &err);
    rewind->speed = rc == SB_OK && answer->past == SB_SCREEN_PAST_SPEED ? answer->past_speed : 0;
    rewind->played_at = now.mono;
    if (rc == SB_OK || rewind->is_shown)
        show(rewind, screen); /* after a failure: it stands where it was */
    if (rc != SB_OK)
        sb_screen_say(screen, true, err.text, now);
    else
        tell_mistakes(rewind, screen, now);
    if (rc == SB_OK && answer->past == SB_SCREEN_PAST_GO && sb_past_wall(rewind->past).ns > answer->past_at.ns)
        sb_screen_say(screen, true, "the recording begins here; what was asked for is before it", now);
}

/* The first turn of a recording's console goes to where it starts. */
static bool begin(struct sb_rewind *rewind, struct sb_screen *screen, struct sb_now now)
{
    const struct sb_screen_answer answer = { .past = rewind->setup.has_start ? SB_SCREEN_PAST_GO : SB_SCREEN_PAST_END,
                                             .past_at = rewind->setup.start };
    rewind->has_begun = true;
    obey(rewind, screen, &answer, now);
    return true;
}

static bool turn(struct sb_rewind *rewind, struct sb_screen *screen, struct sb_now now)
{
    struct sb_error err = { SB_OK, "" };

    if (rewind->setup.is_recording && !rewind->has_begun)
        return begin(rewind, screen, now);
    if (rewind->speed == 0 || now.mono - rewind->played_at < FRAME)
        return false;
    const sb_ns passed = (now.mono - rewind->played_at) * rewind->speed;
    struct sb_wall to = { sb_ns_add(sb_past_wall(rewind->past).ns, passed) };
    rewind->played_at = now.mono;
    if (!rewind->setup.is_recording && to.ns >= now.wall.ns) {
        const struct sb_screen_answer live = { .past = SB_SCREEN_PAST_LIVE };
        obey(rewind, screen, &live, now);
        sb_screen_say(screen, false, "the past has caught up with the present: live again", now);
        return true;
    }
    enum sb_err rc = sb_past_go(rewind->past, to, &err);
    const bool is_over = rc == SB_OK && rewind->setup.is_recording && sb_past_is_at_end(rewind->past);
    if (rc != SB_OK || is_over)
        rewind->speed = 0;
    show(rewind, screen);
    if (rc != SB_OK)
        sb_screen_say(screen, true, err.text, now);
    else if (is_over)
        sb_screen_say(screen, false, "the end of the recording", now);
    return true;
}

static sb_ns next(const struct sb_rewind *rewind)
{
    if (rewind->setup.is_recording && !rewind->has_begun)
        return 0;
    return rewind->speed > 0 ? rewind->played_at + FRAME : SB_NEVER;
}

const struct sb_tui_past sb_rewind_past = { .obey = obey, .turn = turn, .next = next };

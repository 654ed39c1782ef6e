/* Owns questions about the past between a view and the loop. Pure: it neither asks nor waits. */
#include "lines.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

#define REFRESH_EVERY SB_S(2) /* of what is still going on */

bool sb_wants_create(struct sb_wants *wants)
{
    for (unsigned kind = 0; kind < SB_LOOKUP_COUNT; kind++) {
        wants->kinds[kind].found = calloc(1, sizeof *wants->kinds[kind].found);
        if (wants->kinds[kind].found == NULL)
            return false;
    }
    return true;
}

void sb_wants_destroy(struct sb_wants *wants)
{
    for (unsigned kind = 0; kind < SB_LOOKUP_COUNT; kind++)
        free(wants->kinds[kind].found);
}

static bool is_same_subject(const struct sb_lookup *a, const struct sb_lookup *b)
{
    return a->id == b->id && sb_streq(a->name, b->name);
}

static bool is_same(const struct sb_lookup *a, const struct sb_lookup *b)
{
    return is_same_subject(a, b) && a->before == b->before && a->after == b->after && a->from_oldest == b->from_oldest;
}

void sb_want(struct sb_screen *screen, const struct sb_lookup *lookup, bool is_again)
{
    struct sb_want *const want = &screen->wants.kinds[lookup->kind];
    const bool is_pending = (want->is_wanted || want->is_asking) && is_same(&want->lookup, lookup);
    const bool is_known = want->answered.number != 0 && want->code == SB_OK && is_same(&want->answered, lookup);
    if (is_pending || (is_known && !is_again))
        return;
    want->lookup = *lookup;
    want->lookup.number = ++screen->wants.number;
    want->is_wanted = true;
    want->is_asking = false;
    want->code = SB_OK;
    if (!is_same_subject(&want->answered, lookup))
        want->answered.number = 0;
}

const struct sb_findings *sb_wants_found(const struct sb_screen *screen, enum sb_lookup_kind kind, const char *name, uint64_t id)
{
    const struct sb_want *const want = &screen->wants.kinds[kind];
    if (want->answered.number == 0 || want->answered.id != id || !sb_streq(want->answered.name, name))
        return NULL;
    return want->found;
}

bool sb_wants_say(const struct sb_screen *screen, enum sb_lookup_kind kind, struct sb_text *out)
{
    const struct sb_want *const want = &screen->wants.kinds[kind];
    if (want->is_wanted || want->is_asking) {
        sb_text_add(out, "asking the store...");
        if (want->is_asking && screen->now.mono - want->since >= SB_S(1)) {
            sb_text_add(out, " ");
            sb_text_add_u64(out, (uint64_t)((screen->now.mono - want->since) / SB_S(1)));
            sb_text_add(out, "s");
        }
        return false;
    }
    if (want->code == SB_OK)
        return false;
    sb_text_add(out, want->why);
    sb_text_add(out, "; F5 asks again");
    return true;
}

void sb_wants_line(struct sb_lines *lines, enum sb_lookup_kind kind)
{
    char line[256];
    struct sb_text text;
    sb_text_init(&text, line, sizeof line);
    const bool is_bad = sb_wants_say(lines->screen, kind, &text);
    if (text.len > 0)
        sb_lines_say_all(lines, is_bad ? SB_SLOT_WARN : SB_SLOT_DIM, "store", line, 3);
}

/* ---- who needs what ---- */

static struct sb_lookup about(enum sb_lookup_kind kind, const char *name, uint64_t id)
{
    struct sb_lookup lookup = {.kind = (uint8_t)kind, .id = id};
    (void)sb_copy(lookup.name, sizeof lookup.name, name);
    return lookup;
}

static bool need_of(const struct sb_screen *screen, struct sb_lookup *lookup)
{
    const struct sb_want *const runs = &screen->wants.kinds[SB_LOOKUP_RUNS], *const audit = &screen->wants.kinds[SB_LOOKUP_AUDIT];
    if (screen->focus == SB_PANE_DETAIL)
        *lookup = about(SB_LOOKUP_JOB, screen->selected_name, 0);
    else if (screen->focus == SB_PANE_ALERT_DETAIL)
        *lookup = about(SB_LOOKUP_ALERT, "", screen->shown.alert);
    else if (screen->focus == SB_PANE_HISTORY)
        *lookup = sb_streq(runs->lookup.name, screen->shown.job) ? runs->lookup : about(SB_LOOKUP_RUNS, screen->shown.job, 0);
    else if (screen->focus == SB_PANE_RUN)
        *lookup = about(SB_LOOKUP_RUN, "", screen->shown.run);
    else if (screen->focus == SB_PANE_AUDIT)
        *lookup = audit->lookup.number != 0 ? audit->lookup : about(SB_LOOKUP_AUDIT, "", 0);
    else if (screen->focus == SB_PANE_CONTENT_ROW)
        *lookup = about(SB_LOOKUP_CONTENT, screen->shown.content, 0);
    else
        return false;
    return true;
}

void sb_wants_arrive(struct sb_screen *screen, bool is_again)
{
    struct sb_lookup lookup;
    if (need_of(screen, &lookup))
        sb_want(screen, &lookup, is_again);
}

/* What goes on is asked for again, but only when something has happened at all. */
static void refresh(struct sb_screen *screen, sb_ns mono)
{
    struct sb_lookup lookup;
    if ((screen->focus != SB_PANE_RUN && screen->focus != SB_PANE_HISTORY) || screen->is_frozen || !need_of(screen, &lookup))
        return;
    const struct sb_want *const want = &screen->wants.kinds[lookup.kind];
    const bool is_open = screen->focus == SB_PANE_RUN ? want->found->run_count > 0 && want->found->runs[0].ended.ns == 0 : want->found->is_newest;
    if (want->is_wanted || want->is_asking || want->answered.number == 0 || want->code != SB_OK || !is_open ||
        want->changes == screen->live->changes || mono - want->since < REFRESH_EVERY)
        return;
    sb_want(screen, &lookup, true);
}

bool sb_screen_wants(struct sb_screen *screen, struct sb_now now, struct sb_lookup *lookup)
{
    struct sb_want *newest = NULL;
    refresh(screen, now.mono);
    for (unsigned kind = 0; kind < SB_LOOKUP_COUNT; kind++) {
        struct sb_want *const want = &screen->wants.kinds[kind];
        if (want->is_wanted && (newest == NULL || want->lookup.number > newest->lookup.number))
            newest = want;
    }
    if (newest == NULL)
        return false;
    *lookup = newest->lookup;
    for (unsigned kind = 0; kind < SB_LOOKUP_COUNT; kind++) { /* one is asked at a time: who comes back to a view asks again */
        struct sb_want *const want = &screen->wants.kinds[kind];
        if (want != newest && (want->is_wanted || want->is_asking))
            want->is_wanted = want->is_asking = false;
    }
    newest->is_wanted = false;
    newest->is_asking = true;
    newest->since = now.mono;
    return true;
}

void sb_screen_found(struct sb_screen *screen, const struct sb_findings *findings, struct sb_now now)
{
    if (findings->kind >= SB_LOOKUP_COUNT)
        return;
    struct sb_want *const want = &screen->wants.kinds[findings->kind];
    if (!want->is_asking || want->lookup.number != findings->number)
        return; /* something else is wanted by now */
    want->is_asking = false;
    want->since = now.mono;
    want->changes = screen->live->changes;
    want->code = findings->code;
    if (findings->code == SB_ERR_CANCELLED) { /* for the sake of another question: who comes back asks again */
        memset(&want->lookup, 0, sizeof want->lookup);
        want->code = SB_OK;
        return;
    }
    if (findings->code != SB_OK) { /* what was known before is shown on */
        (void)sb_copy(want->why, sizeof want->why, findings->text);
        return;
    }
    memcpy(want->found, findings, sizeof *want->found);
    want->found->run_count = findings->run_count < SB_LOOKUP_PAGE ? findings->run_count : SB_LOOKUP_PAGE;
    want->found->step_count = findings->step_count < SB_LOOKUP_STEPS_MAX ? findings->step_count : SB_LOOKUP_STEPS_MAX;
    want->found->event_count = findings->event_count < SB_LOOKUP_EVENTS_MAX ? findings->event_count : SB_LOOKUP_EVENTS_MAX;
    want->found->text[SB_LOOKUP_TEXT_MAX - 1] = '\0';
    want->answered = want->lookup;
    sb_page_arrived(screen, (enum sb_lookup_kind)findings->kind);
}

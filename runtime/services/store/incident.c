/* The incident that operators work on, as the store remembers it: the newest one in a few rows of meta. What happened under it, and every earlier
 * one, is in the journal. Writer thread (fold) and start-up (restore). */
#include "folding.h"
#include "restoring.h"

#include "signalbox/base/text.h"

static enum sb_err remember(const struct folding *f, const char *key, struct sb_cell value)
{
    return RUN(f, META, sb_cell_text(key), value);
}

enum sb_err sb_store_on_incident_opened(const struct folding *f)
{
    const struct sb_ev_incident_opened *e = &f->event->as.incident_opened;
    char digits[24];
    struct sb_text text;
    sb_text_init(&text, digits, sizeof digits);
    sb_text_add_i64(&text, f->event->wall.ns);
    enum sb_err code = remember(f, "incident_id", WORDS(e->incident));
    code = code ? code : remember(f, "incident_actor", WORDS(e->actor));
    code = code ? code : remember(f, "incident_reason", WORDS(e->reason));
    code = code ? code : remember(f, "incident_at_ns", WORDS(digits));
    if (!code && strncmp(e->incident, "INC-", 4) == 0)
        code = remember(f, "incident_last", WORDS(e->incident)); /* numbers go on, whatever the operators' own ids were */
    return code ? code : remember(f, "incident_open", sb_cell_text("1"));
}

enum sb_err sb_store_on_incident_closed(const struct folding *f)
{
    return remember(f, "incident_open", sb_cell_text("0"));
}

static void take(const struct sb_rows *rows, struct sb_in_restore_incident *out, struct sb_in_restore_incident *last)
{
    for (size_t i = 0; i < sb_rows_count(rows); i++) {
        const char *key = sb_rows_words(rows, i, "key"), *value = sb_rows_words(rows, i, "value");
        if (sb_streq(key, "incident_id"))
            (void)sb_copy(out->incident, sizeof out->incident, value);
        else if (sb_streq(key, "incident_last"))
            (void)sb_copy(last->incident, sizeof last->incident, value);
        else if (sb_streq(key, "incident_actor"))
            (void)sb_copy(out->actor, sizeof out->actor, value);
        else if (sb_streq(key, "incident_reason"))
            (void)sb_copy(out->reason, sizeof out->reason, value);
        else if (sb_streq(key, "incident_at_ns") && !sb_parse_i64(value, &out->at))
            out->at = 0;
        else if (sb_streq(key, "incident_open"))
            out->is_open = sb_streq(value, "1");
    }
}

enum sb_err sb_restore_incident(const struct restoring *r)
{
    struct sb_rows *rows = NULL;
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_INCIDENT), last = input;
    enum sb_err code = sb_restore_query(r, "SELECT key, value FROM meta WHERE key LIKE 'incident!_%' ESCAPE '!'", NULL, 0, &rows);
    if (code)
        return code;
    take(rows, &input.as.restore_incident, &last.as.restore_incident);
    sb_rows_destroy(rows);
    if (last.as.restore_incident.incident[0] != '\0')
        r->emit(r->arg, &last);
    if (input.as.restore_incident.incident[0] != '\0')
        r->emit(r->arg, &input);
    return SB_OK;
}

/* When components were brought back lately, as the store remembers it: a row of meta per component, so that a restart does not make room for more
 * recoveries than a day may have. Writer thread (fold) and start-up (restore). */
#include "folding.h"
#include "restoring.h"

#include "signalbox/base/text.h"

#include <stdlib.h>

#define KEY "recoveries:"

/* Milliseconds since 1970, the newest first, each with a space behind it. The statement keeps as many as can count and cuts off what is older, in the
 * middle of a number perhaps: that one reads as long ago. */
enum sb_err sb_store_on_recovery_ended(const struct folding *f)
{
    const struct sb_ev_recovery_ended *e = &f->event->as.recovery_ended;
    char key[SB_NAME_MAX * 2], begun[32];
    struct sb_text text;
    sb_text_init(&text, key, sizeof key);
    sb_text_add(&text, KEY);
    sb_text_add(&text, sb_component_text(e->component));
    sb_text_init(&text, begun, sizeof begun);
    sb_text_add_i64(&text, f->at_ms - e->lasted / SB_MS(1));
    sb_text_add_char(&text, ' ');
    return RUN(f, RECOVERY, sb_cell_text(key), WORDS(begun));
}

static void emit(const struct restoring *r, uint8_t component, const char *words)
{
    char *end = NULL;
    long long ms = 0;
    for (unsigned i = 0; i < SB_RECOVERIES_MAX; i++, words = end) {
        ms = strtoll(words, &end, 10);
        if (end == words || *end != ' ')
            return;
        struct sb_input input = sb_input_make(SB_INPUT_RESTORE_RECOVERY);
        input.as.restore_recovery.component = component;
        input.as.restore_recovery.at = ms < INT64_MAX / SB_MS(1) ? ms * SB_MS(1) : 0;
        r->emit(r->arg, &input);
    }
}

enum sb_err sb_restore_recoveries(const struct restoring *r)
{
    struct sb_rows *rows = NULL;
    enum sb_err code = sb_restore_query(r, "SELECT key, value FROM meta WHERE key LIKE '" KEY "%' ORDER BY key", NULL, 0, &rows);
    if (code)
        return code;
    for (size_t i = 0; i < sb_rows_count(rows); i++) {
        int component = sb_field_enum_parse(SB_FIELD_component, sb_rows_words(rows, i, "key") + sizeof KEY - 1);
        if (component >= 0)
            emit(r, (uint8_t)component, sb_rows_words(rows, i, "value"));
    }
    sb_rows_destroy(rows);
    return SB_OK;
}

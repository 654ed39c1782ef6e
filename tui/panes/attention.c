/* What is told beside the picture: the title of the window, and when the operator is to be called. Numbers and words of the program only:
 * nothing that came from outside. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

static bool is_silenced(const struct sb_model *model, const struct sb_model_alert *alert)
{
    for (unsigned i = 0; i < SB_SILENCES_MAX; i++) {
        const struct sb_model_silence *const silence = &model->silences[i];
        if (silence->id != 0 && silence->until > model->now && (silence->rule == SB_RULE_COUNT || silence->rule == alert->rule) &&
            sb_silence_covers(silence->subject, alert->subject))
            return true;
    }
    return false;
}

static void add_count(struct sb_text *text, uint32_t count, const char *before, const char *after)
{
    if (count > 0)
        sb_text_addf(text, " %s%u%s", before, count, after);
}

void sb_screen_attention(const struct sb_screen *screen, struct sb_screen_attention *out)
{
    const struct sb_model *const model = screen->live;
    struct sb_text text;
    *out = (struct sb_screen_attention){.is_known = model->is_described};
    sb_text_init(&text, out->title, sizeof out->title);
    sb_text_add(&text, "signalbox");
    if (!model->is_described)
        return;
    if (model->is_practice)
        sb_text_add(&text, " PRACTICE");
    add_count(&text, model->jobs_in_state[SB_JOB_STATE_FAIL], "", "F");
    add_count(&text, model->jobs_in_state[SB_JOB_STATE_PAUSED], "", "P");
    if (model->budget.is_known)
        sb_text_addf(&text, " T%u", model->budget.tier);
    add_count(&text, sb_model_alerts_unacked(model), "!", "");
    for (uint32_t i = 0; i < model->alert_count; i++) {
        const struct sb_model_alert *const alert = &model->alerts[i];
        if (alert->severity != SB_SEVERITY_PAGE || alert->is_acked || is_silenced(model, alert))
            continue;
        out->pages++;
        out->newest_page = alert->id > out->newest_page ? alert->id : out->newest_page;
    }
}

/* Owns the operator's hand on the budget's tier: by force, with an end and a reason; and back to the policy. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { FREE = SB_TIER_COUNT };

static const char *tier_does(unsigned tier)
{
    static const char *const does[SB_TIER_COUNT] = {
        [SB_TIER_HIGH] = "every call gets the best model that the catalogue names for it",
        [SB_TIER_MEDIUM] = "calls get cheaper models where the catalogue names some",
        [SB_TIER_LOW] = "calls get the cheapest models; some jobs run less often",
        [SB_TIER_CRITICAL] = "generation is skipped; everything else goes on",
        [SB_TIER_CLOSED] = "no call is made",
    };
    return tier < SB_TIER_COUNT ? does[tier] : "";
}

static void line_of_money(const struct sb_model_budget *budget, struct sb_dialog *dialog)
{
    struct sb_text text = sb_ask_line(dialog);
    sb_text_add(&text, "now tier ");
    sb_text_add(&text, sb_tier_text(budget->tier));
    if (budget->is_forced) {
        sb_text_add(&text, ", forced by ");
        sb_text_add(&text, budget->forced_by);
        sb_text_add(&text, " until ");
        sb_text_add_clock(&text, budget->forced_until);
    }
    sb_text_add(&text, "; ");
    sb_text_add_usd(&text, budget->spent, 2);
    sb_text_add(&text, " of ");
    sb_text_add_usd(&text, budget->limit, 2);
    sb_text_add(&text, " USD spent");
}

static void write(struct sb_screen *screen, struct sb_dialog *dialog, struct sb_now now)
{
    const struct sb_model_budget *const budget = &screen->live->budget;
    const uint8_t tier = sb_ask_chosen(dialog);
    const bool is_free = tier == FREE;
    sb_ask_anew(dialog);
    dialog->has_until = dialog->needs_reason = !is_free;
    dialog->has_reason = !is_free || screen->asks_reasons;
    dialog->command.kind = is_free ? SB_COMMAND_FREE_TIER : SB_COMMAND_FORCE_TIER;
    dialog->command.tier = is_free ? 0 : tier;
    dialog->command.lasts = is_free ? 0 : sb_until(dialog->until, now.wall);
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, is_free ? "The policy decides the tier again" : "FORCE the tier to ");
    sb_text_add(&text, is_free ? "" : sb_tier_text(tier));
    line_of_money(budget, dialog);
    if (is_free)
        return;
    sb_ask_say(dialog, tier_does(tier));
    text = sb_ask_line(dialog);
    if (dialog->command.lasts == 0) {
        sb_text_add(&text, "until when? a time within seven days");
    } else {
        sb_text_add(&text, "until ");
        sb_text_add_wall(&text, (struct sb_wall){sb_ns_add(now.wall.ns, dialog->command.lasts)}, false);
        sb_text_add(&text, ", then the policy decides; the cap holds");
    }
    sb_copy(dialog->word, sizeof dialog->word, sb_tier_text(tier));
}

static const char *moved(const struct sb_screen *screen, const struct sb_dialog *dialog)
{
    return screen->live->budget.is_forced == (dialog->generation != 0) ? NULL : "the tier was forced or freed meanwhile";
}

static void go(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    if (dialog->command.kind == SB_COMMAND_FORCE_TIER)
        dialog->command.lasts = sb_until(dialog->until, now.wall);
    const char *const target = dialog->command.kind == SB_COMMAND_FORCE_TIER ? sb_tier_text(dialog->command.tier) : "";
    sb_emit(screen, now, &dialog->command, target, answer);
    if (dialog->generation == 0) /* what was forced before does not come back */
        sb_undo_arm(screen, now, &dialog->command, "");
}

void sb_act_tier(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    const struct sb_model_budget *const budget = &screen->live->budget;
    if (!budget->is_known) {
        sb_notice_say(screen, now, false, "no budget day is open yet");
        return;
    }
    if (budget->is_forced != screen->model->budget.is_forced) {
        sb_ask_refuse(screen, now, "the tier was forced or freed since the picture was frozen ({FREEZE} shows it)");
        return;
    }
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_TIER, now, SB_COMMAND_FORCE_TIER);
    dialog->generation = budget->is_forced;
    dialog->write = write;
    dialog->moved = moved;
    dialog->go = go;
    sb_copy(dialog->until, sizeof dialog->until, "1h");
    for (uint8_t tier = 0; tier <= SB_TIER_CRITICAL; tier++)
        sb_ask_choice(dialog, (char)('1' + tier), sb_tier_text(tier), tier);
    if (budget->is_forced)
        sb_ask_choice(dialog, 'f', "free", FREE);
    dialog->choice = budget->is_forced ? dialog->choice_count - 1 : SB_TIER_LOW;
    write(screen, dialog, now);
}

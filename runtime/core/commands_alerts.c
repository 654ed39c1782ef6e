/* What operators ask for of alerts: acknowledgements and silences. Core thread only. */
#include "asked.h"

#include "alerts.h"
#include "notices.h"

void on_ack_alert(struct sb_core *core, struct asked *asked)
{
    struct alert *alert = sb_alert_find(core, asked->command->alert);
    if (alert == NULL) {
        asked_refuse(asked, "the alert has cleared");
        return;
    }
    sb_alert_ack(core, alert, asked->command->actor, asked->command->reason, asked->command->lasts);
    asked_say(asked, "acknowledged ");
    asked_say(asked, sb_rule_text(alert->rule));
    asked_say(asked, " ");
    asked_say(asked, alert->subject);
}

void on_unack_alert(struct sb_core *core, struct asked *asked)
{
    struct alert *alert = sb_alert_find(core, asked->command->alert);
    if (alert == NULL) {
        asked_refuse(asked, "the alert has cleared");
        return;
    }
    if (!alert->is_acked) {
        asked_refuse(asked, "it is not acknowledged");
        return;
    }
    sb_alert_unack(core, alert, "its acknowledgement was taken back");
    sb_alerts_arm(core);
    asked_say(asked, "no longer acknowledged: ");
    asked_say(asked, sb_rule_text(alert->rule));
    asked_say(asked, " ");
    asked_say(asked, alert->subject);
}

void on_silence(struct sb_core *core, struct asked *asked)
{
    const struct sb_command *command = asked->command;
    if (command->rule >= SB_RULE_COUNT && command->subject[0] == '\0') {
        asked_refuse(asked, "a silence names a rule or a subject; nobody would hear of anything");
        return;
    }
    if (command->lasts < SB_S(1) || command->lasts > SB_DAY(30)) {
        asked_refuse(asked, "a silence lasts from 1s to 30d");
        return;
    }
    const struct silence *silence = sb_silence_set(core, command);
    if (silence == NULL) {
        asked_refuse(asked, "there are 16 silences; end one first");
        return;
    }
    asked_say(asked, "silence ");
    sb_text_add_u64(&asked->outcome, silence->id);
    asked_say(asked, ": ");
    asked_say(asked, command->rule < SB_RULE_COUNT ? sb_rule_text(command->rule) : "every rule");
    asked_say(asked, " ");
    asked_say(asked, command->subject);
    asked_say(asked, " for ");
    sb_text_add_duration(&asked->outcome, command->lasts);
}

void on_unsilence(struct sb_core *core, struct asked *asked)
{
    if (!sb_silence_end(core, asked->command->alert, asked->command->actor)) {
        asked_refuse(asked, "there is no such silence");
        return;
    }
    asked_say(asked, "ended silence ");
    sb_text_add_u64(&asked->outcome, asked->command->alert);
}

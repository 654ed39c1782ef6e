/* Owns what stands behind the name of a command in the palette: a time and a reason. They fill the fields of the question that the command opens, or
 * the reason of a command that asks nothing; they answer nothing. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

struct args {
    char until[SB_UNTIL_MAX];
    char reason[SB_NOTE_MAX];
};

/* The first word is the time where one is taken and it is one; everything else is the reason. */
static struct args read_args(const struct sb_palette_verb *verb, const char *line, struct sb_wall wall)
{
    struct args args = {.until = ""};
    const size_t size = strcspn(line, " ");
    if (verb->takes_time && size > 0 && size < sizeof args.until) {
        sb_copy_n(args.until, sizeof args.until, line, size);
        if (sb_until(args.until, wall) > 0)
            line += size + strspn(line + size, " ");
        else
            args.until[0] = '\0';
    }
    (void)sb_copy(args.reason, sizeof args.reason, line); /* as much as a reason has room for */
    return args;
}

const char *sb_palette_args(const struct sb_palette *palette)
{
    return palette->args_at == 0 ? "" : palette->line + palette->args_at;
}

void sb_palette_args_say(const struct sb_palette_verb *verb, const char *line, struct sb_now now, struct sb_text *out)
{
    const struct args args = read_args(verb, line, now.wall);
    if (args.until[0] != '\0') {
        sb_text_add(out, "until ");
        sb_text_add_clock(out, (struct sb_wall){sb_ns_add(now.wall.ns, sb_until(args.until, now.wall))});
    } else if (verb->takes_time) {
        sb_text_add(out, "no time given: the question has one");
    }
    if (args.reason[0] != '\0') {
        sb_text_add(out, verb->takes_time ? ", because " : "because ");
        sb_text_add(out, args.reason);
    }
}

static void choose_until(struct sb_dialog *dialog, const char *until)
{
    for (unsigned i = 0; dialog->action == SB_KEY_ACTION_SILENCE && i < dialog->choice_count; i++) {
        if (sb_streq(dialog->choices[i].label, "until"))
            dialog->choice = i;
    }
    (void)sb_copy(dialog->until, sizeof dialog->until, until);
}

void sb_palette_args_fill(struct sb_screen *screen, const struct sb_palette_verb *verb, const char *line, struct sb_now now,
                          struct sb_screen_answer *answer)
{
    const struct args args = read_args(verb, line, now.wall);
    struct sb_dialog *const dialog = &screen->dialog;
    if (!dialog->is_open) {
        if (answer->has_command && args.reason[0] != '\0')
            sb_copy(answer->command.reason, sizeof answer->command.reason, args.reason);
        return;
    }
    if (args.until[0] != '\0')
        choose_until(dialog, args.until);
    if (args.reason[0] != '\0') {
        dialog->has_reason = true;
        sb_copy(dialog->reason, sizeof dialog->reason, args.reason);
        dialog->at = SB_ASK_ANSWER; /* what is still missing is asked for by y */
    }
    if (dialog->write != NULL)
        dialog->write(screen, dialog, now);
}

/* ---- choices of a question, by name ---- */

static void close_with(struct sb_screen *screen, struct sb_now now, const char *why)
{
    screen->dialog.is_open = false;
    sb_notice_say(screen, now, true, why);
}

/* The answer's notice stays when there was no question. */
void sb_palette_choose_tier(struct sb_screen *screen, uint32_t tier, struct sb_now now)
{
    struct sb_dialog *const dialog = &screen->dialog;
    if (!dialog->is_open || dialog->action != SB_KEY_ACTION_TIER)
        return;
    for (unsigned i = 0; i < dialog->choice_count; i++) {
        if (dialog->choices[i].value != tier)
            continue;
        dialog->choice = i;
        dialog->write(screen, dialog, now);
        return;
    }
    close_with(screen, now, "the tier is not forced: there is nothing to free");
}

void sb_palette_choose_policy(struct sb_screen *screen, uint32_t policy, struct sb_now now)
{
    struct sb_dialog *const dialog = &screen->dialog;
    if (!dialog->is_open || dialog->action != SB_KEY_ACTION_POLICY)
        return;
    for (uint8_t turn = 0; turn < dialog->turn_count; turn++) {
        dialog->turn = turn;
        dialog->write(screen, dialog, now);
        if (dialog->command.policy == policy)
            return;
    }
    close_with(screen, now, "that policy is in force already");
}

/* Owns the pause of everything and of a category: stopping dispatch is quick, starting it again shows the backlog and the budget. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { EVERYTHING = 0 }; /* value of a choice; the others are categories */

uint32_t sb_runs_active(const struct sb_model *model, bool only_running)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->job_high; i++) {
        const struct sb_model_run *const run = &model->jobs[i].run;
        const bool is_running = run->state == SB_RUN_STATE_RUNNING || run->state == SB_RUN_STATE_STOPPING;
        count += model->jobs[i].is_defined && sb_model_run_is_active(run) && (is_running || !only_running);
    }
    return count;
}

static void line_of_pause(struct sb_dialog *dialog, const struct sb_model_pause *pause)
{
    struct sb_text text = sb_ask_line(dialog);
    sb_text_add(&text, "paused by ");
    sb_text_add(&text, pause->actor);
    sb_text_add(&text, " at ");
    sb_text_add_clock(&text, pause->since);
    if (pause->reason[0] != '\0') {
        sb_text_add(&text, ": ");
        sb_text_add(&text, pause->reason);
    }
}

static const char *moved(const struct sb_screen *screen, const struct sb_dialog *dialog)
{
    const struct sb_model *const model = screen->live;
    const uint8_t category = dialog->command.category;
    const bool is_on = category == EVERYTHING ? model->all_paused.is_on : model->category_paused[category].is_on;
    return is_on == (dialog->generation != 0) ? NULL : "somebody else did it first";
}

static void ask_resume_all(struct sb_screen *screen, struct sb_now now)
{
    const struct sb_model *const model = screen->live;
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_PAUSE_ALL, now, SB_COMMAND_RESUME_ALL);
    dialog->generation = 1;
    dialog->moved = moved;
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, "Start dispatch again");
    line_of_pause(dialog, &model->all_paused);
    text = sb_ask_line(dialog);
    sb_text_add(&text, "backlog: ");
    sb_text_add_u64(&text, sb_runs_active(model, false) - sb_runs_active(model, true));
    sb_text_add(&text, " runs wait to start");
    if (model->budget.is_known) {
        text = sb_ask_line(dialog);
        sb_text_add(&text, "budget: tier ");
        sb_text_add(&text, sb_tier_text(model->budget.tier));
        sb_text_add(&text, ", ");
        sb_text_add_usd(&text, model->budget.spent, 2);
        sb_text_add(&text, " of ");
        sb_text_add_usd(&text, model->budget.limit, 2);
        sb_text_add(&text, " USD spent");
    }
    sb_copy(dialog->word, sizeof dialog->word, "resume");
}

/* Jobs of a category, and those of them whose run is active. */
static uint32_t count_category(const struct sb_model *model, unsigned category, uint32_t *active)
{
    uint32_t count = 0;
    *active = 0;
    for (uint32_t i = 0; i < model->job_high; i++) {
        const struct sb_model_job *const job = &model->jobs[i];
        if (!job->is_defined || job->category != category)
            continue;
        count++;
        *active += sb_model_run_is_active(&job->run);
    }
    return count;
}

static void write_category(const struct sb_model *model, struct sb_dialog *dialog, uint8_t category)
{
    const bool is_paused = model->category_paused[category].is_on;
    uint32_t active = 0;
    const uint32_t count = count_category(model, category, &active);
    dialog->command.kind = is_paused ? SB_COMMAND_RESUME_CATEGORY : SB_COMMAND_PAUSE_CATEGORY;
    dialog->generation = is_paused;
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, is_paused ? "Resume category " : "Pause category ");
    sb_text_add(&text, sb_category_text(category));
    if (is_paused)
        line_of_pause(dialog, &model->category_paused[category]);
    text = sb_ask_line(dialog);
    sb_text_add_u64(&text, count);
    sb_text_add(&text, is_paused ? " jobs may start again; " : " jobs start nothing new; ");
    sb_text_add_u64(&text, active);
    sb_text_add(&text, is_paused ? " runs of them wait or run" : " runs of them are under way or wait");
}

static void write(struct sb_screen *screen, struct sb_dialog *dialog, struct sb_now now)
{
    (void)now;
    const struct sb_model *const model = screen->live;
    const uint8_t category = sb_ask_chosen(dialog);
    sb_ask_anew(dialog);
    dialog->command.category = category;
    if (category != EVERYTHING) {
        write_category(model, dialog, category);
        return;
    }
    dialog->command.kind = SB_COMMAND_PAUSE_ALL;
    dialog->generation = 0;
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, "Pause everything");
    text = sb_ask_line(dialog);
    sb_text_add(&text, "stops all dispatch: ");
    sb_text_add_u64(&text, model->job_count);
    sb_text_add(&text, " jobs start nothing new");
    text = sb_ask_line(dialog);
    sb_text_add_u64(&text, sb_runs_active(model, true));
    sb_text_add(&text, " running runs finish their step; ");
    sb_text_add_u64(&text, sb_runs_active(model, false) - sb_runs_active(model, true));
    sb_add_keys(screen, &text, " wait until {PAUSE_ALL} starts dispatch again");
}

static void go(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    const struct sb_command *const command = &screen->dialog.command;
    const char *const target = command->category == EVERYTHING ? "" : sb_category_text(command->category);
    sb_emit(screen, now, command, target, answer);
    sb_undo_arm(screen, now, command, target);
}

void sb_act_pause_all(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    const struct sb_model *const model = screen->live;
    if (screen->model->all_paused.is_on != model->all_paused.is_on) {
        sb_ask_refuse(screen, now, "the pause of everything changed since the picture was frozen ({FREEZE} shows it)");
        return;
    }
    if (model->all_paused.is_on) {
        ask_resume_all(screen, now);
        return;
    }
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_PAUSE_ALL, now, SB_COMMAND_PAUSE_ALL);
    dialog->moved = moved;
    dialog->write = write;
    dialog->go = go;
    sb_ask_choice(dialog, 'a', "everything", EVERYTHING);
    for (uint8_t category = 1; category < SB_CATEGORY_COUNT; category++) {
        char label[24];
        struct sb_text text;
        uint32_t active = 0;
        if (count_category(model, category, &active) == 0)
            continue;
        sb_text_init(&text, label, sizeof label);
        sb_text_add(&text, sb_category_text(category));
        sb_text_add(&text, model->category_paused[category].is_on ? "=" : "");
        sb_ask_choice(dialog, (char)('0' + category), label, category);
    }
    write(screen, dialog, now);
}

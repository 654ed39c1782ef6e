/* The past on the screen: the keys that lead there and back, the prompt for a time, and what is said of it. What the past was, others know; here is
 * only the question for it (struct sb_screen_answer) and the model that came as the answer. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"
#include "signalbox/base/when.h"

#include <string.h>

enum { SPEED_MAX = 600 };

void sb_screen_show_past(struct sb_screen *screen, const struct sb_model *model, struct sb_now at, unsigned speed)
{
    if (model == NULL)
        screen->is_frozen = false; /* live is live */
    screen->past = model;
    screen->past_at = at;
    screen->past_speed = model != NULL ? speed : 0;
    if (screen->past_speed == 0)
        screen->notice.text[0] = '\0'; /* it was about another picture */
    sb_order_invalidate(screen);
}

void sb_past_choose_model(struct sb_screen *screen)
{
    screen->model = screen->past != NULL ? screen->past : screen->is_frozen ? screen->frozen : screen->live;
}

/* ---- keys ---- */

void sb_act_past_back(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)screen;
    (void)now;
    answer->past = SB_SCREEN_PAST_BACK;
}

/* There is nothing after the present. */
static void forward(struct sb_screen *screen, struct sb_now now, enum sb_screen_past where, struct sb_screen_answer *answer)
{
    if (screen->past == NULL && !screen->is_recording)
        sb_notice_say(screen, now, false, "this is the present; [ goes back");
    else
        answer->past = where;
}

void sb_act_past_forward(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    forward(screen, now, SB_SCREEN_PAST_FORWARD, answer);
}

void sb_act_past_change_before(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)screen;
    (void)now;
    answer->past = SB_SCREEN_PAST_CHANGE_BEFORE;
}

void sb_act_past_change_after(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    forward(screen, now, SB_SCREEN_PAST_CHANGE_AFTER, answer);
}

void sb_act_past_go(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    (void)answer;
    screen->is_asking_time = true;
    screen->time_asked[0] = '\0';
}

bool sb_past_leave(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    if (screen->is_recording) {
        sb_notice_say(screen, now, false, "this is a recording: there is no present to go to; Q leaves");
        return true;
    }
    if (screen->past == NULL)
        return false;
    answer->past = SB_SCREEN_PAST_LIVE;
    return true;
}

bool sb_past_allows(const struct sb_screen *screen, enum sb_key_action action)
{
    if ((screen->past == NULL && !screen->is_recording) || sb_keymap[action].class == 'V')
        return true;
    /* when nothing ends but this console */
    return action == SB_KEY_ACTION_LEAVE && (screen->is_recording || screen->source.is_attached);
}

bool sb_past_refuses(struct sb_screen *screen, enum sb_key_action action, struct sb_now now)
{
    if (sb_past_allows(screen, action))
        return false;
    struct sb_text text = sb_notice(screen, now, true);
    sb_text_add(&text, "refused: ");
    sb_text_add(&text, sb_keymap[action].name);
    sb_text_add(&text, screen->is_recording ? " changes nothing in a recording, " : " changes nothing in the past, ");
    sb_text_add_clock(&text, screen->past_at.wall);
    if (!screen->is_recording)
        sb_text_add(&text, "; F returns to live");
    return true;
}

/* ---- the time that is asked for ---- */

/* A time of day is one of the day that is shown; of the day before when it has not come yet. */
static bool read_time(const struct sb_screen *screen, struct sb_now now, const char *text, struct sb_wall *to)
{
    bool is_clock = false;
    if (!sb_when_parse(text, screen->past != NULL ? screen->past_at.wall : now.wall, to, &is_clock))
        return false;
    if (is_clock && !screen->is_recording && to->ns > now.wall.ns + SB_S(1))
        to->ns -= SB_DAY(1);
    return true;
}

static bool read_word(const char *text, struct sb_screen_answer *answer)
{
    static const struct {
        const char *word;
        enum sb_screen_past past;
        unsigned speed;
    } words[] = {
        {"alert", SB_SCREEN_PAST_ALERT, 0}, {"begin", SB_SCREEN_PAST_BEGIN, 0}, {"end", SB_SCREEN_PAST_END, 0},
        {"live", SB_SCREEN_PAST_LIVE, 0},   {"play", SB_SCREEN_PAST_SPEED, 1},  {"stop", SB_SCREEN_PAST_SPEED, 0},
    };
    for (unsigned i = 0; i < SB_LEN(words); i++) {
        if (sb_streq(text, words[i].word)) {
            answer->past = words[i].past;
            answer->past_speed = words[i].speed;
            return true;
        }
    }
    int64_t speed = 0;
    if (text[0] != 'x' || !sb_parse_i64(text + 1, &speed) || speed < 0 || speed > SPEED_MAX)
        return false;
    answer->past = SB_SCREEN_PAST_SPEED;
    answer->past_speed = (unsigned)speed;
    return true;
}

static void go(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    const char *const text = screen->time_asked;
    if (text[0] == '\0') /* once more */
        sb_copy(screen->time_asked, sizeof screen->time_asked, screen->time_before);
    if (text[0] == '\0')
        return;
    sb_copy(screen->time_before, sizeof screen->time_before, text);
    if (!read_word(text, answer)) {
        if (!read_time(screen, now, text, &answer->past_at)) {
            struct sb_text said = sb_notice(screen, now, true);
            sb_text_add(&said, "@ ");
            sb_text_add(&said, text);
            sb_text_add(&said, ": expected 14:02, 14:02:10, a date before it, -10m, alert, begin, end or x10");
            return;
        }
        answer->past = SB_SCREEN_PAST_GO;
    }
    if (answer->past == SB_SCREEN_PAST_LIVE) {
        answer->past = SB_SCREEN_PAST_NONE;
        (void)sb_past_leave(screen, now, answer);
    }
}

void sb_past_prompt_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer)
{
    char *const text = screen->time_asked;
    const size_t used = strlen(text);
    if (key == SB_KEY_ENTER) {
        screen->is_asking_time = false;
        go(screen, now, answer);
    } else if (key == SB_KEY_ESCAPE || key == 7) {
        screen->is_asking_time = false;
    } else if ((key == SB_KEY_BACKSPACE || key == 8) && used > 0) {
        text[used - 1] = '\0';
    } else if (key == 21) {
        text[0] = '\0';
    } else if (key >= 0x20 && key < 0x7f && used + 1 < sizeof screen->time_asked) {
        text[used] = (char)key;
        text[used + 1] = '\0';
    }
}

/* ---- what is said of it ---- */

void sb_past_prompt_draw(const struct sb_screen *screen, const struct sb_view *view)
{
    static const char words[] = "14:02  14:02:10  -10m  alert  begin  end  x10  x0";
    char buffer[sizeof words + sizeof screen->time_before];
    struct sb_text help;
    sb_text_init(&help, buffer, sizeof buffer);
    sb_text_add(&help, screen->time_asked[0] == '\0' && screen->time_before[0] != '\0' ? "Enter: again " : words);
    if (screen->time_asked[0] == '\0')
        sb_text_add(&help, screen->time_before);
    sb_view_fill(view, 0, 0, view->box.cols, ' ', ' ', SB_SLOT_PROMPT);
    sb_view_text(view, 0, 0, 2, SB_SLOT_KEY, "@");
    const unsigned used = sb_view_text(view, 0, 1, view->box.cols, SB_SLOT_PROMPT, screen->time_asked);
    sb_view_fill(view, 0, 1 + used, 1, '_', '_', SB_SLOT_PROMPT);
    if (view->box.cols > used + 4 + help.len)
        sb_view_text(view, 0, view->box.cols - (unsigned)help.len - 1, (unsigned)help.len, SB_SLOT_PROMPT, buffer);
    view->grid->cursor_row = view->box.row;
    view->grid->cursor_col = (uint16_t)(view->box.col + (1U + used < view->box.cols ? 1U + used : view->box.cols - 1U));
}

void sb_past_add_mode(const struct sb_screen *screen, struct sb_wall today, bool is_brief, struct sb_text *text)
{
    const struct sb_wall at = screen->past_at.wall;
    sb_text_add(text, "PAST ");
    if (is_brief || at.ns / SB_DAY(1) == today.ns / SB_DAY(1))
        sb_text_add_clock(text, at);
    else
        sb_text_add_wall(text, at, false);
    if (screen->past_speed > 0) {
        sb_text_add(text, " x");
        sb_text_add_u64(text, screen->past_speed);
    }
}

/* Of the newest second in the log the worst event, of equal ones the newest. */
static const struct sb_event *worst_of_second(const struct sb_model *model)
{
    const struct sb_event *const newest = sb_model_log_at(model, 0), *worst = newest, *event;
    for (uint64_t back = 1; worst != NULL && (event = sb_model_log_at(model, back)) != NULL; back++) {
        if (event->wall.ns / SB_S(1) != newest->wall.ns / SB_S(1))
            break;
        if (sb_event_severity(event) > sb_event_severity(worst))
            worst = event;
    }
    return worst;
}

void sb_past_add_line(const struct sb_screen *screen, struct sb_text *text)
{
    const struct sb_event *const event = worst_of_second(screen->past);
    const struct sb_event_names names = sb_model_names(screen->past);
    sb_text_add(text, screen->is_recording ? "PAST  [ ] second  { } change  @ time" : "PAST  [ ] second  { } change  @ time  F live");
    if (event == NULL)
        return;
    sb_text_add(text, " | ");
    sb_text_add_clock(text, event->wall);
    sb_text_add(text, " ");
    sb_event_text(event, &names, text);
}

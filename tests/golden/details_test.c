/* Goldens of the views of one thing, at 80x24 and 120x40: an alert, a job to its end, its history, a run, a context, a service, the audit, a
 * content row. What the store would say is written here. */
#include "signalbox/tui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/tui/keys.h"
#include "tests/golden/incident.h"
#include "tests/golden/picture.h"

static struct scene scene;
static struct sb_findings found;

/* What happened besides the incident: channels, a silence, operators. */
static void play_more(struct scene *to)
{
    SAY(to, CHANNEL_DEFINED, channel_defined, .channel = 0, .min_severity = SB_SEVERITY_PAGE, .name = "oncall", .kind = "webhook");
    SAY(to, CHANNEL_DEFINED, channel_defined, .channel = 1, .min_severity = SB_SEVERITY_INFO, .name = "team", .kind = "slack");
    SAY(to, CHANNEL_DEFINED, channel_defined, .channel = 2, .min_severity = SB_SEVERITY_INFO, .name = "mail", .kind = "smtp");
    SAY(to, NOTICE_QUEUED, notice_queued, .alert = 1030, .channel = 0, .notice = SB_NOTICE_FIRING, .rule = SB_RULE_JOB_FAILED,
        .severity = SB_SEVERITY_PAGE, .count = 1, .subject = "reply_performance_snapshot");
    scene_wait(to, SB_S(1));
    SAY(to, NOTICE_SENT, notice_sent, .id = 9, .alert = 1030, .channel = 0, .notice = SB_NOTICE_FIRING, .attempt = 1, .took = SB_MS(180),
        .name = "oncall");
    SAY(to, NOTICE_QUEUED, notice_queued, .alert = 1030, .channel = 2, .notice = SB_NOTICE_FIRING, .rule = SB_RULE_JOB_FAILED,
        .severity = SB_SEVERITY_PAGE, .count = 1, .subject = "reply_performance_snapshot");
    SAY(to, NOTICE_FAILED, notice_failed, .id = 10, .alert = 1030, .channel = 2, .notice = SB_NOTICE_FIRING, .attempt = 1, .delay = SB_S(30),
        .name = "mail", .reason = "421 too many connections from your host");
    SAY(to, SILENCE_SET, silence_set, .silence = 3, .rule = SB_RULE_COUNT, .lasts = SB_HOUR(4), .subject = "reply_*", .actor = "bob",
        .reason = "the site is being rebuilt");
    SAY(to, NOTICE_HELD, notice_held, .alert = 1030, .channel = 1, .why = SB_TOLD_SILENCED, .notice = SB_NOTICE_KIND_COUNT, .lasts = SB_HOUR(4),
        .by = "bob");
    SAY(to, CONTEXT_CHANGED, context_changed, .ctx = 3, .state = SB_CTX_STATE_OPENING, .generation = 1);
    SAY(to, COMMAND_ASKED, command_asked, .command = 56, .kind = SB_COMMAND_RETRY_RUN, .ctx = SB_NO_CTX, .component = SB_COMPONENT_COUNT,
        .reason = "the selector was mended");
    SAY(to, COMMAND_REFUSED, command_refused, .command = 56, .kind = SB_COMMAND_RETRY_RUN, .job = 9, .run = 172, .actor = "bob",
        .outcome = "a newer run has ended since");
    SAY(to, COMMAND_ASKED, command_asked, .command = 57, .kind = SB_COMMAND_RECYCLE_CONTEXT, .ctx = 1, .component = SB_COMPONENT_COUNT,
        .reason = "it has been on that page for five minutes and the site says that it is not");
    SAY(to, COMMAND_DONE, command_done, .command = 57, .kind = SB_COMMAND_RECYCLE_CONTEXT, .job = SB_NO_JOB, .actor = "ana",
        .outcome = "recycling ctx 1");
}

static void answer_runs(struct sb_wall now)
{
    found.is_newest = true;
    found.run_count = SB_LOOKUP_PAGE;
    for (uint32_t i = 0; i < found.run_count; i++) {
        struct sb_past_run *const run = &found.runs[i];
        const bool is_bad = i % 5 == 0;
        run->id = 173 - i * 3;
        run->queued.ns = now.ns - SB_MIN(20) * i - SB_S(47);
        run->started.ns = run->queued.ns + SB_MS(40 + 300 * i);
        run->ended.ns = i == 0 ? 0 : run->started.ns + SB_S(3 + i);
        run->duration = SB_S(3 + i);
        run->attempt = is_bad ? 3 : 1;
        run->cause = i == 4 ? SB_CAUSE_FORCE : SB_CAUSE_SCHEDULE;
        run->state = i == 0 ? SB_RUN_STATE_BACKOFF : is_bad ? SB_RUN_STATE_FAILED : SB_RUN_STATE_SUCCEEDED;
        run->class = is_bad ? SB_CLASS_RETRYABLE : SB_CLASS_NONE;
        sb_copy(run->job, SB_NAME_MAX, "posting");
        if (is_bad)
            sb_copy(run->error, SB_NOTE_MAX, "selector \"login\" did not appear in 30 s");
    }
}

static void put_event(const struct sb_event *event, const char *job)
{
    struct sb_past_event *const past = &found.events[found.event_count++];
    past->event = *event;
    sb_copy(past->job, SB_NAME_MAX, job);
}

static void answer_run(struct sb_wall now)
{
    static const char *const names[] = {"open", "login"};
    answer_runs(now);
    found.run_count = 1;
    found.runs[0].nominal.ns = found.runs[0].queued.ns;
    for (uint8_t attempt = 1; attempt <= 2; attempt++) {
        for (uint8_t i = 0; i < 2; i++) {
            struct sb_past_step *const step = &found.steps[found.step_count++];
            *step = (struct sb_past_step){.step = i, .attempt = attempt, .ctx = 2, .duration = i == 0 ? SB_MS(1200) : SB_S(30), .rows = i == 0,
                                          .state = i == 0 ? SB_STEP_STATE_SUCCEEDED : SB_STEP_STATE_FAILED,
                                          .class = i == 0 ? SB_CLASS_NONE : SB_CLASS_RETRYABLE};
            sb_copy(step->name, SB_NAME_MAX, names[i]);
            sb_copy(step->text, SB_NOTE_MAX, i == 0 ? "one row claimed" : "selector \"login\" did not appear");
        }
    }
    for (unsigned i = 0; i < scene.count && found.event_count < SB_LOOKUP_EVENTS_MAX; i++) {
        const struct sb_event *const event = &scene.events[i];
        const bool is_of_run = (event->kind == SB_EVENT_RUN_QUEUED && event->as.run_queued.run == 173) ||
                               (event->kind == SB_EVENT_STEP_ENDED && event->as.step_ended.run == 173) ||
                               (event->kind == SB_EVENT_LEASE_GRANTED && event->as.lease_granted.run == 173) ||
                               (event->kind == SB_EVENT_RUN_RETRYING && event->as.run_retrying.run == 173);
        if (is_of_run)
            put_event(event, "posting");
    }
    sb_copy(found.text, sizeof found.text, "/var/lib/signalbox/failures/173-login-2, /var/lib/signalbox/failures/173-login-1");
}

static void answer_audit(struct sb_wall now)
{
    struct sb_event event = {.kind = SB_EVENT_COMMAND_DONE, .seq = 2, .wall = {now.ns - SB_DAY(1)},
                             .as.command_done = {.command = 12, .kind = SB_COMMAND_PAUSE_ALL, .job = SB_NO_JOB, .actor = "eve",
                                                 .outcome = "everything paused; running steps finish"}};
    found.is_newest = found.is_oldest = true;
    put_event(&event, "");
}

static void answer(const struct sb_lookup *lookup, struct sb_wall now)
{
    memset(&found, 0, sizeof found);
    if (lookup->kind == SB_LOOKUP_RUNS)
        answer_runs(now);
    else if (lookup->kind == SB_LOOKUP_RUN)
        answer_run(now);
    else if (lookup->kind == SB_LOOKUP_AUDIT)
        answer_audit(now);
    else if (lookup->kind == SB_LOOKUP_JOB)
        sb_copy(found.text, sizeof found.text,
                "= as it is defined, and where\nevery            20m00s                 growth.yaml:31:12\n"
                "overlap          skip                   default\npriority         0                      growth.yaml:32:15\n"
                "timeout          5m00s                  --set\n= earlier names\npost_tweets, now step submit\n");
    else if (lookup->kind == SB_LOOKUP_CONTENT)
        sb_copy(found.text, sizeof found.text,
                "id         7f3a-1\nkind       single\nstatus     uncertain\naccount    me\ntext       a thought that goes on for longer than a "
                "narrow screen is wide, with \xe6\xbc\xa2\xe5\xad\x97 in it\nscheduled  2026-11-23T14:20:00Z\nattempts   1\n"
                "= attempts, the newest first\n#1 2026-11-23T14:20:04Z - 14:20:31Z uncertain no answer after the click\n"
                "= receipts, the newest first\n2026-11-23T14:20:30Z submitted, no receipt, run 171\n");
    found.number = lookup->number;
    found.kind = lookup->kind;
}

struct look {
    const char *name;
    uint32_t keys[16];
    bool has_content;
};

static void check_size(const struct look *look, uint16_t cols, uint16_t rows)
{
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "practice", .is_ascii = true};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    struct sb_grid grid = {.rows = rows, .cols = cols, .cells = cells};
    assert_non_null(screen);
    incident_play(&scene);
    play_more(&scene);
    for (unsigned i = 0; i < scene.count; i++)
        sb_screen_fold(screen, &scene.events[i]);
    struct sb_now now = {.mono = scene.now + SB_S(12), .wall = {scene.wall.ns + SB_S(12)}};
    if (look->has_content)
        sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0, "content of me\n7f3a-1  single of me\n", "", now);
    sb_screen_draw(screen, now, &grid);
    for (unsigned i = 0; i < SB_LEN(look->keys) && look->keys[i] != 0; i++) {
        struct sb_screen_answer pressed;
        struct sb_lookup lookup;
        now.mono += SB_MS(500);
        now.wall.ns += SB_MS(500);
        sb_screen_key(screen, (struct sb_key){look->keys[i]}, now, &pressed);
        assert_false(pressed.has_command);
        if (sb_screen_wants(screen, now, &lookup)) {
            answer(&lookup, now.wall);
            sb_screen_found(screen, &found, now);
        }
        scene_beat(screen, now);
        sb_screen_draw(screen, now, &grid);
    }
    char name[128];
    struct sb_text text;
    sb_text_init(&text, name, sizeof name);
    sb_text_addf(&text, "%s-%ux%u-ascii.txt", look->name, cols, rows);
    check_picture(name, &grid);
    sb_screen_destroy(screen);
}

static void views_of_one_thing__look_as_drawn(void **state)
{
    static const struct look looks[] = {
        {.name = "alert", .keys = {'4', SB_KEY_ENTER}},
        {.name = "alert-told", .keys = {'4', SB_KEY_ENTER, 'G'}},
        {.name = "context", .keys = {'2', 'j', 'j', SB_KEY_ENTER}},
        {.name = "service", .keys = {'5', SB_KEY_ENTER}},
        {.name = "job-end", .keys = {'j', SB_KEY_ENTER, 'G'}},
        {.name = "history", .keys = {'j', SB_KEY_ENTER, SB_KEY_ENTER}},
        {.name = "run", .keys = {'j', SB_KEY_ENTER, SB_KEY_ENTER, SB_KEY_ENTER}},
        {.name = "audit", .keys = {'L', 'j'}},
        {.name = "content-row", .keys = {'7', SB_KEY_ENTER}, .has_content = true},
    };
    (void)state;
    for (unsigned i = 0; i < SB_LEN(looks); i++) {
        check_size(&looks[i], 80, 24);
        check_size(&looks[i], 120, 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_of_one_thing__look_as_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Every key of every row of the keymap in every pane it works in: it is seen, or it asks the caller for something. The clock stands still, so
 * whatever changes is the key's doing. */
#include "tests/unit/tui_panes/desk.h"

#include "signalbox/tui/keys.h"
#include "tests/support/quiet_keys.h"

static struct sb_grid_cell before[ROWS * COLS];

/* Something to act on in every pane. */
static void furnish(void)
{
    SAY(&scene, BUDGET_WINDOW, budget_window, .limit = 5 * SB_USD_NANO, .spent = 1250000000, .tier = SB_TIER_MEDIUM, .day_start = 1);
    SAY(&scene, COMPONENT_CHANGED, component_changed, .component = SB_COMPONENT_BROWSER, .state = SB_COMPONENT_STATE_FAILED);
    SAY(&scene, BREAKER_CHANGED, breaker_changed, .site = 0, .state = SB_BREAKER_STATE_OPEN, .name = "fixture");
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 0, .state = SB_CTX_STATE_IDLE, .generation = 3);
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 5, .rule = SB_RULE_JOB_FAILED, .severity = SB_SEVERITY_WARN, .job = 0, .subject = "posting");
    SAY(&scene, ALERT_RAISED, alert_raised, .alert = 6, .rule = SB_RULE_DEP_DOWN, .severity = SB_SEVERITY_PAGE, .job = 1, .subject = "llm");
    SAY(&scene, SILENCE_SET, silence_set, .silence = 3, .rule = SB_RULE_JOB_FAILED, .lasts = SB_HOUR(1), .subject = "plan", .actor = "bo");
    start_run(41, POSTING);
    fail_run(42, METRICS);
}

static const struct {
    uint32_t where;
    const char *title;
    uint32_t keys[3];
} panes[] = {
    {SB_WHERE_JOBS, "Jobs", {'1'}},         {SB_WHERE_CONTEXTS, "Contexts", {'2'}}, {SB_WHERE_BUDGET, "Budget", {'3'}},
    {SB_WHERE_ALERTS, "Alerts", {'4'}},     {SB_WHERE_SERVICES, "Services", {'5'}}, {SB_WHERE_LOG, "Log", {'6'}},
    {SB_WHERE_DETAIL, "Detail", {'1', SB_KEY_ENTER}}, {SB_WHERE_HELP, "Help", {'?'}}, {SB_WHERE_PAGE, "Page", {0}},
    {SB_WHERE_CONTENT, "Content", {'7'}},   {SB_WHERE_TIMELINE, "Timeline", {'8'}}, {SB_WHERE_NODES, "Nodes", {'9'}},
};

static void go_to(unsigned pane)
{
    static const char text[] = "= drafts: 1\n7f3a-1  single of me\n    \"first\"\n    may be post 4711, seen\n";
    press('j');
    for (unsigned i = 0; i < SB_LEN(panes[pane].keys) && panes[pane].keys[i] != 0; i++)
        press(panes[pane].keys[i]);
    if (panes[pane].where == SB_WHERE_PAGE)
        sb_screen_show_page(screen, SB_SCREEN_PAGE_KEPT, 42, text, "", now);
    else if (panes[pane].where == SB_WHERE_CONTENT)
        sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0, text, "", now);
    draw();
    press('j');
    draw();
}

static bool asks_for_something(void)
{
    struct sb_command command;
    return answer.has_command || answer.wants_redraw || answer.wants_leave || answer.wants_page != SB_SCREEN_PAGE_NONE ||
           answer.wants_mouse || answer.wants_take_over ||  answer.verdict != SB_SCREEN_VERDICT_NONE || sb_screen_take_command(screen, &command);
}

/* What a viewer may ask for, too. */
static bool asks_to_be_shown(void)
{
    return answer.wants_capture || answer.copy != SB_SCREEN_COPY_NONE || answer.past != SB_SCREEN_PAST_NONE;
}

static void press_and_look(unsigned pane, unsigned action, uint32_t key)
{
    void *state = NULL;
    setup(&state);
    furnish();
    go_to(pane);
    if (strstr(draw(), panes[pane].title) == NULL)
        fail_msg("pane %s is not shown:\n%s", panes[pane].title, picture);
    wait_for(SB_S(6)); /* notices of the way here are over */
    draw();
    memcpy(before, cells, sizeof before);
    sb_screen_key(screen, (struct sb_key){key}, now, &answer);
    sb_screen_draw(screen, now, &grid);
    const bool is_seen = memcmp(before, cells, sizeof before) != 0;
    draw();
    if (!is_seen && !asks_for_something() && !asks_to_be_shown() && !is_quiet(action))
        fail_msg("%s (key %u) in %s changes nothing and asks for nothing:\n%s", sb_keymap[action].name, key, panes[pane].title, picture);
    if (strstr(picture, " does nothing in ") != NULL)
        fail_msg("%s (key %u) is not bound in %s", sb_keymap[action].name, key, panes[pane].title);
    teardown(&state);
}

static void every_key_in_every_pane__is_seen(void **state)
{
    (void)state;
    unsigned pressed = 0;
    for (unsigned pane = 0; pane < SB_LEN(panes); pane++) {
        for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++) {
            if ((sb_keymap[action].where & panes[pane].where) == 0)
                continue;
            for (unsigned i = 0; i < SB_KEY_ACTION_KEYS && sb_keymap[action].keys[i] != 0; i++, pressed++)
                press_and_look(pane, action, sb_keymap[action].keys[i]);
        }
    }
    print_message("%u keys pressed\n", pressed);
    assert_true(pressed > 300);
}

/* A viewer's console: no key of class R, G or T does anything, whatever it is. */
static void every_key_in_every_pane__commands_nothing_for_a_viewer(void **state)
{
    for (unsigned pane = 0; pane < SB_LEN(panes); pane++) {
        for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++) {
            if ((sb_keymap[action].where & panes[pane].where) == 0 || sb_keymap_is_for_viewers((enum sb_key_action)action))
                continue;
            setup(state);
            open_screen(true);
            furnish();
            go_to(pane);
            press(sb_keymap[action].keys[0]);
            assert_false(asks_for_something());
            assert_shows("this console is a viewer: actions are off");
            press('y');
            assert_false(asks_for_something());
            teardown(state);
        }
    }
}

/* Help and footer name the keys in force, and hide what a viewer cannot do. */
static void keys__of_a_file_are_the_ones_that_work_and_are_shown(void **state)
{
    struct sb_keys keys;
    sb_keys_init(&keys);
    keys.keys[SB_KEY_ACTION_PAUSE][0] = 'Z';
    keys.keys[SB_KEY_ACTION_RETRY][0] = 0;
    keys.keys[SB_KEY_ACTION_HELP][0] = SB_KEY_F5;
    keys.keys[SB_KEY_ACTION_REDRAW][1] = 0;
    keys.keys[SB_KEY_ACTION_LEAVE][0] = '%';
    const struct sb_screen_setup own = {.actor = "ana", .environment = "prod", .is_ascii = true, .keys = &keys};
    (void)state;
    sb_screen_destroy(screen);
    screen = sb_screen_create(&own, NULL);
    folded = 0;
    draw();
    assert_shows("Z pause");
    assert_hides("r retry");
    press('p');
    assert_none();
    assert_shows("p does nothing in Jobs; F5 lists the keys");
    press('j');
    press('Z');
    assert_command(SB_COMMAND_PAUSE_JOB, METRICS, 0);
    press('q');
    assert_shows("nothing to go back to; % leaves");
    press(SB_KEY_F5);
    assert_shows("Z             R  jobs detail run pause t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_in_every_pane__is_seen),
        cmocka_unit_test(every_key_in_every_pane__commands_nothing_for_a_viewer),
        TEST(keys__of_a_file_are_the_ones_that_work_and_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

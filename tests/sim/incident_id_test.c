/* Stories of the incident that operators work on: who opens it, what is stamped with it, and that it outlives a restart. */
#include "world.h"

static struct world *make(void)
{
    struct world *w = world_create();
    (void)world_job(w, "metrics", SB_HOUR(1), SB_HOUR(1));
    (void)world_step(w, "work", false, SB_MS(1));
    for (int kind = SB_EVENT_INCIDENT_OPENED; kind <= SB_EVENT_INCIDENT_CLOSED; kind++)
        world_listen(w, (enum sb_event_kind)kind);
    world_listen(w, SB_EVENT_COMMAND_REFUSED);
    return w;
}

static void ask(struct world *w, enum sb_command_kind kind, const char *actor, const char *id, const char *reason)
{
    struct sb_input input = world_command_input(w, kind, kind == SB_COMMAND_PAUSE_JOB ? 0 : SB_NO_JOB);
    (void)sb_copy(input.as.command.actor, SB_NAME_MAX, actor);
    (void)sb_copy(input.as.command.subject, SB_NAME_MAX, id);
    (void)sb_copy(input.as.command.reason, SB_NOTE_MAX, reason);
    world_input(w, input);
}

static void incident__is_one_for_all_and_numbered_by_day(void **state)
{
    (void)state;
    struct world *w = make();
    world_begin(w);
    world_run(w, SB_S(1));
    ask(w, SB_COMMAND_INCIDENT_OPEN, "ana", "", "posts fail");
    ask(w, SB_COMMAND_INCIDENT_OPEN, "bob", "", "");
    ask(w, SB_COMMAND_INCIDENT_OPEN, "bob", "OPS-7", "");
    ask(w, SB_COMMAND_INCIDENT_CLOSE, "bob", "OPS-7", "");
    world_run(w, SB_S(11));
    ask(w, SB_COMMAND_INCIDENT_CLOSE, "bob", "", "");
    ask(w, SB_COMMAND_INCIDENT_CLOSE, "bob", "", "");
    ask(w, SB_COMMAND_INCIDENT_OPEN, "ana", "OPS-7", "");
    ask(w, SB_COMMAND_INCIDENT_CLOSE, "ana", "OPS-7", "");
    ask(w, SB_COMMAND_INCIDENT_OPEN, "ana", "", "");
    world_expect(w, "[   1000] incident INC-20251204-1 opened by ana posts fail\n"
                    "[   1000] incident INC-20251204-1: bob joined\n"
                    "[   1000] bob: refused, incident INC-20251204-1 is open; close it first, or join it\n"
                    "[   1000] bob: refused, the open incident is INC-20251204-1\n"
                    "[  11000] incident INC-20251204-1 closed by bob after 10s\n"
                    "[  11000] bob: refused, no incident is open\n"
                    "[  11000] incident OPS-7 opened by ana\n"
                    "[  11000] incident OPS-7 closed by ana after 0.0s\n"
                    "[  11000] incident INC-20251204-2 opened by ana\n");
    world_destroy(w);
}

/* It becomes a folder's name. */
static void incident__takes_no_id_that_is_no_plain_word(void **state)
{
    (void)state;
    static const char *const bad[] = { "../etc", "a/b", ".hidden", "-x", "two words", "a;b", "gr\xc3\xb6\xc3\x9f",
                                       "12345678901234567890123456789012" };
    struct world *w = make();
    world_begin(w);
    for (size_t i = 0; i < SB_LEN(bad); i++) {
        char expected[256];
        struct sb_text text;
        sb_text_init(&text, expected, sizeof(expected));
        sb_text_add(&text, "[      0] ana: refused, an incident's id has 1 to 31 letters, digits and - _ . (a letter or digit first)\n");
        ask(w, SB_COMMAND_INCIDENT_OPEN, "ana", bad[i], "");
        assert_string_equal(w->story, expected);
        w->text.len = 0;
        w->story[0] = '\0';
    }
    world_destroy(w);
}

static void incident__stamps_what_is_done_while_it_is_open(void **state)
{
    (void)state;
    struct world *w = make();
    world_begin(w);
    world_run(w, SB_S(1));
    ask(w, SB_COMMAND_PAUSE_JOB, "ana", "", "before");
    world_command(w, SB_COMMAND_RESUME_JOB, 0);
    ask(w, SB_COMMAND_INCIDENT_OPEN, "ana", "OPS-7", "");
    ask(w, SB_COMMAND_PAUSE_JOB, "bob", "", "it posts twice");
    ask(w, SB_COMMAND_PAUSE_JOB, "bob", "", "again"); /* refused: nothing was done */
    ask(w, SB_COMMAND_INCIDENT_CLOSE, "ana", "", "");
    world_command(w, SB_COMMAND_RESUME_JOB, 0);
    world_expect(w, "[   1000] incident OPS-7 opened by ana\n"
                    "[   1000] incident OPS-7: bob did that it posts twice\n"
                    "[   1000] bob: refused, already paused\n"
                    "[   1000] incident OPS-7 closed by ana after 0.0s\n");
    world_destroy(w);
}

static void incident__outlives_a_restart_and_is_described(void **state)
{
    (void)state;
    struct world *w = make();
    world_init_core(w);
    w->now = SB_MIN(2);
    struct sb_input inputs[] = { sb_input_make(SB_INPUT_RESTORE_INCIDENT), sb_input_make(SB_INPUT_RESTORE_INCIDENT), sb_input_make(SB_INPUT_BEGIN) };
    (void)sb_copy(inputs[0].as.restore_incident.incident, SB_NAME_MAX, "INC-20251204-6");
    (void)sb_copy(inputs[1].as.restore_incident.incident, SB_NAME_MAX, "OPS-7");
    (void)sb_copy(inputs[1].as.restore_incident.actor, SB_NAME_MAX, "ana");
    inputs[1].as.restore_incident.is_open = true;
    inputs[1].as.restore_incident.at = w->now + w->wall_offset - SB_MIN(1);
    for (size_t i = 0; i < SB_LEN(inputs); i++)
        world_input(w, inputs[i]);
    world_run(w, w->now + SB_S(1));
    struct sb_event events[SB_OUTBOX_EVENTS_MIN], told = { 0 };
    struct sb_order orders[SB_OUTBOX_ORDERS_MIN];
    uint64_t cursor = 0;
    for (bool is_complete = false; !is_complete;) {
        struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events), .orders = orders, .order_cap = SB_LEN(orders) };
        is_complete = sb_core_describe(w->core, &cursor, &out);
        for (uint32_t k = 0; k < out.event_count; k++)
            told = events[k].kind == SB_EVENT_INCIDENT_OPENED ? events[k] : told;
    }
    assert_string_equal(told.as.incident_opened.incident, "OPS-7");
    assert_string_equal(told.as.incident_opened.actor, "ana");
    assert_int_equal(w->now + w->wall_offset - told.wall.ns, SB_MIN(1) + SB_S(1));
    ask(w, SB_COMMAND_INCIDENT_CLOSE, "ana", "OPS-7", "");
    ask(w, SB_COMMAND_INCIDENT_OPEN, "ana", "", "");
    world_expect(w, "[ 121000] incident OPS-7 closed by ana after 1m01s\n"
                    "[ 121000] incident INC-20251204-7 opened by ana\n");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incident__is_one_for_all_and_numbered_by_day),
        cmocka_unit_test(incident__takes_no_id_that_is_no_plain_word),
        cmocka_unit_test(incident__stamps_what_is_done_while_it_is_open),
        cmocka_unit_test(incident__outlives_a_restart_and_is_described),
    };
    return cmocka_run_group_tests_name("sim_incident_id", tests, NULL, NULL);
}

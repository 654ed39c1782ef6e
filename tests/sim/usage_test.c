/* Stories of what contexts use: it is told when it has changed enough, of the page that is open, and to who listens later. */
#include "world.h"

static struct world *make_world(void)
{
    struct world *w = world_create();
    struct sb_job_def *job = world_job(w, "a", 0, 0);
    job->category = SB_CATEGORY_METRICS;
    world_step(w, "visit", true, SB_S(2));
    world_listen(w, SB_EVENT_CONTEXT_MEASURED);
    world_begin(w);
    world_run(w, SB_S(1));
    sb_text_init(&w->text, w->story, sizeof(w->story));
    return w;
}

static void use(struct world *w, uint32_t generation, uint32_t heap_kib, int cpu_permille)
{
    struct sb_input input = sb_input_make(SB_INPUT_USAGE);
    input.as.usage.ctx = 0;
    input.as.usage.generation = generation;
    input.as.usage.heap_kib = heap_kib;
    input.as.usage.is_cpu_known = cpu_permille >= 0;
    input.as.usage.cpu_permille = cpu_permille > 0 ? (uint32_t)cpu_permille : 0;
    world_input(w, input);
}

static void usage__is_told_when_it_has_changed_enough(void **state)
{
    (void)state;
    struct world *w = make_world();
    use(w, 1, 4000, -1);
    use(w, 1, 4900, -1);   /* less than a MiB */
    use(w, 1, 40000, -1);
    use(w, 1, 45000, -1);  /* less than a quarter */
    use(w, 1, 45001, 90);  /* the processor is known now */
    use(w, 1, 45002, 170); /* less than a tenth of a core */
    use(w, 1, 45003, 400);
    use(w, 1, 0, -1);      /* it did not answer */
    use(w, 1, 0, -1);
    use(w, 1, 3000, -1);
    world_expect(w, "[   1000] ctx 0: the scripts of its page hold 4000 KiB\n"
                    "[   1000] ctx 0: the scripts of its page hold 40000 KiB\n"
                    "[   1000] ctx 0: the scripts of its page hold 45001 KiB\n"
                    "[   1000] ctx 0: the scripts of its page hold 45003 KiB\n"
                    "[   1000] ctx 0: the scripts of its page hold 0 KiB\n"
                    "[   1000] ctx 0: the scripts of its page hold 3000 KiB\n");
    world_destroy(w);
}

static void usage__of_another_page_is_nothing(void **state)
{
    (void)state;
    struct world *w = make_world();
    use(w, 7, 4000, -1);
    struct sb_input far = sb_input_make(SB_INPUT_USAGE);
    far.as.usage.ctx = SB_CONTEXTS_MAX + 3;
    far.as.usage.heap_kib = 9000;
    world_input(w, far);
    world_expect(w, "");
    struct sb_input down = sb_input_make(SB_INPUT_CONTEXT_DOWN);
    down.as.context_down.generation = 1;
    use(w, 1, 4000, -1);
    world_input(w, down);
    use(w, 1, 90000, -1); /* it was measured while it died */
    world_run(w, SB_S(5));
    use(w, 2, 4000, -1);  /* the next one begins anew */
    world_expect(w, "[   1000] ctx 0: the scripts of its page hold 4000 KiB\n[   5000] ctx 0: the scripts of its page hold 4000 KiB\n");
    world_destroy(w);
}

static void usage__is_told_to_who_listens_later(void **state)
{
    (void)state;
    struct world *w = make_world();
    use(w, 1, 4000, 250);
    struct sb_event events[SB_OUTBOX_EVENTS_MIN];
    struct sb_order orders[SB_OUTBOX_ORDERS_MIN];
    struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events), .orders = orders, .order_cap = SB_LEN(orders) };
    uint64_t cursor = 0;
    unsigned told = 0;
    bool is_over;
    do {
        is_over = sb_core_describe(w->core, &cursor, &out);
        for (uint32_t i = 0; i < out.event_count; i++) {
            if (events[i].kind != SB_EVENT_CONTEXT_MEASURED)
                continue;
            told++;
            assert_int_equal(events[i].as.context_measured.ctx, 0);
            assert_int_equal(events[i].as.context_measured.generation, 1);
            assert_int_equal(events[i].as.context_measured.heap_kib, 4000);
            assert_true(events[i].as.context_measured.is_cpu_known);
            assert_int_equal(events[i].as.context_measured.cpu_permille, 250);
        }
    } while (!is_over);
    assert_int_equal(told, 1); /* of the others nothing is known */
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage__is_told_when_it_has_changed_enough),
        cmocka_unit_test(usage__of_another_page_is_nothing),
        cmocka_unit_test(usage__is_told_to_who_listens_later),
    };
    return cmocka_run_group_tests_name("sim_usage", tests, NULL, NULL);
}

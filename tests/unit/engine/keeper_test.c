#include "engine_rig.h"

#include "runtime/engine/parts.h"

static int setup(void **state)
{
    (void)state;
    rig_init();
    rig_use_browser();
    rig_job("visit")->category = SB_CATEGORY_BACKGROUND;
    rig_step("page", SB_STEP_KIND_BROWSE)->needs_context = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_deinit();
    return 0;
}

static void says_whether_it_has_a_context(const struct sb_step_env *env, struct sb_step_result *result)
{
    (void)sb_copy(result->text, sizeof(result->text), env->context != NULL ? "has one" : "has none");
}

static void keeper__lends_an_open_context_to_the_step(void **state)
{
    (void)state;
    rig.on_step[SB_STEP_KIND_BROWSE] = says_whether_it_has_a_context;
    rig_start();
    rig_wait_begun();
    rig_run_job(0);
    assert_string_equal(rig_wait(SB_EVENT_STEP_ENDED)->as.step_ended.text, "has one");
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    rig_stop(false);
    assert_true(rig.browser.opened >= 1);
    assert_int_equal(rig.browser.opened, rig.browser.closed);
}

/* A call into the browser which ends only when its context does, whatever is cancelled. */
static void until_context_is_gone(const struct sb_step_env *env, struct sb_step_result *result)
{
    const struct sb_op op = test_op();
    size_t ready;

    sb_wake_post(*(int *)rig.arg);
    assert_int_equal(sb_poll_readable(&env->context->gone_fd, 1, &op, &ready, NULL), SB_OK);
    result->state = SB_STEP_STATE_FAILED;
    result->class = SB_CLASS_RETRYABLE;
    (void)sb_copy(result->text, sizeof(result->text), "context is gone");
}

static void keeper__a_hard_stop_closes_the_context_under_the_step(void **state)
{
    const struct sb_op op = test_op();
    int running_fd = -1;
    size_t ready;

    (void)state;
    assert_int_equal(sb_wake_open(&running_fd, NULL), SB_OK);
    rig.arg = &running_fd;
    rig.on_step[SB_STEP_KIND_BROWSE] = until_context_is_gone;
    rig_start();
    rig_wait_begun();
    uint64_t run = rig_run_job(0);
    assert_int_equal(sb_poll_readable(&running_fd, 1, &op, &ready, NULL), SB_OK);
    rig_command(SB_COMMAND_KILL_RUN, 0, run);
    assert_string_equal(rig_wait(SB_EVENT_STEP_ENDED)->as.step_ended.text, "context is gone");
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_CANCELLED);
    /* A fresh context serves the next run. */
    rig.on_step[SB_STEP_KIND_BROWSE] = says_whether_it_has_a_context;
    rig_run_job(0);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    rig_stop(false);
    sb_fd_close(&running_fd);
}

static void keeper__a_dead_browser_loses_its_contexts_and_comes_back(void **state)
{
    (void)state;
    rig_start();
    rig_wait_begun();
    rig_run_job(0);
    (void)rig_wait(SB_EVENT_RUN_ENDED);
    unsigned opened = rig.browser.opened;
    rig.browser.on_exit(rig.browser.arg, "killed by the test");
    const struct sb_event *event = rig_wait(SB_EVENT_COMPONENT_CHANGED);
    while (event->as.component_changed.state != SB_COMPONENT_STATE_FAILED)
        event = rig_wait(SB_EVENT_COMPONENT_CHANGED);
    assert_int_equal(event->as.component_changed.component, SB_COMPONENT_BROWSER);
    assert_string_equal(event->as.component_changed.reason, "killed by the test");
    event = rig_wait(SB_EVENT_CONTEXT_CHANGED);
    assert_int_equal(event->as.context_changed.state, SB_CTX_STATE_DOWN);
    rig_run_job(0);
    assert_int_equal(rig_wait(SB_EVENT_RUN_ENDED)->as.run_ended.state, SB_RUN_STATE_SUCCEEDED);
    rig_stop(false);
    assert_true(rig.browser.opened > opened);
    assert_int_equal(rig.browser.opened, rig.browser.closed); /* the dead ones were freed too */
}

static void keeper__a_browser_that_dies_after_the_engine_is_heard_by_nobody(void **state)
{
    (void)state;
    rig_start();
    rig_wait_begun();
    rig_stop(false);
    rig.browser.on_exit(rig.browser.arg, "killed at the very end");
}

static void keeper__a_refused_open_is_told_with_its_reason(void **state)
{
    (void)state;
    rig.browser.refuses = true;
    rig_start();
    for (;;) {
        const struct sb_event *event = rig_wait(SB_EVENT_CONTEXT_CHANGED);
        if (event->as.context_changed.state != SB_CTX_STATE_DOWN || event->as.context_changed.reason[0] == '\0')
            continue;
        assert_string_equal(event->as.context_changed.reason, "no browser here");
        break;
    }
    rig_stop(false);
    assert_int_equal(rig.browser.opened, 0);
}

/* ---- the keeper alone ---- */

struct alone {
    struct sb_inbox *inbox;
    struct sb_keeper *keeper;
};

static void alone_start(struct alone *alone, sb_probe *probe)
{
    alone->inbox = sb_inbox_create(NULL);
    const struct sb_keeper_setup keeper = {
        .browser = &rig.browser.port, .catalogue = &rig.catalogue, .probe = probe, .inbox = alone->inbox,
    };
    alone->keeper = sb_keeper_create(&keeper, NULL);
    assert_non_null(alone->keeper);
}

static void alone_stop(struct alone *alone)
{
    sb_keeper_destroy(alone->keeper);
    sb_inbox_destroy(alone->inbox);
}

static struct sb_input next_input(struct alone *alone)
{
    struct sb_input input;

    assert_int_equal(sb_inbox_take(alone->inbox, &input, 1, sb_now() + SB_S(30)).count, 1);
    return input;
}

static void keeper__opens_the_newest_generation_and_closes_the_one_before(void **state)
{
    struct alone alone;

    (void)state;
    alone_start(&alone, rig_probe);
    sb_keeper_open(alone.keeper, 3, 1);
    struct sb_input input = next_input(&alone);
    assert_int_equal(input.kind, SB_INPUT_CONTEXT_UP);
    assert_int_equal(input.as.context_up.generation, 1);
    struct sb_context *first = sb_keeper_context(alone.keeper, 3, 1);
    assert_non_null(first);
    assert_null(sb_keeper_context(alone.keeper, 3, 2));
    sb_keeper_close(alone.keeper, 3, 0);
    sb_keeper_open(alone.keeper, 3, 2);
    input = next_input(&alone);
    assert_int_equal(input.kind, SB_INPUT_CONTEXT_UP);
    assert_int_equal(input.as.context_up.generation, 2);
    assert_true(atomic_load(&first->is_gone));
    assert_null(sb_keeper_context(alone.keeper, 3, 1));
    sb_keeper_close(alone.keeper, 3, 1); /* a hard stop that comes late must not close the new one */
    assert_non_null(sb_keeper_context(alone.keeper, 3, 2));
    alone_stop(&alone);
    assert_int_equal(rig.browser.open, 0);
}

static void says_memory(struct sb_browser *browser, struct sb_browser_stats *stats)
{
    (void)browser;
    *stats = (struct sb_browser_stats){ .pss_bytes = 700u << 20 };
}

static void keeper__tells_the_memory_of_the_browser_with_its_probe(void **state)
{
    struct alone alone;
    struct sb_browser_ops ops = *rig.browser.port.ops;

    (void)state;
    ops.stats = says_memory;
    rig.browser.port.ops = &ops;
    rig.catalogue.pool.memory_max_mib = 512;
    alone_start(&alone, rig_probe);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_DISK, false);
    assert_int_equal(next_input(&alone).kind, SB_INPUT_COMPONENT);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_BROWSER, false);
    assert_int_equal(next_input(&alone).as.component.component, SB_COMPONENT_BROWSER);
    struct sb_input input = next_input(&alone);
    assert_int_equal(input.kind, SB_INPUT_MEMORY);
    assert_int_equal(input.as.memory.used, 700u << 20);
    alone_stop(&alone);
}

static uint64_t heaps[] = { 5000 << 10, 6000 << 10, 0 }; /* what the page says, one after the other; 0: nothing */
static size_t heap_at;

static enum sb_err says_usage(struct sb_context *context, const struct sb_op *op, struct sb_page_usage *usage, struct sb_error *err)
{
    assert_non_null(context);
    assert_true(op->deadline < sb_now() + SB_S(1)); /* no page is waited for */
    const uint64_t heap = heaps[heap_at++];
    if (heap == 0)
        return sb_error_set(err, SB_ERR_TIMEOUT, "a busy page");
    *usage = (struct sb_page_usage){ .heap_bytes = heap, .cpu = SB_S(heap_at) };
    return SB_OK;
}

static void keeper__tells_what_the_pages_use_with_the_probe_of_the_browser(void **state)
{
    struct alone alone;
    struct sb_browser_ops ops = *rig.browser.port.ops;

    (void)state;
    ops.measure = says_usage;
    rig.browser.port.ops = &ops;
    rig.catalogue.pool.memory_max_mib = 0;
    heap_at = 0;
    alone_start(&alone, rig_probe);
    sb_keeper_open(alone.keeper, 3, 8);
    assert_int_equal(next_input(&alone).kind, SB_INPUT_CONTEXT_UP);
    for (size_t i = 0; i < SB_LEN(heaps); i++) {
        sb_keeper_probe(alone.keeper, SB_COMPONENT_BROWSER, false);
        assert_int_equal(next_input(&alone).kind, SB_INPUT_COMPONENT);
        const struct sb_input input = next_input(&alone);
        assert_int_equal(input.kind, SB_INPUT_USAGE);
        assert_int_equal(input.as.usage.ctx, 3);
        assert_int_equal(input.as.usage.generation, 8);
        assert_int_equal(input.as.usage.heap_kib, heaps[i] >> 10);
        assert_int_equal(input.as.usage.is_cpu_known, i == 1); /* a share needs two figures */
        assert_true((input.as.usage.cpu_permille > 0) == (i == 1));
    }
    alone_stop(&alone);
}

static unsigned restarts; /* on the keeper's thread, read after its answer */

static void counts_restart(struct sb_browser *browser)
{
    (void)browser;
    restarts++;
}

static void keeper__restarts_the_browser_before_its_check_when_asked(void **state)
{
    struct alone alone;
    struct sb_browser_ops ops = *rig.browser.port.ops;

    (void)state;
    ops.restart = counts_restart;
    rig.browser.port.ops = &ops;
    restarts = 0;
    alone_start(&alone, rig_probe);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_DISK, true); /* nothing to restart there */
    assert_int_equal(next_input(&alone).as.component.component, SB_COMPONENT_DISK);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_BROWSER, false);
    assert_int_equal(next_input(&alone).as.component.component, SB_COMPONENT_BROWSER);
    assert_int_equal(restarts, 0);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_BROWSER, true);
    assert_int_equal(next_input(&alone).as.component.component, SB_COMPONENT_BROWSER);
    assert_int_equal(restarts, 1);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_BROWSER, false); /* once */
    assert_int_equal(next_input(&alone).as.component.component, SB_COMPONENT_BROWSER);
    assert_int_equal(restarts, 1);
    alone_stop(&alone);
}

static enum sb_component_state hangs(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err)
{
    size_t ready;

    (void)arg;
    if (component != SB_COMPONENT_LLM && component != SB_COMPONENT_STORE)
        return SB_COMPONENT_STATE_OK;
    return sb_poll_readable(NULL, 0, op, &ready, err) == SB_OK ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_FAILED;
}

static void keeper__hanging_probes_hold_up_no_context(void **state)
{
    struct alone alone;

    (void)state;
    alone_start(&alone, hangs);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_LLM, false);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_STORE, false);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_DISK, false); /* waits behind them */
    sb_keeper_open(alone.keeper, 0, 1);
    assert_int_equal(next_input(&alone).kind, SB_INPUT_CONTEXT_UP);
    sb_ns begun = sb_now();
    alone_stop(&alone); /* calls them off */
    assert_true(sb_now() - begun < SB_S(10));
}

static enum sb_component_state fails(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err)
{
    (void)arg;
    (void)op;
    (void)sb_error_set(err, SB_ERR_UNAVAILABLE, "nobody answers");
    return component == SB_COMPONENT_CACHE ? SB_COMPONENT_STATE_DEGRADED : SB_COMPONENT_STATE_FAILED;
}

static void keeper__a_failed_probe_says_why(void **state)
{
    struct alone alone;

    (void)state;
    alone_start(&alone, fails);
    sb_keeper_probe(alone.keeper, SB_COMPONENT_DISK, false);
    struct sb_input input = next_input(&alone);
    assert_int_equal(input.as.component.component, SB_COMPONENT_DISK);
    assert_int_equal(input.as.component.state, SB_COMPONENT_STATE_FAILED);
    assert_string_equal(input.as.component.reason, "nobody answers");
    sb_keeper_probe(alone.keeper, SB_COMPONENT_CACHE, false);
    input = next_input(&alone);
    assert_int_equal(input.as.component.state, SB_COMPONENT_STATE_DEGRADED);
    assert_string_equal(input.as.component.reason, "nobody answers");
    alone_stop(&alone);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(keeper__lends_an_open_context_to_the_step),
        RIGGED(keeper__a_hard_stop_closes_the_context_under_the_step),
        RIGGED(keeper__a_dead_browser_loses_its_contexts_and_comes_back),
        RIGGED(keeper__a_browser_that_dies_after_the_engine_is_heard_by_nobody),
        RIGGED(keeper__a_refused_open_is_told_with_its_reason),
        RIGGED(keeper__opens_the_newest_generation_and_closes_the_one_before),
        RIGGED(keeper__tells_the_memory_of_the_browser_with_its_probe),
        RIGGED(keeper__tells_what_the_pages_use_with_the_probe_of_the_browser),
        RIGGED(keeper__restarts_the_browser_before_its_check_when_asked),
        RIGGED(keeper__hanging_probes_hold_up_no_context),
        RIGGED(keeper__a_failed_probe_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

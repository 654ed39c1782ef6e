/* check: is everything there that the jobs need? All real checks in parallel under one deadline. */
#include "app.h"

#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#include <stdio.h>

struct look {
    struct installation *in;
    enum sb_component component;
    struct sb_op op;
    struct sb_thread *thread;
    enum sb_component_state state;
    struct sb_error error;
    sb_ns latency;
    struct sb_wall at;
};

static void look(void *arg)
{
    struct look *look = arg;
    sb_ns start = sb_now();
    look->state = installation_probe(look->in, look->component, &look->op, &look->error);
    look->latency = sb_now() - start;
    look->at = sb_wall_now();
}

static int verdict_of(const struct look *looks)
{
    int verdict = EXIT_OK;
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        const struct sb_component_def *def = &looks[i].in->catalogue->components[i];
        if (looks[i].state == SB_COMPONENT_STATE_DISABLED || looks[i].state == SB_COMPONENT_STATE_OK)
            continue;
        if (def->class == SB_COMPONENT_CLASS_REQUIRED && looks[i].state != SB_COMPONENT_STATE_DEGRADED)
            return EXIT_NO;
        verdict = EXIT_DEGRADED;
    }
    return verdict;
}

static const char *verdict_text(int verdict)
{
    return verdict == EXIT_OK ? "ready" : verdict == EXIT_DEGRADED ? "degraded" : "not_ready";
}

static void print_json(const struct look *looks, int verdict)
{
    struct sb_json_out *out = sb_json_out_create(65536);
    if (out == NULL)
        return;
    sb_json_object_begin(out);
    sb_json_key(out, "verdict");
    sb_json_string(out, verdict_text(verdict));
    sb_json_key(out, "components");
    sb_json_array_begin(out);
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        char since[40];
        struct sb_text text;
        sb_text_init(&text, since, sizeof(since));
        sb_text_add_wall(&text, looks[i].at, true);
        sb_json_object_begin(out);
        sb_json_key(out, "name");
        sb_json_string(out, sb_component_text(i));
        sb_json_key(out, "class");
        sb_json_string(out, sb_component_class_text(looks[i].in->catalogue->components[i].class));
        sb_json_key(out, "state");
        sb_json_string(out, sb_component_state_text(looks[i].state));
        sb_json_key(out, "latency_ms");
        sb_json_integer(out, looks[i].latency / SB_MS(1));
        sb_json_key(out, "reason");
        sb_json_string(out, looks[i].error.text);
        sb_json_key(out, "since");
        sb_json_string(out, since);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    sb_json_object_end(out);
    (void)print_document(out); /* the exit code is the verdict */
}

static void print_plain(const struct look *looks, int verdict)
{
    (void)printf("%s\n", verdict_text(verdict));
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++)
        (void)printf("  %-10s %-9s %-9s %5lld ms  %s\n", sb_component_text(i),
                     sb_component_class_text(looks[i].in->catalogue->components[i].class), sb_component_state_text(looks[i].state),
                     (long long)(looks[i].latency / SB_MS(1)), looks[i].error.text);
}

int command_check(struct options *options)
{
    struct installation in;
    struct look looks[SB_COMPONENT_COUNT] = { { 0 } };
    int code = installation_open(&in, options, false);
    if (code != EXIT_OK)
        return code;
    struct sb_op op = { .deadline = sb_now() + SB_S(30) };
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        looks[i] = (struct look){ .in = &in, .component = (enum sb_component)i, .state = SB_COMPONENT_STATE_DISABLED, .op = op,
                                  .at = sb_wall_now() };
        if (in.catalogue->components[i].is_used &&
            sb_thread_start(&looks[i].thread, "check", look, &looks[i], &looks[i].error) != SB_OK)
            looks[i].state = SB_COMPONENT_STATE_FAILED;
    }
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++)
        sb_thread_join(looks[i].thread);
    int verdict = verdict_of(looks);
    if (options->is_json)
        print_json(looks, verdict);
    else
        print_plain(looks, verdict);
    installation_close(&in);
    return verdict;
}

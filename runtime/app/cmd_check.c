/* check: is everything there that the jobs need? All real checks in parallel under one deadline, each tried again while it may pass; beside a
 * running program what that program finds. */
#include "client.h"
#include "verification.h"

#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct look {
    struct installation *in;
    enum sb_component component;
    sb_ns deadline;
    struct sb_thread *thread;
    enum sb_component_state state;
    struct sb_error error;
    sb_ns latency;
    struct sb_wall at;
};

/* A component as it is printed. */
struct finding {
    char name[SB_NAME_MAX], class[SB_NAME_MAX], state[SB_NAME_MAX], reason[SB_ERROR_TEXT_MAX];
    int64_t latency_ms;
    struct sb_wall since;
};
struct findings {
    struct finding of[SB_COMPONENT_COUNT];
    size_t count;
    const char *verdict;
};

static const struct {
    const char *text;
    int code;
} verdicts[] = { { "ready", EXIT_OK }, { "degraded", EXIT_DEGRADED }, { "not_ready", EXIT_NO } };

static int exit_code_of_verdict(const char *verdict)
{
    size_t i = 0;
    while (i < SB_LEN(verdicts) - 1 && !sb_streq(verdicts[i].text, verdict))
        i++;
    return verdicts[i].code;
}

static void print_json(const struct findings *findings)
{
    struct sb_json_out *out = sb_json_out_create(65536);
    if (out == NULL)
        return;
    sb_json_object_begin(out);
    sb_json_key(out, "verdict");
    sb_json_string(out, findings->verdict);
    sb_json_key(out, "components");
    sb_json_array_begin(out);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->of[i];
        char since[40];
        struct sb_text text;
        sb_text_init(&text, since, sizeof(since));
        sb_text_add_wall(&text, finding->since, true);
        sb_json_object_begin(out);
        sb_json_key(out, "name");
        sb_json_string(out, finding->name);
        sb_json_key(out, "class");
        sb_json_string(out, finding->class);
        sb_json_key(out, "state");
        sb_json_string(out, finding->state);
        sb_json_key(out, "latency_ms");
        sb_json_integer(out, finding->latency_ms);
        sb_json_key(out, "reason");
        sb_json_string(out, finding->reason);
        sb_json_key(out, "since");
        sb_json_string(out, since);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    sb_json_object_end(out);
    (void)print_document(out); /* the exit code is the verdict */
}

static void print_plain(const struct findings *findings)
{
    (void)printf("%s\n", findings->verdict);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->of[i];
        (void)printf("  %-10s %-9s %-9s %5lld ms  ", finding->name, finding->class, finding->state, (long long)finding->latency_ms);
        show_text(finding->reason, 0, 0);
        (void)putchar('\n');
    }
}

/* --- beside no running program -------------------------------------------------------------------------------------------------- */

static void look(void *arg)
{
    struct look *look = arg;
    sb_ns start = sb_now();
    look->state = verification_try(look->in, look->component, look->deadline, &look->error);
    look->latency = sb_now() - start;
    look->at = sb_wall_now();
}

static const char *verdict_of(const struct look *looks)
{
    bool is_degraded = false;
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        if (looks[i].state == SB_COMPONENT_STATE_DISABLED || looks[i].state == SB_COMPONENT_STATE_OK)
            continue;
        if (looks[i].in->catalogue->components[i].class == SB_COMPONENT_CLASS_REQUIRED && looks[i].state != SB_COMPONENT_STATE_DEGRADED)
            return "not_ready";
        is_degraded = true;
    }
    return is_degraded ? "degraded" : "ready";
}

static int look_ourselves(struct options *options, struct findings *findings)
{
    struct installation in;
    struct look looks[SB_COMPONENT_COUNT] = { { 0 } };
    int code = installation_open(&in, options, false, NULL);
    if (code != EXIT_OK)
        return code;
    const sb_ns deadline = sb_now() + in.catalogue->settings.startup_deadline;
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        looks[i] = (struct look){ .in = &in, .component = (enum sb_component)i, .state = SB_COMPONENT_STATE_DISABLED, .deadline = deadline,
                                  .at = sb_wall_now() };
        if (in.catalogue->components[i].is_used &&
            sb_thread_start(&looks[i].thread, "check", look, &looks[i], &looks[i].error) != SB_OK)
            looks[i].state = SB_COMPONENT_STATE_FAILED;
    }
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        struct finding *finding = &findings->of[findings->count++];
        sb_thread_join(looks[i].thread);
        (void)sb_copy(finding->name, sizeof(finding->name), sb_component_text(i)); /* words of the program: they fit */
        (void)sb_copy(finding->class, sizeof(finding->class), sb_component_class_text(in.catalogue->components[i].class));
        (void)sb_copy(finding->state, sizeof(finding->state), sb_component_state_text(looks[i].state));
        (void)sb_copy(finding->reason, sizeof(finding->reason), looks[i].state == SB_COMPONENT_STATE_OK ? "" : looks[i].error.text);
        finding->latency_ms = looks[i].latency / SB_MS(1);
        finding->since = looks[i].at;
    }
    findings->verdict = verdict_of(looks);
    installation_close(&in);
    return EXIT_OK;
}

/* --- beside a running one --------------------------------------------------------------------------------------------------------- */

static void take_text(const struct sb_json *json, size_t i, const char *key, char *out, size_t cap)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "components.%zu.%s", i, key);
    char *text = sb_json_text(json, path);
    (void)sb_copy(out, cap, text != NULL ? text : ""); /* cut to what is printed */
    free(text);
}

static int64_t number_at(const struct sb_json *json, size_t i, const char *key)
{
    char path[64];
    int64_t number = 0;
    (void)snprintf(path, sizeof(path), "components.%zu.%s", i, key);
    return sb_json_i64(json, path, &number) ? number : 0;
}

static int ask_the_running(struct options *options, struct findings *findings)
{
    struct client_reply reply;
    int code = client_get(options, "/v1/components", &reply);
    if (code != EXIT_OK) {
        client_reply_deinit(&reply);
        return code;
    }
    for (size_t i = 0; i < sb_json_count(reply.json, "components") && i < SB_COMPONENT_COUNT; i++) {
        struct finding *finding = &findings->of[findings->count++];
        take_text(reply.json, i, "name", finding->name, sizeof(finding->name));
        take_text(reply.json, i, "class", finding->class, sizeof(finding->class));
        take_text(reply.json, i, "state", finding->state, sizeof(finding->state));
        take_text(reply.json, i, "reason", finding->reason, sizeof(finding->reason));
        finding->latency_ms = number_at(reply.json, i, "latency_ms");
        finding->since = (struct sb_wall){ sb_wall_now().ns - SB_MS(number_at(reply.json, i, "age_ms")) };
    }
    char *verdict = sb_json_text(reply.json, "verdict");
    findings->verdict = verdicts[SB_LEN(verdicts) - 1].text;
    for (size_t i = 0; verdict != NULL && i < SB_LEN(verdicts); i++)
        if (sb_streq(verdict, verdicts[i].text))
            findings->verdict = verdicts[i].text;
    free(verdict);
    client_reply_deinit(&reply);
    return EXIT_OK;
}

int command_check(struct options *options)
{
    struct findings findings = { .count = 0 };
    bool is_running = false;
    int code = client_is_running(options, &is_running);
    if (code == EXIT_OK)
        code = is_running ? ask_the_running(options, &findings) : look_ourselves(options, &findings);
    if (code != EXIT_OK)
        return code;
    if (options->is_json)
        print_json(&findings);
    else
        print_plain(&findings);
    return exit_code_of_verdict(findings.verdict);
}

/* Asks the core to bring back what the run's checks found not to work. `checks` says which check speaks for which component: "check_browser_pool:
 * browser, check_cache: cache". Whether it is done is the core's decision, and its command and its outcome are events; here nothing is touched. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

struct recovery {
    const struct sb_native *native;
    const struct sb_json *outputs;
    struct sb_text asked; /* names of components */
    int64_t count;
};

/* A check that failed leaves no result. */
static bool found_trouble(const struct sb_json *outputs, const char *check)
{
    char path[SB_NAME_MAX + 16], verdict[16];
    struct sb_text text;
    sb_text_init(&text, path, sizeof path);
    sb_text_addf(&text, "%s.verdict", check);
    return !sb_json_copy(outputs, path, verdict, sizeof verdict) || !sb_streq(verdict, "ok");
}

static enum sb_err ask(struct recovery *recovery, const char *check, enum sb_component component, struct sb_error *err)
{
    struct sb_control *control = recovery->native->env->services->control;
    struct sb_command command = sb_command_make(SB_COMMAND_RECOVER_COMPONENT, 0, "health_monitor");
    struct sb_text reason;
    if (control == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no runtime to ask");
    command.component = (uint8_t)component;
    sb_text_init(&reason, command.reason, sizeof command.reason);
    sb_text_addf(&reason, "%s found trouble", check);
    enum sb_err code = sb_control_command(control, command, NULL, err);
    if (code != SB_OK)
        return code;
    sb_text_addf(&recovery->asked, "%s%s", recovery->count > 0 ? ", " : "", sb_component_text(component));
    recovery->count++;
    return SB_OK;
}

static enum sb_err component_of(const struct sb_native *native, const char *name, enum sb_component *component, struct sb_error *err)
{
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++)
        if (sb_streq(sb_component_text(i), name)) {
            *component = (enum sb_component)i;
            return SB_OK;
        }
    return sb_error_set(err, SB_ERR_CONFIG, "%s: checks: there is no component \"%.40s\"", native->env->params->place, name);
}

/* Takes "CHECK: COMPONENT" off the list. */
static enum sb_err next_pair(const struct sb_native *native, const char **at, char *check, char *component, struct sb_error *err)
{
    const char *colon = strchr(*at, ':'), *end = strchrnul(*at, ',');
    const char *name = colon != NULL && colon < end ? colon + 1 + strspn(colon + 1, " ") : end;
    if (name == end || colon == *at || !sb_copy_n(check, SB_NAME_MAX, *at, (size_t)(colon - *at)) ||
        !sb_copy_n(component, SB_NAME_MAX, name, (size_t)(end - name)))
        return sb_error_set(err, SB_ERR_CONFIG, "%s: checks: \"%.40s\" is no CHECK: COMPONENT", native->env->params->place, *at);
    *at = end + strspn(end, ", ");
    return SB_OK;
}

enum sb_err sb_native_attempt_recovery(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    const char *at = NULL;
    char asked[SB_NOTE_MAX];
    struct sb_json *outputs = NULL;
    struct recovery recovery = { .native = native };
    sb_text_init(&recovery.asked, asked, sizeof asked);
    enum sb_err code = sb_native_arg(native, "checks", &at, err);
    if (code == SB_OK)
        code = sb_step_outputs(native->env, &outputs, err);
    recovery.outputs = outputs;
    while (code == SB_OK && *at != '\0') {
        char check[SB_NAME_MAX], name[SB_NAME_MAX];
        enum sb_component component = SB_COMPONENT_COUNT;
        code = next_pair(native, &at, check, name, err);
        if (code == SB_OK)
            code = component_of(native, name, &component, err);
        if (code == SB_OK && found_trouble(recovery.outputs, check))
            code = ask(&recovery, check, component, err);
    }
    sb_json_destroy(outputs);
    if (code == SB_OK)
        sb_step_succeed(result, recovery.count, recovery.count > 0 ? "asked to bring back: %s" : "nothing to bring back%s", asked);
    return code;
}

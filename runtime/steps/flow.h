/* Runs a flow of a site profile over the browser port: the list of actions that browse steps and the publishing natives share. */
#ifndef SIGNALBOX_STEPS_FLOW_H
#define SIGNALBOX_STEPS_FLOW_H

#include "template.h"

/* What the caller wants to know while a flow runs; any may be NULL. An error ends the flow with it. */
struct sb_flow_hooks {
    void *arg;
    /* Immediately before the action that is marked `submit: true` is carried out. It may refuse: then nothing is clicked. */
    enum sb_err (*submit)(void *arg, struct sb_error *err);
    /* Right after an extract or receive, before any later action: `json` is what was read. */
    enum sb_err (*saved)(void *arg, const struct sb_action *action, const char *json, struct sb_error *err);
};

struct sb_flow_call {
    const struct sb_step_env *env; /* its context runs the flow */
    const struct sb_site *site;
    const struct sb_flow *flow;
    const struct sb_scope *scope;
    const struct sb_flow_hooks *hooks; /* or NULL */
};

/* Runs the actions in order. `*output` is a malloc'ed JSON object of the save_as names. Optional actions that fail are noted. */
enum sb_err sb_flow_run(const struct sb_flow_call *call, char **output, struct sb_error *err) SB_MUST_USE;

/* Makes sure that the context is logged in to the site's account: flow "check", then "login" and "check" again when it says no. A site
 * without these flows needs no log-in. */
enum sb_err sb_flow_session(const struct sb_step_env *env, const struct sb_site *site, struct sb_error *err) SB_MUST_USE;

/* The site of that name and its flow, or an error naming what is missing. */
enum sb_err sb_flow_find(const struct sb_step_env *env, const char *site_name, const char *flow_name, const struct sb_site **site,
                         const struct sb_flow **flow, struct sb_error *err) SB_MUST_USE;

#endif

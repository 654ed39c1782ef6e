/* Jobs: from drafts to the catalogue's arrays, with the values that follow from others. One thread. */
#include "load.h"

#include <stdio.h>
#include <string.h>

/* An interval in practice: divided by the speed, never below a second (0 stays 0). */
static sb_ns scaled(sb_ns span, uint32_t speed_pct, sb_ns least)
{
    sb_ns shorter = span / speed_pct * 100 + span % speed_pct * 100 / speed_pct;
    return shorter < least ? least : shorter;
}

/* In a practice world that runs faster every job begins within two minutes: who looks at it for a few minutes sees all of them. */
static const sb_ns practice_offset_max = SB_MIN(2);

static void scale_schedule(struct sb_job_def *def, uint32_t speed_pct, bool has_window)
{
    def->every = def->every > 0 ? scaled(def->every, speed_pct, SB_S(1)) : 0;
    def->offset = def->offset != SB_CFG_SPAN_WORD ? scaled(def->offset, speed_pct, 0) : def->offset;
    if (speed_pct > 100 && def->offset != SB_CFG_SPAN_WORD && def->offset > practice_offset_max)
        def->offset %= practice_offset_max;
    def->jitter = scaled(def->jitter, speed_pct, 0);
    def->start_deadline = def->start_deadline > 0 ? scaled(def->start_deadline, speed_pct, SB_S(1)) : 0;
    def->misfire_window = has_window ? scaled(def->misfire_window, speed_pct, 0) : 0;
}

static void parse_cron(struct sb_cfg_loader *loader, struct sb_cfg_job *job)
{
    struct sb_error err = {0};
    size_t column = 0;
    const struct sb_cfg_node *node = sb_cfg_spot(job->node, "cron");
    if (sb_cron_parse(&job->def.cron, job->cron, &column, &err) == SB_OK) {
        return;
    }
    struct sb_cfg_place place = sb_cfg_place_of(node);
    size_t at = place.line > 0 ? sb_cfg_doc_offset(node->doc, place.line, place.column) : 0;
    bool is_on_line = place.line > 0 && (node->is_plain || (at < node->doc->size && strchr("'\"", node->doc->text[at]) != NULL));
    if (is_on_line) {
        place.column += (uint32_t)column + (node->is_plain ? 0 : 1);
    }
    sb_cfg_report(loader->errors, place, NULL, "%s", err.text);
}

static void make_schedule(struct sb_cfg_loader *loader, struct sb_cfg_job *job)
{
    struct sb_job_def *def = &job->def;
    char span[32];
    struct sb_text text;
    scale_schedule(def, loader->root.settings.speed_pct, job->has_misfire_window);
    sb_text_init(&text, def->schedule_text, sizeof def->schedule_text);
    if (job->cron != NULL) {
        def->schedule = SB_SCHEDULE_CRON;
        parse_cron(loader, job);
        (void)sb_copy(def->schedule_text, sizeof def->schedule_text, job->cron);
    } else if (def->every > 0) {
        def->schedule = SB_SCHEDULE_EVERY;
        sb_cfg_write_duration(span, sizeof span, def->every);
        sb_text_addf(&text, "every %s", span);
    } else {
        def->schedule = SB_SCHEDULE_NONE;
        sb_text_add(&text, "on demand");
    }
    def->zone = job->timezone != NULL ? sb_cfg_zone(loader, job->timezone, sb_cfg_spot(job->node, "timezone")) : 0;
}

static void derive_waits(struct sb_cfg_job *job)
{
    struct sb_job_def *def = &job->def;
    if (!job->has_late_after) {
        sb_ns half = def->every / 2;
        def->late_after = def->is_critical ? SB_S(60) : half > SB_MIN(2) ? half : SB_MIN(2);
    }
    if (!job->has_misfire_window) {
        def->misfire_window = def->every > 0 && def->every < SB_HOUR(1) ? def->every : SB_HOUR(1);
    }
}

/* Index plus 1 of what stands behind a breaker that a step asks: a site, or the LLM endpoints, which come after the last of them; 0 = nothing. */
static uint8_t site_of(const struct sb_catalogue *catalogue, const struct sb_step_params *params)
{
    const char *name = params->kind == SB_STEP_KIND_BROWSE ? params->as.browse.site : NULL;
    if (params->kind == SB_STEP_KIND_LLM)
        return catalogue->site_count < SB_SITES_MAX ? (uint8_t)(catalogue->site_count + 1) : 0;
    for (size_t i = 0; params->kind == SB_STEP_KIND_NATIVE && i < params->as.native.with_count; i++) {
        if (sb_streq(params->as.native.with[i].key, "site")) {
            name = params->as.native.with[i].value;
        }
    }
    for (size_t i = 0; name != NULL && i < catalogue->site_count && i < SB_SITES_MAX; i++) {
        if (catalogue->sites[i].name != NULL && sb_streq(catalogue->sites[i].name, name)) {
            return (uint8_t)(i + 1);
        }
    }
    return 0;
}

static void make_step(struct sb_cfg_loader *loader, const struct sb_cfg_step *draft, struct sb_step_def *def,
                      struct sb_step_params *params)
{
    char place[160];
    *def = draft->def;
    *params = draft->params;
    def->every = def->every > 0 ? scaled(def->every, loader->root.settings.speed_pct, SB_S(1)) : 0;
    int size = snprintf(place, sizeof place, "%s:%u:%u", draft->node->doc->name, (unsigned)draft->node->line,
                        (unsigned)draft->node->column);
    params->place = sb_cfg_take_text(&loader->box->region, place, size < (int)sizeof place ? (size_t)size : sizeof place - 1);
    if (def->kind == SB_STEP_KIND_BROWSE) {
        sb_cfg_check_browse(loader, draft);
    }
    def->asks_site = def->kind == SB_STEP_KIND_BROWSE || def->kind == SB_STEP_KIND_LLM;
    def->site = site_of(&loader->box->catalogue, params);
}

/* ------------------------------------------------------------------------------------------------ what jobs need */

static bool has_alias(const struct sb_cfg_root *root, const char *name)
{
    for (size_t i = 0; i < root->alias_count; i++) {
        if (sb_streq(root->aliases[i].key, name)) {
            return true;
        }
    }
    return false;
}

static void check_llm(struct sb_cfg_loader *loader, const struct sb_cfg_step *step)
{
    const struct sb_cfg_root *root = &loader->root;
    const struct sb_cfg_node *llm = sb_cfg_get(loader->tree, "llm");
    const struct sb_cfg_node *aliases = llm != NULL ? sb_cfg_get(llm, "aliases") : NULL;
    if (root->llm.base_url == NULL && (llm == NULL || sb_cfg_get(llm, "base_url") == NULL)) {
        sb_cfg_blame(&loader->binder, step->node, "add llm: {base_url: ..., aliases: {premium: MODEL, economy: MODEL}}",
                     "step %s calls an LLM, and llm.base_url is not given", step->name);
        return;
    }
    bool has_both = has_alias(root, "premium") && has_alias(root, "economy");
    if (!has_both && (aliases == NULL || !aliases->is_poisoned)) {
        sb_cfg_blame(&loader->binder, aliases != NULL ? aliases->key : step->node, "e.g. {premium: MODEL, economy: MODEL}",
                     "llm.aliases must name the models premium and economy: step %s calls an LLM", step->name);
    }
}

static void make_components(struct sb_cfg_loader *loader, uint32_t needed)
{
    const struct sb_cfg_node *components = sb_cfg_get(loader->tree, "components");
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        struct sb_cfg_component *draft = &loader->root.components[i];
        bool is_needed = (needed >> i & 1u) != 0;
        bool is_optional = i == SB_COMPONENT_BROWSER || i == SB_COMPONENT_LLM;
        if (!draft->has_used) {
            draft->def.is_used = is_needed || !is_optional;
        } else if (!draft->def.is_used && is_needed && components != NULL) {
            const struct sb_cfg_node *node = sb_cfg_get(components, sb_component_text(i));
            sb_cfg_blame(&loader->binder, node != NULL ? sb_cfg_spot(node, "used") : components, NULL,
                         "component %s is not used, but steps of this catalogue need it", sb_component_text(i));
        }
        loader->box->catalogue.components[i] = draft->def;
    }
}

/* ------------------------------------------------------------------------------------------------ earlier names */

static uint8_t step_named(const struct sb_cfg_job *job, const char *name)
{
    uint8_t at = 0;
    while (at < job->step_count && !sb_streq(job->steps[at].name, name)) {
        at++;
    }
    return at;
}

static void add_alias(struct sb_cfg_loader *loader, const struct sb_cfg_job *job, uint16_t index, const struct sb_pair *pair,
                      struct sb_job_alias *aliases)
{
    struct sb_catalogue *catalogue = &loader->box->catalogue;
    const struct sb_cfg_node *map = sb_cfg_get(job->node, "replaces");
    const struct sb_cfg_node *spot = map != NULL ? sb_cfg_spot(map, pair->key) : job->node;
    const struct sb_job_alias *other = NULL;
    uint8_t step = step_named(job, pair->value);
    uint16_t named = sb_catalogue_resolve(catalogue, pair->key, &other);
    if (step == job->step_count) {
        sb_cfg_blame(&loader->binder, spot, NULL, "%s is to be step \"%.60s\" of job %s, which has no such step", pair->key, pair->value, job->name);
    } else if (named != SB_NO_JOB) {
        sb_cfg_blame(&loader->binder, spot, NULL, "%s already names job %s", pair->key, catalogue->jobs[named].name);
    } else {
        aliases[catalogue->job_alias_count++] = (struct sb_job_alias){ .name = pair->key, .job = index, .step = step };
    }
}

static void make_aliases(struct sb_cfg_loader *loader)
{
    struct sb_catalogue *catalogue = &loader->box->catalogue;
    size_t count = 0;
    uint16_t index = 0;
    for (size_t i = 0; i < loader->root.job_count; i++) {
        count += loader->root.jobs[i].replaces_count;
    }
    struct sb_job_alias *aliases = sb_cfg_take(&loader->box->region, count, sizeof *aliases);
    catalogue->job_aliases = aliases;
    for (size_t i = 0; i < loader->root.job_count && aliases != NULL; i++) {
        const struct sb_cfg_job *job = &loader->root.jobs[i];
        for (size_t k = 0; k < job->replaces_count && job->node != NULL; k++) {
            add_alias(loader, job, index, &job->replaces[k], aliases);
        }
        index = (uint16_t)(index + (job->node != NULL));
    }
}

void sb_cfg_make_jobs(struct sb_cfg_loader *loader)
{
    struct sb_catalogue *catalogue = &loader->box->catalogue;
    size_t step_count = 0;
    uint32_t needed = 0;
    bool has_checked_llm = false;
    for (size_t i = 0; i < loader->root.job_count; i++) {
        step_count += loader->root.jobs[i].step_count;
    }
    catalogue->jobs = sb_cfg_take(&loader->box->region, loader->root.job_count, sizeof *catalogue->jobs);
    catalogue->steps = sb_cfg_take(&loader->box->region, step_count, sizeof *catalogue->steps);
    struct sb_step_params *params = sb_cfg_take(&loader->box->region, step_count, sizeof *params);
    struct sb_duration_def *durations = sb_cfg_take(&loader->box->region, loader->root.job_count, sizeof *durations);
    if (catalogue->jobs == NULL || catalogue->steps == NULL || params == NULL || durations == NULL) {
        return;
    }
    catalogue->params = params;
    catalogue->durations = durations;
    for (size_t i = 0; i < loader->root.job_count; i++) {
        struct sb_cfg_job *job = &loader->root.jobs[i];
        if (job->node == NULL) {
            continue; /* not even a map; reported */
        }
        make_schedule(loader, job);
        derive_waits(job);
        job->def.first_step = catalogue->step_count;
        job->def.step_count = (uint8_t)job->step_count;
        (void)sb_copy(job->def.name, sizeof job->def.name, job->name != NULL ? job->name : "");
        for (size_t k = 0; k < job->step_count && job->steps[k].node != NULL; k++) {
            const struct sb_cfg_step *step = &job->steps[k];
            make_step(loader, step, &catalogue->steps[catalogue->step_count], &params[catalogue->step_count]);
            catalogue->step_count++;
            needed |= step->def.needs;
            if (step->def.uses_llm && !has_checked_llm) {
                has_checked_llm = true;
                check_llm(loader, step);
            }
        }
        if (job->def.offset == SB_CFG_SPAN_WORD) {
            job->def.offset = sb_stagger_offset(catalogue->jobs, catalogue->job_count, &job->def);
        }
        durations[catalogue->job_count] = job->duration;
        catalogue->jobs[catalogue->job_count++] = job->def;
    }
    make_aliases(loader);
    make_components(loader, needed);
}

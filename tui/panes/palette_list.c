/* Owns what the palette offers: every action of the keymap, every thing that has a name, and commands with a name after them; the best
 * fits first. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { HELP_SCORE = 100, HELP_LETTERS = 3 };

const struct sb_palette_verb sb_palette_verbs[] = {
    {"pause", SB_PALETTE_JOB, SB_KEY_ACTION_PAUSE, "pause a job", true, false},
    {"resume", SB_PALETTE_JOB, SB_KEY_ACTION_PAUSE, "resume a paused job", true, false},
    {"retry", SB_PALETTE_JOB, SB_KEY_ACTION_RETRY, "retry a job's failed run from its failed step", true, false},
    {"retry-whole", SB_PALETTE_JOB, SB_KEY_ACTION_RETRY_WHOLE, "retry a job's failed run from its first step", true, false},
    {"force", SB_PALETTE_JOB, SB_KEY_ACTION_FORCE, "force-run a job now", true, false},
    {"cancel", SB_PALETTE_JOB, SB_KEY_ACTION_CANCEL, "cancel the active run of a job", true, false},
    {"kill", SB_PALETTE_JOB, SB_KEY_ACTION_KILL, "kill the active run of a job", true, false},
    {"open", SB_PALETTE_JOB, SB_KEY_ACTION_OPEN, "open the detail of a job", false, false},
    {"tail", SB_PALETTE_JOB, SB_KEY_ACTION_TAIL, "the log of one job", false, false},
    {"recycle", SB_PALETTE_CONTEXT, SB_KEY_ACTION_RECYCLE, "close a context and open a fresh one", true, false},
    {"probe", SB_PALETTE_COMPONENT, SB_KEY_ACTION_PROBE, "check a component now", false, false},
    {"ack", SB_PALETTE_ALERT, SB_KEY_ACTION_ACK, "acknowledge an alert", true, false},
    {"silence", SB_PALETTE_ALERT, SB_KEY_ACTION_SILENCE, "tell nobody of an alert: NAME 2h why", true, true},
    {"tier", SB_PALETTE_TIER, SB_KEY_ACTION_TIER, "force the budget's tier, or free it: NAME 2h why", true, true},
    {"policy", SB_PALETTE_POLICY, SB_KEY_ACTION_POLICY, "lend contexts by another policy for an hour: NAME why", true, false},
    {"goto", SB_PALETTE_KINDS, SB_KEY_ACTION_NONE, "go to a job, context, alert, component or pane", false, false},
    {"theme", SB_PALETTE_THEME, SB_KEY_ACTION_NONE, "show the console in another theme", false, false},
    {"sort", SB_PALETTE_SORT, SB_KEY_ACTION_NONE, "sort the pane", false, false},
};
const unsigned sb_palette_verb_count = SB_LEN(sb_palette_verbs);

/* ---- names ---- */

/* "RETRY_WHOLE" is "retry-whole". */
static void add_action(unsigned action, struct sb_text *out)
{
    for (const char *at = sb_keymap[action].name; *at != '\0'; at++)
        sb_text_add_char(out, *at == '_' ? '-' : *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at);
}

static const struct sb_model_alert *alert_by_id(const struct sb_model *model, uint32_t id)
{
    for (uint32_t i = 0; i < model->alert_count; i++) {
        if (model->alerts[i].id == id)
            return &model->alerts[i];
    }
    return NULL;
}

/* The theme at that place of the list, "" after its end. */
static void add_theme(const struct sb_screen *screen, uint32_t id, struct sb_text *out)
{
    const char *at = screen->palette.themes;
    for (; id > 0 && *at != '\0'; id--) {
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    sb_text_add_n(out, at, strcspn(at, " "));
}

void sb_palette_name(const struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_text *out)
{
    const struct sb_model_alert *alert = NULL;
    switch ((enum sb_palette_kind)entry->kind) {
    case SB_PALETTE_ACTION: add_action(entry->id, out); break;
    case SB_PALETTE_JOB: sb_text_add(out, sb_model_job_name(screen->model, (uint16_t)entry->id)); break;
    case SB_PALETTE_CONTEXT:
        sb_text_add(out, "ctx");
        sb_text_add_u64(out, entry->id);
        break;
    case SB_PALETTE_ALERT:
        alert = alert_by_id(screen->model, entry->id);
        sb_text_add(out, alert == NULL ? "?" : sb_rule_text(alert->rule));
        if (alert != NULL && alert->subject[0] != '\0') {
            sb_text_add(out, ":");
            sb_text_add(out, alert->subject);
        }
        break;
    case SB_PALETTE_COMPONENT: sb_text_add(out, sb_component_text(entry->id)); break;
    case SB_PALETTE_PANE: sb_text_add(out, sb_pane_infos[entry->id].name); break;
    case SB_PALETTE_THEME: add_theme(screen, entry->id, out); break;
    case SB_PALETTE_SORT: sb_text_add(out, sb_sort_word(screen->focus, entry->id)); break;
    case SB_PALETTE_TIER: sb_text_add(out, entry->id < SB_TIER_COUNT ? sb_tier_text(entry->id) : "free"); break;
    case SB_PALETTE_POLICY: sb_text_add(out, sb_lane_policy_text(entry->id)); break;
    case SB_PALETTE_VERB: sb_text_add(out, sb_palette_verbs[entry->id].word); break;
    case SB_PALETTE_KINDS: break;
    }
}

void sb_palette_about(const struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_text *out)
{
    const struct sb_model *const model = screen->model;
    const struct sb_model_job *const job = entry->kind == SB_PALETTE_JOB ? sb_model_job(model, (uint16_t)entry->id) : NULL;
    const struct sb_model_alert *const alert = entry->kind == SB_PALETTE_ALERT ? alert_by_id(model, entry->id) : NULL;
    if (job != NULL) {
        sb_text_add(out, sb_job_state_mark((enum sb_job_state)job->state));
        sb_text_add(out, " ");
        sb_model_brief(model, (uint16_t)entry->id, screen->now.mono, out);
    } else if (alert != NULL) {
        sb_text_add(out, alert->is_acked ? "~" : "!");
        sb_text_add(out, sb_severity_text(alert->severity));
        sb_text_add(out, " ");
        sb_text_add(out, alert->text);
    } else if (entry->kind == SB_PALETTE_ACTION) {
        sb_text_add(out, sb_keymap[entry->id].help);
    } else if (entry->kind == SB_PALETTE_CONTEXT && entry->id < SB_CONTEXTS_MAX) {
        const struct sb_model_ctx *const ctx = &model->contexts[entry->id];
        sb_text_add(out, sb_ctx_state_text(ctx->state));
        sb_text_add(out, " ");
        sb_text_add(out, ctx->run == 0 ? sb_lane_text(ctx->lane) : sb_model_job_name(model, ctx->job));
    } else if (entry->kind == SB_PALETTE_COMPONENT && entry->id < SB_COMPONENT_COUNT) {
        sb_text_add(out, sb_component_state_text(model->components[entry->id].state));
        sb_text_add(out, " ");
        sb_text_add(out, model->components[entry->id].reason);
    } else if (entry->kind == SB_PALETTE_PANE) {
        sb_text_add_char(out, sb_pane_infos[entry->id].number);
        sb_text_add(out, " ");
        sb_text_add(out, sb_pane_infos[entry->id].title);
    } else if (entry->kind == SB_PALETTE_SORT) {
        sb_text_add(out, sb_sort_help(screen->focus, entry->id));
    } else if (entry->kind == SB_PALETTE_TIER && model->budget.is_known) {
        const bool is_it = entry->id == model->budget.tier;
        sb_text_add(out, is_it ? "it is this one" : entry->id == SB_TIER_COUNT ? "the policy decides again" : "until a time");
        sb_text_add(out, is_it && model->budget.is_forced ? ", by force" : "");
    } else if (entry->kind == SB_PALETTE_POLICY) {
        sb_text_add(out, entry->id == model->lane_policy ? "in force" : entry->id == model->lane_policy_defined ? "the catalogue's" : "");
    } else if (entry->kind == SB_PALETTE_VERB) {
        sb_text_add(out, sb_palette_verbs[entry->id].help);
        sb_text_add(out, " ...");
    }
}

void sb_palette_complete(const struct sb_screen *screen, const struct sb_palette_entry *entry, struct sb_text *out)
{
    if (entry->verb > 0) {
        sb_text_add(out, sb_palette_verbs[entry->verb - 1].word);
        sb_text_add(out, " ");
    } else if (entry->kind == SB_PALETTE_THEME || entry->kind == SB_PALETTE_SORT) {
        sb_text_add(out, entry->kind == SB_PALETTE_THEME ? "theme " : "sort ");
    }
    sb_palette_name(screen, entry, out);
    if (entry->kind == SB_PALETTE_VERB)
        sb_text_add(out, " ");
    if (entry->verb > 0 && sb_palette_verbs[entry->verb - 1].takes_reason && screen->palette.args_at > 0) {
        sb_text_add(out, " ");
        sb_text_add(out, sb_palette_args(&screen->palette));
    }
}

/* ---- the list ---- */

/* One walk over everything that has a name. */
struct walk {
    struct sb_screen *screen;
    const char *word; /* what is looked for */
    size_t size;
    uint8_t verb;     /* 1 + place, 0 = none */
};

static void keep(struct sb_palette *palette, struct sb_palette_entry entry)
{
    palette->total++;
    uint32_t at = palette->count;
    if (at == SB_PALETTE_ENTRIES) {
        if (palette->entries[at - 1].score >= entry.score)
            return;
        at--;
    } else {
        palette->count++;
    }
    for (; at > 0 && palette->entries[at - 1].score < entry.score; at--)
        palette->entries[at] = palette->entries[at - 1];
    palette->entries[at] = entry;
}

static void offer(struct walk *walk, enum sb_palette_kind kind, uint32_t id, const char *name, const char *help)
{
    unsigned score = walk->size == 0 ? 1 : sb_fuzzy_score(walk->word, walk->size, name, strlen(name));
    if (score == 0 && help != NULL && walk->size >= HELP_LETTERS && sb_word_find(walk->word, walk->size, help, strlen(help)) != SIZE_MAX)
        score = HELP_SCORE;
    if (score > 0)
        keep(&walk->screen->palette, (struct sb_palette_entry){.kind = (uint8_t)kind, .verb = walk->verb, .id = id, .score = score});
}

static void offer_named(struct walk *walk, enum sb_palette_kind kind, uint32_t id, const char *help)
{
    const struct sb_palette_entry entry = {.kind = (uint8_t)kind, .id = id};
    char buffer[2 * SB_NAME_MAX + 2];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_palette_name(walk->screen, &entry, &text);
    offer(walk, kind, id, buffer, help);
}

static bool is_offered(const struct sb_screen *screen, unsigned action)
{
    return action != SB_KEY_ACTION_PALETTE && sb_is_offered(screen, (enum sb_key_action)action);
}

static void offer_actions(struct walk *walk)
{
    for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++) {
        if (is_offered(walk->screen, action))
            offer_named(walk, SB_PALETTE_ACTION, action, sb_keymap[action].help);
    }
}

static void offer_verbs(struct walk *walk)
{
    for (unsigned i = 0; i < sb_palette_verb_count; i++) {
        const unsigned action = sb_palette_verbs[i].action;
        if (walk->size > 0 && (action == SB_KEY_ACTION_NONE || is_offered(walk->screen, action)))
            offer_named(walk, SB_PALETTE_VERB, i, NULL);
    }
}

static void offer_jobs(struct walk *walk)
{
    const struct sb_model *const model = walk->screen->model;
    for (uint32_t i = 0; i < model->job_high; i++) {
        if (model->jobs[i].is_defined)
            offer(walk, SB_PALETTE_JOB, i, model->jobs[i].name, NULL);
    }
}

static void offer_things(struct walk *walk, enum sb_palette_kind kind)
{
    const struct sb_model *const model = walk->screen->model;
    uint16_t contexts[SB_CONTEXTS_MAX];
    uint8_t components[SB_COMPONENT_COUNT];
    const uint32_t context_count = kind == SB_PALETTE_CONTEXT ? sb_context_list(model, contexts) : 0;
    const uint32_t component_count = kind == SB_PALETTE_COMPONENT ? sb_component_list(model, components) : 0;
    for (uint32_t i = 0; i < context_count; i++)
        offer_named(walk, kind, contexts[i], NULL);
    for (uint32_t i = 0; i < component_count; i++)
        offer_named(walk, kind, components[i], NULL);
    for (uint32_t i = 0; kind == SB_PALETTE_ALERT && i < model->alert_count; i++)
        offer_named(walk, kind, model->alerts[i].id, NULL);
    for (uint32_t i = 0; kind == SB_PALETTE_PANE && i < SB_PANE_COUNT; i++) {
        if (sb_pane_infos[i].number != '\0')
            offer_named(walk, kind, i, sb_pane_infos[i].title);
    }
    for (uint32_t i = 0; kind == SB_PALETTE_SORT && i < sb_sort_count(walk->screen->focus); i++)
        offer_named(walk, kind, i, NULL);
    for (uint32_t i = 0; kind == SB_PALETTE_TIER && i <= SB_TIER_CRITICAL; i++)
        offer_named(walk, kind, i, NULL);
    if (kind == SB_PALETTE_TIER && model->budget.is_forced)
        offer_named(walk, kind, SB_TIER_COUNT, NULL);
    for (uint32_t i = 0; kind == SB_PALETTE_POLICY && i < SB_LANE_POLICY_LEGACY; i++)
        offer_named(walk, kind, i, NULL);
    uint32_t number = 0;
    for (const char *at = walk->screen->palette.themes; kind == SB_PALETTE_THEME && *at != '\0'; number++) {
        offer_named(walk, kind, number, NULL);
        at += strcspn(at, " ");
        at += *at == ' ';
    }
}

/* The verb the line begins with, 1 + its place; 0 = none. `word` is moved behind it. */
static uint8_t take_verb(const char **word)
{
    const size_t size = strcspn(*word, " ");
    if ((*word)[size] != ' ')
        return 0;
    for (unsigned i = 0; i < sb_palette_verb_count; i++) {
        if (strlen(sb_palette_verbs[i].word) != size || strncmp(sb_palette_verbs[i].word, *word, size) != 0)
            continue;
        *word += size + strspn(*word + size, " ");
        return (uint8_t)(i + 1);
    }
    return 0;
}

/* Names have no blanks: what is behind the first one is the rest. */
static void take_args(struct sb_palette *palette, struct walk *walk)
{
    const size_t size = strcspn(walk->word, " ");
    const char *const rest = walk->word + size + strspn(walk->word + size, " ");
    walk->size = size;
    palette->args_at = *rest == '\0' ? 0 : (uint32_t)(rest - palette->line);
}

void sb_palette_list(struct sb_screen *screen)
{
    struct sb_palette *const palette = &screen->palette;
    struct walk walk = {.screen = screen, .word = palette->line + strspn(palette->line, " ")};
    palette->count = palette->total = palette->selected = palette->args_at = 0;
    walk.verb = take_verb(&walk.word);
    const struct sb_palette_verb *const verb = walk.verb == 0 ? NULL : &sb_palette_verbs[walk.verb - 1];
    for (walk.size = strlen(walk.word); walk.size > 0 && walk.word[walk.size - 1] == ' ';)
        walk.size--;
    if (verb != NULL && verb->takes_reason)
        take_args(palette, &walk);
    if (verb != NULL && verb->action != SB_KEY_ACTION_NONE && !is_offered(screen, verb->action))
        return;
    const unsigned kind = verb == NULL ? SB_PALETTE_KINDS : verb->kind;
    if (verb == NULL) {
        offer_actions(&walk);
        offer_verbs(&walk);
    }
    if (kind == SB_PALETTE_JOB && walk.size == 0 && sb_model_job(screen->model, screen->selected_job) != NULL)
        keep(palette, (struct sb_palette_entry){.kind = SB_PALETTE_JOB, .verb = walk.verb, .id = screen->selected_job, .score = 2});
    if (kind == SB_PALETTE_JOB || kind == SB_PALETTE_KINDS)
        offer_jobs(&walk);
    static const uint8_t rest[] = {SB_PALETTE_CONTEXT, SB_PALETTE_ALERT, SB_PALETTE_COMPONENT, SB_PALETTE_PANE, SB_PALETTE_THEME};
    for (unsigned i = 0; i < SB_LEN(rest); i++) {
        const bool is_all = kind == SB_PALETTE_KINDS && !(verb != NULL && rest[i] == SB_PALETTE_THEME); /* nobody goes to a theme */
        if (is_all || kind == rest[i])
            offer_things(&walk, (enum sb_palette_kind)rest[i]);
    }
    if (kind == SB_PALETTE_SORT || kind == SB_PALETTE_TIER || kind == SB_PALETTE_POLICY)
        offer_things(&walk, (enum sb_palette_kind)kind);
}

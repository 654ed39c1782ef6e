/* Key table of jobs and steps, and what follows inside one of them. Constant data and pure functions over drafts. */
#include "bind.h"
#include "key_macros.h"

#include "signalbox/base/text.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------ step kinds */

static const struct sb_cfg_key BROWSE_KEYS[] = {
    {TEXT("site", sb_browse_params, site, sb_cfg_check_file, NULL, "Site profile."), REQUIRED},
    {TEXT("flow", sb_browse_params, flow, sb_cfg_check_name, NULL, "Flow of that site."), REQUIRED},
    {PAIRS("with", sb_browse_params, with, with_count, sb_cfg_check_name, "Arguments of the flow, {{with.NAME}} in it.")},
    {PATH("for_each", sb_browse_params, for_each, "Runs the flow once per element of this list of an earlier step, as {{item}}.")},
    {COUNT("max_items", sb_browse_params, max_items, 1, 1000, "50", "At most so many elements.")},
    {COUNT("pages_max", sb_browse_params, pages_max, 1, 1, "1", "Reserved for flows with several pages.")},
};

static const struct sb_cfg_section BROWSE = {
    .title = "browse", .help = "Runs a flow of a site in a browser context.", SECTION_OF(BROWSE_KEYS, sb_browse_params)};

static const struct sb_cfg_key LLM_KEYS[] = {
    {TEXT("intent", sb_llm_params, intent, sb_cfg_check_name, NULL, "What the call is for; the budget decides by it."), REQUIRED},
    {TEMPLATE("system", sb_llm_params, system, sb_cfg_check_some, "System message.")},
    {TEMPLATE("prompt", sb_llm_params, prompt, sb_cfg_check_some, "User message."), REQUIRED},
    {COUNT("output_tokens_max", sb_llm_params, output_tokens_max, 1, 32768, "800", "Bound of the answer; the budget holds its price.")},
    {COUNT("output_tokens_min", sb_llm_params, output_tokens_min, 0, 32768, "0",
           "When the money does not pay that bound, the answer may be bounded down to this; 0: to half.")},
    {DECIMAL("temperature", sb_llm_params, temperature_pm, 3, 0, 2000, "0.7", "0 to 2.")},
    {FLAG("json", sb_llm_params, is_json, "false", "The answer must be a JSON object.")},
    {PATH("for_each", sb_llm_params, for_each, "One call per element of this list, at most 16, as {{item}}; the answers are the output `answers`.")},
    {TEXTS("required", sb_llm_params, required, required_count, sb_cfg_check_key, "Keys the JSON object must have.")},
};

static void finish_llm(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_llm_params *llm = target;
    (void)set;
    if (llm->required_count > 0 && !llm->is_json) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "required"), "add json: true", "required names keys of a JSON answer, but json is false");
    }
}

static const struct sb_cfg_section LLM = {
    .title = "llm", .help = "One chat completion.", SECTION_OF(LLM_KEYS, sb_llm_params), .finish = finish_llm};

static const char *check_empty(const char *text)
{
    return sb_streq(text, "empty") ? NULL : "must be empty";
}

static const struct sb_cfg_key SQL_KEYS[] = {
    {TEXT("statement", sb_sql_params, statement, sb_cfg_check_some, NULL, "One statement; values only as $1, $2 ..."), REQUIRED},
    {TEMPLATES("params", sb_sql_params, params, param_count, "Values of $1, $2 ...")},
    {FLAG("write", sb_sql_params, is_write, "false", "The statement changes rows.")},
    {PATH("for_each", sb_sql_params, for_each, "Runs once per element of this list, in one transaction, as {{item}}.")},
    {TEXT("stop_when", sb_sql_params, stop_when, check_empty, NULL, "empty: when no row comes, the run ends as nothing to do.")},
};

/* The highest n of $n outside of quotes. */
static unsigned parameters_used(const char *statement)
{
    unsigned highest = 0;
    char quote = '\0';
    for (const char *at = statement; *at != '\0'; at++) {
        if (quote != '\0') {
            quote = *at == quote ? '\0' : quote;
        } else if (*at == '\'' || *at == '"') {
            quote = *at;
        } else if (*at == '$') {
            unsigned number = 0;
            while (at[1] >= '0' && at[1] <= '9' && number < 1000) {
                number = number * 10 + (unsigned)(*++at - '0');
            }
            highest = number > highest ? number : highest;
        }
    }
    return highest;
}

static void finish_sql(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_sql_params *sql = target;
    (void)set;
    if (sql->statement == NULL) {
        return;
    }
    unsigned used = parameters_used(sql->statement);
    if (strstr(sql->statement, "{{") != NULL) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "statement"), "write $1 and give the value in params",
                     "a template inside SQL: values go into statements only as parameters");
    } else if (used != sql->param_count) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "statement"), NULL, "the statement uses %u parameters and params gives %zu", used,
                     sql->param_count);
    }
}

static const struct sb_cfg_section SQL = {
    .title = "sql", .help = "One SQL statement.", SECTION_OF(SQL_KEYS, sb_sql_params), .finish = finish_sql};

static const struct sb_cfg_key HTTP_KEYS[] = {
    {TEXT("method", sb_http_params, method, sb_cfg_check_method, "GET", "GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.")},
    {TEMPLATE("url", sb_http_params, url, sb_cfg_check_some, "Address."), REQUIRED},
    {TEMPLATE("body", sb_http_params, body, NULL, "Body to send.")},
    {PAIRS("headers", sb_http_params, headers, header_count, sb_cfg_check_key, "Headers to send.")},
    {COUNT("expect_status", sb_http_params, expect_status, 0, 599, "0", "Status that is a success; 0: any 2xx.")},
    {SPAN("cache_for", sb_http_params, cache_for, 0, SB_DAY(31), "0",
          "GET: a good answer to the same address and headers serves again for so long, in any job; 0: always asked. It lies in settings.cache.")},
    {TEXT("limit", sb_http_params, limit, sb_cfg_check_rate, NULL,
          "COUNT/TIME, e.g. 30/1m: so many requests at most in any such time, by all steps that ask the same host with the same limit; a run over it "
          "waits for its turn. Counted in settings.cache."), NOTE("none")},
};

static void finish_http(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    struct sb_http_params *http = target;
    (void)set;
    if (http->limit != NULL) {
        (void)sb_cfg_scan_rate(http->limit, &http->rate); /* it was checked */
    }
    if (http->cache_for > 0 && !sb_streq(http->method, "GET")) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "cache_for"), NULL, "cache_for is for GET; a %s is sent every time", http->method);
    }
}

static const struct sb_cfg_section HTTP = {
    .title = "http", .help = "One HTTP request.", SECTION_OF(HTTP_KEYS, sb_http_params), .finish = finish_http};

static const struct sb_cfg_key EXEC_KEYS[] = {
    {TEMPLATES("argv", sb_exec_params, argv, argc, "Program and arguments; there is no shell."), REQUIRED},
    {PAIRS("env", sb_exec_params, env, env_count, sb_cfg_check_key, "Environment variables set on top.")},
    {TEMPLATE("input", sb_exec_params, input, NULL, "Text for its standard input.")},
    {TEMPLATE("directory", sb_exec_params, directory, sb_cfg_check_some, "Working folder.")},
    {COUNT("output_max", sb_exec_params, output_max, 1, 1048576, "65536", "Bytes kept of each output stream.")},
};

static void finish_exec(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_exec_params *exec = target;
    (void)set;
    const struct sb_cfg_node *argv = sb_cfg_get(node, "argv");
    if (exec->argc == 0 && argv != NULL && argv->kind == SB_CFG_LIST && argv->count == 0) {
        sb_cfg_blame(binder, argv, NULL, "argv is empty; its first entry is the program");
    }
}

static const struct sb_cfg_section EXEC = {
    .title = "exec", .help = "Runs a program.", SECTION_OF(EXEC_KEYS, sb_exec_params), .finish = finish_exec};

static const struct sb_cfg_key CHECK_KEYS[] = {
    {TEXT("what", sb_check_params, what, sb_cfg_check_name, NULL, "What to look at: database, browser, jobs, memory, disk, budget ..."), REQUIRED},
    {NUMBER("warn", sb_check_params, warn, INT64_MIN + 1, INT64_MAX, NULL, "Bound for a warning, in the check's unit."), NOTE("none")},
    {NUMBER("fail", sb_check_params, fail, INT64_MIN + 1, INT64_MAX, NULL, "Bound for a failure, in the check's unit."), NOTE("none")},
};

static void begin_check(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target)
{
    struct sb_check_params *check = target;
    (void)binder;
    (void)node;
    check->warn = INT64_MIN;
    check->fail = INT64_MIN;
}

static const struct sb_cfg_section CHECK = {
    .title = "check", .help = "Looks at one thing and fails when it is out of bounds.", SECTION_OF(CHECK_KEYS, sb_check_params),
    .begin = begin_check};

static const struct sb_cfg_key NATIVE_KEYS[] = {
    {TEXT("function", sb_native_params, function, sb_cfg_check_name, NULL, "Built-in function."), REQUIRED},
    {PAIRS("with", sb_native_params, with, with_count, sb_cfg_check_name, "Its arguments.")},
};

static const struct sb_cfg_section NATIVE = {
    .title = "native", .help = "Runs a built-in function.", SECTION_OF(NATIVE_KEYS, sb_native_params)};

/* ------------------------------------------------------------------------------------------------ steps */

static const char *restart_text(unsigned value)
{
    static const char *const TEXTS[] = {"step", "job"};
    return value < SB_LEN(TEXTS) ? TEXTS[value] : "?";
}

static const char *where_text(unsigned value)
{
    static const char *const TEXTS[] = {"active", "any"};
    return value < SB_LEN(TEXTS) ? TEXTS[value] : "?";
}

static const struct sb_cfg_key STEP_KEYS[] = {
    {TEXT("name", sb_cfg_step, name, sb_cfg_check_name, NULL, "Name; later steps read its output as {{steps.NAME.FIELD}}."),
     NOTE("the kind")},
    {BRANCH("browse", sb_cfg_step, params.as.browse, SB_STEP_KIND_BROWSE, BROWSE, "Runs a flow of a site.")},
    {BRANCH("llm", sb_cfg_step, params.as.llm, SB_STEP_KIND_LLM, LLM, "One chat completion.")},
    {BRANCH("sql", sb_cfg_step, params.as.sql, SB_STEP_KIND_SQL, SQL, "One SQL statement.")},
    {BRANCH("http", sb_cfg_step, params.as.http, SB_STEP_KIND_HTTP, HTTP, "One HTTP request.")},
    {BRANCH("exec", sb_cfg_step, params.as.exec, SB_STEP_KIND_EXEC, EXEC, "Runs a program.")},
    {BRANCH("check", sb_cfg_step, params.as.check, SB_STEP_KIND_CHECK, CHECK, "Looks at one thing.")},
    {BRANCH("native", sb_cfg_step, params.as.native, SB_STEP_KIND_NATIVE, NATIVE, "Runs a built-in function.")},
    {SPAN("timeout", sb_cfg_step, def.timeout, SB_MS(10), SB_DAY(1), "60s", "After it the step is stopped.")},
    {.name = "needs", .type = SB_CFG_CHOICES, AT(sb_cfg_step, def.needs), .max = SB_COMPONENT_COUNT, .text_of = sb_component_text,
     .choice_count = SB_COMPONENT_COUNT, .help = "Components the step waits for.",
     NOTE("browser with a context, llm for llm, store for sql and native")},
    {FLAG("context", sb_cfg_step, wants_context, NULL, "Runs on a leased browser context."), NOTE("true for browse, else false")},
    {FLAG("effect", sb_cfg_step, def.is_effect, "false", "Changes the outside world: never interrupted, never on a borrowed context.")},
    {FLAG("goes_on", sb_cfg_step, def.goes_on, "false", "A failure does not stop the later steps; the run fails at its end.")},
    {FLAG("keeps_context", sb_cfg_step, def.keeps_context, "false", 
          "The next step goes on in the same context: it is neither given back nor yielded in between, and only a context of the own lane "
          "will do. When the context is lost, the browser steps right before that kept it are done again, but never an effect.")},
    {SPAN("every", sb_cfg_step, def.every, SB_S(1), LONGEST, NULL,
          "Its own slower cadence: skipped while its last success is younger; a force-run does every step."), NOTE("in every run")},
    {TEXTS("uses", sb_cfg_step, uses, uses_count, sb_cfg_check_name,
           "Earlier steps whose results it needs: skipped when one of them failed or was skipped in this run.")},
    {CHOICE("restart", sb_cfg_step, restart, restart_text, 2, "step", "Where a retry begins: at the failed step, or the whole job.")},
    {CHOICE("node", sb_cfg_step, where, where_text, 2, "active",
            "any: a node that waits may run it (settings.hands), else the active one does. Only for exec without effect and context: it may begin "
            "again elsewhere when a node is lost, and finds there only what every node has.")},
};

static void begin_step(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target)
{
    (void)binder;
    (void)node;
    ((struct sb_cfg_step *)target)->params.kind = SB_STEP_KIND_COUNT; /* none given yet */
}

static void finish_step(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set);

static const struct sb_cfg_section STEP = {
    .title = "step", .help = "One action of a job.", SECTION_OF(STEP_KEYS, sb_cfg_step), .is_draft = true,
    .branch_note = "kind", .kind_offset = offsetof(struct sb_cfg_step, params.kind), .begin = begin_step, .finish = finish_step};

static uint32_t bit(enum sb_component component)
{
    return 1u << component;
}

static void derive_step(struct sb_cfg_step *step, bool has_context_key)
{
    uint8_t kind = step->params.kind;
    step->def.kind = kind;
    step->def.needs_context = has_context_key ? step->wants_context : kind == SB_STEP_KIND_BROWSE;
    step->def.uses_llm = kind == SB_STEP_KIND_LLM;
    step->def.restarts_job = step->restart == 1;
    if (step->def.needs_context) {
        step->def.needs |= bit(SB_COMPONENT_BROWSER);
    }
    if (kind == SB_STEP_KIND_LLM) {
        step->def.needs |= bit(SB_COMPONENT_LLM);
    }
    if (kind == SB_STEP_KIND_SQL || kind == SB_STEP_KIND_NATIVE) {
        step->def.needs |= bit(SB_COMPONENT_STORE);
    }
}

/* What may run elsewhere, and twice when a node is lost on the way. */
static void check_where(struct sb_cfg_binder *binder, const struct sb_cfg_step *step)
{
    const struct sb_cfg_node *spot = sb_cfg_spot(step->node, "node");
    if (step->where == 0) {
        return;
    }
    if (step->params.kind != SB_STEP_KIND_EXEC && step->params.kind != SB_STEP_KIND_COUNT) {
        sb_cfg_blame(binder, spot, "remove it: only exec needs nothing of the active node",
                     "node: any is for exec; step %s is %s, which works with the active node's own services", step->name,
                     sb_step_kind_text(step->params.kind));
    } else if (step->def.is_effect) {
        sb_cfg_blame(binder, spot, "remove it, or effect", "node: any is not for step %s: an effect must not begin a second time elsewhere",
                     step->name);
    } else if (step->def.needs_context) {
        sb_cfg_blame(binder, spot, "remove it, or context", "node: any is not for step %s: its browser context is the active node's", step->name);
    }
}

static void find_uses(struct sb_cfg_binder *binder, struct sb_cfg_step *step)
{
    const struct sb_cfg_scope *scope = &binder->scope;
    const struct sb_cfg_node *uses = sb_cfg_get(step->node, "uses");
    const struct sb_cfg_node *spot = uses != NULL ? uses->first : NULL;
    for (size_t i = 0; i < step->uses_count; i++) {
        size_t at = 0;
        while (at < scope->step_count && !sb_streq(scope->steps[at], step->uses[i])) {
            at++;
        }
        if (at == scope->step_count) {
            sb_cfg_blame(binder, spot != NULL ? spot : step->node, "name a step that stands before it",
                         "step %s uses \"%s\", and no earlier step of this job has that name", step->name, step->uses[i]);
        } else {
            step->def.uses |= 1u << at;
        }
        spot = spot != NULL ? spot->next : NULL;
    }
}

static void finish_step(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    struct sb_cfg_step *step = target;
    struct sb_cfg_scope *scope = &binder->scope;
    step->node = node;
    derive_step(step, sb_cfg_is_set(&STEP, set, "context"));
    if (step->name == NULL) {
        step->name = sb_step_kind_text(step->params.kind);
    }
    (void)sb_copy(step->def.name, sizeof step->def.name, step->name);
    if (step->params.kind == SB_STEP_KIND_BROWSE && !step->def.needs_context) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "context"), NULL, "a browse step needs a context");
    }
    check_where(binder, step);
    step->params.is_lent = step->where == 1;
    find_uses(binder, step);
    for (size_t i = 0; i < scope->step_count; i++) {
        if (sb_streq(scope->steps[i], step->name)) {
            sb_cfg_blame(binder, sb_cfg_spot(node, "name"), "give it another name", "an earlier step of this job is called \"%s\" too",
                         step->name);
            return;
        }
    }
    if (scope->step_count < SB_LEN(scope->steps)) {
        scope->steps[scope->step_count++] = step->name;
    }
}

/* ------------------------------------------------------------------------------------------------ jobs */

static const struct sb_cfg_key RETRY_KEYS[] = {
    {COUNT("attempts", sb_retry, attempts, 1, 20, "1", "Attempts in all; 1 is no retry."), NOTE("1; 3 for a critical job")},
    {SPAN("base", sb_retry, base, SB_MS(1), SB_DAY(1), "1s", "First delay.")},
    {DECIMAL("factor", sb_retry, factor_pct, 2, 100, 10000, "2", "Each further delay is so many times longer.")},
    {SPAN("max", sb_retry, max, SB_MS(1), SB_DAY(1), "30s", "Longest delay.")},
    {CHOICE("jitter", sb_retry, jitter, sb_jitter_text, SB_JITTER_COUNT, "full", "full: a random part of the delay; none: exactly the delay.")},
};

static void finish_retry(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_retry *retry = target;
    (void)set;
    if (retry->max < retry->base) {
        sb_cfg_blame(binder, sb_cfg_spot(node, sb_cfg_get(node, "max") != NULL ? "max" : "base"), NULL, "retry: max is below base");
    }
}

static const struct sb_cfg_section RETRY = {
    .title = "retry", .help = "What happens after a retryable failure.", SECTION_OF(RETRY_KEYS, sb_retry), .finish = finish_retry};

static const struct sb_cfg_key DURATION_KEYS[] = {
    {SPAN("p50", sb_duration_def, p50, SB_MS(1), SB_DAY(7), NULL, "Half of the runs take at most so long."), REQUIRED},
    {SPAN("p95", sb_duration_def, p95, SB_MS(1), SB_DAY(7), NULL, "95 of 100 runs take at most so long."), REQUIRED},
};

static void finish_duration(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_duration_def *duration = target;
    (void)set;
    if (duration->p50 > 0 && duration->p95 > 0 && duration->p95 < duration->p50) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "p95"), NULL, "duration: p95 is below p50");
    }
}

static const struct sb_cfg_section DURATION = {
    .title = "duration", .help = "How long a run works, without its waits.", SECTION_OF(DURATION_KEYS, sb_duration_def),
    .finish = finish_duration};

static const struct sb_cfg_key JOB_KEYS[] = {
    {COUNT("priority", sb_cfg_job, def.priority, 0, 10, "5", "0 is most urgent.")},
    {CHOICE("category", sb_cfg_job, def.category, sb_category_text, SB_CATEGORY_COUNT, "none",
            "What its runs need a browser context for; none: no step needs one.")},
    {FLAG("critical", sb_cfg_job, def.is_critical, "false", "Retried by default, and late after a minute.")},
    {SPAN("every", sb_cfg_job, def.every, SB_S(1), LONGEST, NULL, "Interval of its grid."), NOTE("none: only force-run")},
    {SPAN("offset", sb_cfg_job, def.offset, 0, LONGEST, "0",
          "Shift of the grid of `every`; auto: where the jobs before it in the file leave the most room."), .word = "auto"},
    {TEXT("cron", sb_cfg_job, cron, sb_cfg_check_some, NULL, "Instead of every: 5 fields, or 6 with seconds first; quote it."), NOTE("none")},
    {TEXT("timezone", sb_cfg_job, timezone, sb_cfg_check_zone, "UTC", "Time zone of cron.")},
    {CHOICE("gap", sb_cfg_job, def.gap, sb_gap_text, SB_GAP_COUNT, "run_after",
            "A cron time that the clock change leaves out: runs right after it, or not at all.")},
    {CHOICE("overlap_hour", sb_cfg_job, def.overlap_hour, sb_overlap_hour_text, SB_OVERLAP_HOUR_COUNT, "first",
            "A cron time that comes twice: runs the first time, or both times.")},
    {SPAN("jitter", sb_cfg_job, def.jitter, 0, SB_DAY(1), "0", "Each run is delayed by a fixed random part of this.")},
    {CHOICE("overlap", sb_cfg_job, def.overlap, sb_overlap_text, SB_OVERLAP_COUNT, "skip",
            "A run comes due while one is active: skip, queue_one, replace, allow(n)."),
     ASIDE(sb_cfg_job, def.overlap_max), .aside_choice = 1u << SB_OVERLAP_ALLOW},
    {CHOICE("misfire", sb_cfg_job, def.misfire, sb_misfire_text, SB_MISFIRE_COUNT, "once",
            "Runs missed while nothing ran: skip, once, all(n)."),
     ASIDE(sb_cfg_job, def.misfire_max), .aside_choice = 1u << SB_MISFIRE_ALL},
    {SPAN("misfire_window", sb_cfg_job, def.misfire_window, 0, LONGEST, NULL, "Older missed runs are not made up for."),
     NOTE("every, at most 1h")},
    {SPAN("start_deadline", sb_cfg_job, def.start_deadline, 0, LONGEST, "0", "A run not started so long after its time is skipped; 0: never.")},
    {SPAN("late_after", sb_cfg_job, def.late_after, SB_S(1), LONGEST, NULL, "A run that waits longer raises job_late_start."),
     NOTE("60s for a critical job, else half of every, at least 2m")},
    {SPAN("timeout", sb_cfg_job, def.timeout, 0, SB_DAY(7), "0", "For the whole run; 0: the sum of its steps.")},
    {SPAN("queue_timeout", sb_cfg_job, def.queue_timeout, SB_S(1), SB_DAY(1), "60s", "Longest wait for a context.")},
    {SECTION("retry", sb_cfg_job, def.retry, RETRY, "What happens after a retryable failure.")},
    {SECTION("duration", sb_cfg_job, duration, DURATION, "How long a run works, as measured; only `signalbox simulate` reads it."),
     NOTE("not known")},
    {PAIRS("replaces", sb_cfg_job, replaces, replaces_count, sb_cfg_check_name,
           "Names this job had, or whose work it took over: OLD_NAME: STEP. They work wherever a job is named, and say so.")},
    {FLAG("enabled", sb_cfg_job, def.is_enabled, "true", "false: never scheduled.")},
    {ELEMENTS("steps", SB_CFG_LIST_OF, sb_cfg_job, steps, step_count, SB_JOB_STEPS_MAX, NULL, STEP, "Its steps in order."), REQUIRED},
};

static void begin_job(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target)
{
    (void)target;
    (void)node;
    memset(&binder->scope, 0, sizeof binder->scope);
}

static void finish_job(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set);

extern const struct sb_cfg_section sb_cfg_job_section;
const struct sb_cfg_section sb_cfg_job_section = {
    .title = "job", .help = "A named, scheduled list of steps.", SECTION_OF(JOB_KEYS, sb_cfg_job), .is_draft = true,
    .has_name = true, .name_offset = offsetof(struct sb_cfg_job, name), .begin = begin_job, .finish = finish_job};

static void check_job(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, const struct sb_cfg_job *job)
{
    const struct sb_cfg_node *steps = sb_cfg_get(node, "steps");
    if (job->def.every > 0 && job->cron != NULL) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "cron"), NULL, "job %s has every and cron; it takes one of them", job->name);
    }
    if (job->cron == NULL && sb_cfg_get(node, "cron") == NULL && sb_cfg_get(node, "timezone") != NULL) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "timezone"), NULL, "timezone without cron: every counts real time in any zone");
    }
    if (steps != NULL && steps->kind == SB_CFG_LIST && steps->count == 0) {
        sb_cfg_blame(binder, steps, NULL, "job %s has no steps", job->name);
    }
    for (size_t i = 0; i < job->step_count; i++) {
        if (job->steps[i].def.needs_context && job->def.category == SB_CATEGORY_NONE) {
            sb_cfg_blame(binder, sb_cfg_spot(node, "category"), "give a category: posting, metrics, harvesting or background",
                         "step %s needs a browser context, and category none has no lane", job->steps[i].name);
            return;
        }
    }
}

static void finish_job(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    struct sb_cfg_job *job = target;
    job->node = node;
    job->has_late_after = sb_cfg_is_set(&sb_cfg_job_section, set, "late_after");
    job->has_misfire_window = sb_cfg_is_set(&sb_cfg_job_section, set, "misfire_window");
    const struct sb_cfg_node *retry = sb_cfg_get(node, "retry");
    if (job->def.is_critical && (retry == NULL || sb_cfg_get(retry, "attempts") == NULL)) {
        job->def.retry.attempts = 3;
    }
    check_job(binder, node, job);
}

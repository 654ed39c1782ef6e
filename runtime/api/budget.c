/* The LLM budget: the live figures from a fresh picture, who spent and what failed from the ledger's rows of the window; and the one thing an
 * operator does to it that is no command: turning what is uncertain into what the provider's bill says. */
#include "call.h"

#include <stdio.h>
#include <stdlib.h>

static const char alias_sql[] =
    "SELECT alias, COUNT(*) AS calls, COALESCE(SUM(tokens_in), 0) AS tokens_in, COALESCE(SUM(tokens_out), 0) AS tokens_out, "
    "SUM(cost_nano) AS cost_nano FROM llm_ledger WHERE held_at_ms >= $1 AND state = 'settled' GROUP BY alias ORDER BY alias";
static const char intent_sql[] = "SELECT intent, COUNT(*) AS calls, SUM(cost_nano) AS cost_nano FROM llm_ledger WHERE held_at_ms >= $1 AND "
                                 "state = 'settled' GROUP BY intent ORDER BY 3 DESC";
static const char hour_sql[] = "SELECT (ended_at_ms - $1) / 3600000 AS hour, COUNT(*) AS calls, SUM(cost_nano) AS cost_nano FROM llm_ledger WHERE "
                               "held_at_ms >= $1 AND state = 'settled' GROUP BY 1 ORDER BY 1";
static const char failure_sql[] = "SELECT category, alias, intent, COUNT(*) AS count, MIN(ended_at_ms) AS first, MAX(ended_at_ms) AS last, "
                                  "MAX(reason) AS reason, SUM(CASE state WHEN 'unknown' THEN bound_nano ELSE 0 END) AS uncertain_nano FROM "
                                  "llm_ledger WHERE held_at_ms >= $1 AND category IS NOT NULL GROUP BY category, alias, intent ORDER BY 4 DESC";

static void put_words(struct sb_json_out *out, const char *key, void (*write)(const struct sb_model *, struct sb_text *),
                      const struct sb_model *model)
{
    char line[1024];
    struct sb_text text;
    sb_text_init(&text, line, sizeof(line));
    write(model, &text);
    put_text(out, key, text.len > 0 ? line : NULL);
}

void put_figures(const struct sb_model *model, struct sb_json_out *out)
{
    const struct sb_model_budget *b = &model->budget;
    sb_json_key(out, "window");
    sb_json_object_begin(out);
    put_wall(out, "start", b->day_start);
    put_wall(out, "end", b->day_end);
    sb_json_object_end(out);
    put_text(out, "policy", sb_budget_policy_text(b->policy));
    put_text(out, "tier", b->is_known ? sb_tier_text(b->tier) : NULL);
    put_flag(out, "forced", b->is_forced);
    put_flag(out, "closed", b->is_closed);
    put_usd(out, "limit_usd", b->limit);
    put_usd(out, "spent_usd", b->spent);
    put_usd(out, "held_usd", b->held);
    put_usd(out, "uncertain_usd", b->uncertain);
    put_usd(out, "floor_usd", b->floor);
    put_usd(out, "forecast_usd", b->forecast);
    put_words(out, "why", sb_model_budget_why, model);
    put_words(out, "verdict", sb_model_llm_verdict, model);
}

void handle_budget(const struct call *call, struct answer *answer)
{
    static const struct {
        const char *key, *sql;
    } groups[] = { { "by_alias", alias_sql }, { "by_intent", intent_sql }, { "by_hour", hour_sql }, { "failures", failure_sql } };
    struct sb_model *model = NULL;
    struct sb_error err = { 0 };
    enum sb_err rc = picture_take(call->setup->control, &call->op, &model, &err);
    struct sb_json_out *out = rc == SB_OK ? sb_json_out_create(ANSWER_MAX) : NULL;
    if (out != NULL) {
        struct sb_cell start = sb_cell_int(model->budget.day_start.ns / SB_MS(1));
        sb_json_object_begin(out);
        put_figures(model, out);
        for (size_t i = 0; rc == SB_OK && i < SB_LEN(groups); i++)
            rc = put_rows(out, groups[i].key, call->setup->store, groups[i].sql, &start, 1, &call->op, &err);
        sb_json_object_end(out);
    }
    sb_model_destroy(model);
    if (rc == SB_OK) {
        answer_json(answer, 200, out);
        return;
    }
    sb_json_out_destroy(out);
    answer_failure(answer, &err);
}

/* Dollars with up to nine decimals, as a string or number of the document. */
static bool read_usd(const struct sb_json *json, const char *key, struct sb_usd *out)
{
    char *text = sb_json_type(json, key) > SB_JSON_NULL ? sb_json_text(json, key) : NULL;
    int64_t whole = 0, nano = 0, unit = SB_USD_NANO;
    const char *at = text != NULL ? text : "";
    bool is_ok = *at >= '0' && *at <= '9';
    for (; *at >= '0' && *at <= '9' && whole < 1000000; at++)
        whole = whole * 10 + (*at - '0');
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9' && unit > 1; at++)
            nano += (*at - '0') * (unit /= 10);
    is_ok = is_ok && *at == '\0' && whole < 1000000;
    free(text);
    if (is_ok)
        out->nano = whole * SB_USD_NANO + nano;
    return is_ok;
}

static void tell_core(const struct call *call, const struct sb_ledger_totals *totals, struct sb_usd charged)
{
    struct sb_input ledger = sb_input_make(SB_INPUT_LEDGER), note = sb_input_make(SB_INPUT_NOTE);
    struct sb_error err = { 0 };
    struct sb_text text;
    ledger.as.ledger = (struct sb_in_ledger){ .day_start = totals->starts.ns, .version = totals->version, .spent = totals->spent.nano,
                                              .held = totals->held.nano, .uncertain = totals->uncertain.nano, .is_closed = totals->is_closed };
    note.as.note.job = SB_NO_JOB;
    note.as.note.severity = SB_SEVERITY_WARN;
    sb_text_init(&text, note.as.note.text, sizeof(note.as.note.text));
    sb_text_add(&text, "budget: uncertain calls reconciled at ");
    sb_text_add_usd(&text, charged, 6);
    sb_text_add(&text, " USD by ");
    sb_text_add(&text, call->actor);
    if (sb_control_input(call->setup->control, &ledger, &err) != SB_OK || sb_control_input(call->setup->control, &note, &err) != SB_OK)
        sb_log(SB_LOG_WARN, "api", "the reconciliation is in the ledger, and was not told to the core: %s", err.text);
}

/* The provider's figure for the whole day: nothing is written to the ledger, the core compares (rule budget_drift). */
static void compare_day(const struct call *call, struct sb_usd day, struct answer *answer)
{
    struct sb_error err = { 0 };
    struct sb_ledger_totals totals;
    struct sb_input bill = sb_input_make(SB_INPUT_BILL);
    enum sb_err rc = sb_ledger_totals(call->setup->ledger, &call->op, &totals, &err);
    if (rc == SB_OK) {
        bill.as.bill = (struct sb_in_bill){ .day_start = totals.starts.ns, .charged = day.nano, .spent = totals.spent.nano,
                                            .uncertain = totals.uncertain.nano };
        (void)sb_copy(bill.as.bill.actor, sizeof(bill.as.bill.actor), call->actor); /* cut to the field */
        rc = sb_control_input(call->setup->control, &bill, &err);
    }
    if (rc != SB_OK) {
        answer_failure(answer, &err);
        return;
    }
    struct sb_json_out *out = sb_json_out_create(BODY_MAX);
    if (out != NULL) {
        sb_json_object_begin(out);
        put_flag(out, "done", true);
        put_text(out, "outcome", "the figures are compared; when they differ by more than 2 percent, alert budget_drift says so until they agree");
        put_usd(out, "provider_usd", day);
        put_usd(out, "spent_usd", totals.spent);
        put_usd(out, "uncertain_usd", totals.uncertain);
        sb_json_object_end(out);
    }
    answer_json(answer, 200, out);
}

void handle_reconcile(const struct call *call, struct answer *answer)
{
    struct sb_json *json = NULL;
    struct sb_error err = { 0 };
    struct sb_usd charged = { 0 }, day = { 0 };
    struct sb_ledger_totals totals;
    enum sb_err rc = sb_json_parse(&json, call->body, call->body_size, &err);
    const bool is_day = rc == SB_OK && sb_json_type(json, "day_usd") != SB_JSON_MISSING;
    const bool is_both = is_day && sb_json_type(json, "charged_usd") != SB_JSON_MISSING;
    if (rc == SB_OK && (is_both || !read_usd(json, is_day ? "day_usd" : "charged_usd", is_day ? &day : &charged)))
        rc = SB_ERR_INVALID;
    sb_json_destroy(json);
    if (rc != SB_OK || call->setup->ledger == NULL) {
        answer_error(answer, rc != SB_OK ? 400 : 503, "invalid",
                     rc != SB_OK ? "charged_usd is what the provider's bill has for the uncertain calls, \"0.0123\"; day_usd, what it has for the day"
                                 : "there is no ledger here");
        return;
    }
    if (is_day) {
        compare_day(call, day, answer);
        return;
    }
    rc = sb_ledger_reconcile(call->setup->ledger, charged, call->actor, &call->op, &totals, &err);
    if (rc != SB_OK) {
        answer_failure(answer, &err);
        return;
    }
    tell_core(call, &totals, charged);
    struct sb_json_out *out = sb_json_out_create(BODY_MAX);
    if (out != NULL) {
        sb_json_object_begin(out);
        put_flag(out, "done", true);
        put_text(out, "outcome", "what was uncertain is settled; the correction is a row of the ledger");
        put_usd(out, "spent_usd", totals.spent);
        put_usd(out, "uncertain_usd", totals.uncertain);
        sb_json_object_end(out);
    }
    answer_json(answer, 200, out);
}

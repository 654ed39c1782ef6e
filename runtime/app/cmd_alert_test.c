/* alert test [RULE]: rules tested with recorded history. */
#include "client.h"
#include "rehearsal.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MAX = 16 << 20 };

static void put_number(struct sb_json_out *out, const char *key, int64_t value)
{
    sb_json_key(out, key);
    sb_json_integer(out, value);
}

static void put_flag(struct sb_json_out *out, const char *key, bool value)
{
    sb_json_key(out, key);
    sb_json_boolean(out, value);
}

static void put_text(struct sb_json_out *out, const char *key, const char *value)
{
    sb_json_key(out, key);
    sb_json_string(out, value);
}

/* The one of that number, in the order in which they fired, from the oldest that is kept. */
static const struct rehearsed *kept_at(const struct rehearsal *r, uint32_t number)
{
    uint32_t first = r->kept_count > r->kept_max ? r->kept_count - r->kept_max : 0;
    return first + number < r->kept_count ? &r->kept[(first + number) % r->kept_max] : NULL;
}

static void put_rule(struct sb_json_out *out, const struct rehearsal *r, const struct sb_catalogue *catalogue, unsigned rule)
{
    const struct rehearsal_tally *tally = &r->rules[rule];
    sb_json_object_begin(out);
    put_text(out, "rule", sb_rule_text(rule));
    put_flag(out, "is_off", catalogue->alerts.rules[rule].is_off);
    put_number(out, "fired", tally->fired);
    put_number(out, "firing", tally->firing);
    put_number(out, "flapped", tally->flapped);
    sb_json_key(out, "last_at");
    if (tally->last > 0)
        sb_json_integer(out, tally->last / SB_MS(1));
    else
        sb_json_string(out, NULL);
    sb_json_key(out, "notices");
    sb_json_array_begin(out);
    for (size_t c = 0; c < catalogue->channel_count; c++) {
        sb_json_object_begin(out);
        put_text(out, "channel", catalogue->channels[c].name);
        put_number(out, "count", tally->notices[c]);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    sb_json_object_end(out);
}

static void put_alert(struct sb_json_out *out, const struct rehearsed *alert)
{
    sb_json_object_begin(out);
    put_number(out, "fired_at", alert->at / SB_MS(1));
    put_text(out, "severity", sb_severity_text(alert->severity));
    put_text(out, "subject", alert->subject);
    put_text(out, "text", alert->text);
    put_number(out, "lasted_ms", alert->lasted / SB_MS(1));
    put_flag(out, "is_firing", !alert->is_over);
    put_flag(out, "is_flapping", alert->is_flapping);
    sb_json_object_end(out);
}

static int print_json(const struct rehearsal *r, const struct sb_catalogue *catalogue)
{
    const struct rehearsed *alert;
    struct sb_json_out *out = sb_json_out_create(JSON_MAX);
    if (out == NULL)
        return print_document(out);
    sb_json_object_begin(out);
    put_number(out, "from", r->from / SB_MS(1));
    put_number(out, "to", r->to / SB_MS(1));
    put_number(out, "events", (int64_t)r->events);
    put_number(out, "passed_over", (int64_t)r->passed_over);
    put_number(out, "unread", (int64_t)r->unread);
    sb_json_key(out, "rules");
    sb_json_array_begin(out);
    for (unsigned rule = 0; rule < SB_RULE_COUNT; rule++)
        if (r->rule == SB_RULE_COUNT || r->rule == rule)
            put_rule(out, r, catalogue, rule);
    sb_json_array_end(out);
    if (r->rule < SB_RULE_COUNT) {
        sb_json_key(out, "alerts");
        sb_json_array_begin(out);
        for (uint32_t i = 0; (alert = kept_at(r, i)) != NULL; i++)
            put_alert(out, alert);
        sb_json_array_end(out);
    }
    sb_json_object_end(out);
    return print_document(out);
}

static void print_time(int64_t wall, int width)
{
    char buffer[40];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof(buffer));
    if (wall == 0)
        sb_text_add(&text, "-");
    else
        sb_text_add_wall(&text, (struct sb_wall){ wall }, false);
    (void)printf("%-*s", width, buffer);
}

static void print_notices(const struct rehearsal_tally *tally, const struct sb_catalogue *catalogue)
{
    for (size_t c = 0; c < catalogue->channel_count; c++) {
        (void)fputs(c > 0 ? ", " : "", stdout);
        show_text(catalogue->channels[c].name, 0, 0);
        (void)printf(" %u", tally->notices[c]);
    }
    (void)puts(catalogue->channel_count == 0 ? "no channel is configured" : "");
}

static void print_head(const struct rehearsal *r)
{
    (void)fputs("journal from ", stdout);
    print_time(r->from, 0);
    (void)fputs(" to ", stdout);
    print_time(r->to, 0);
    (void)printf(": %llu events\n", (unsigned long long)r->events);
    if (r->passed_over > 0)
        (void)printf("%llu of them are of jobs the catalogue no longer has\n", (unsigned long long)r->passed_over);
    if (r->unread > 0)
        (void)printf("%llu of them are of another version or damaged, and were not read\n", (unsigned long long)r->unread);
}

static int print_rules(const struct rehearsal *r, const struct sb_catalogue *catalogue)
{
    print_head(r);
    (void)printf("%-24s %6s %6s %7s  %-21s %s\n", "RULE", "FIRED", "FIRING", "FLAPPED", "LAST", "NOTICES");
    for (unsigned rule = 0; rule < SB_RULE_COUNT; rule++) {
        const struct rehearsal_tally *tally = &r->rules[rule];
        if (catalogue->alerts.rules[rule].is_off) {
            (void)printf("%-24s off in this catalogue\n", sb_rule_text(rule));
            continue;
        }
        (void)printf("%-24s %6u %6u %7u  ", sb_rule_text(rule), tally->fired, tally->firing, tally->flapped);
        print_time(tally->last, 22);
        print_notices(tally, catalogue);
    }
    return EXIT_OK;
}

static void print_alert(const struct rehearsed *alert)
{
    char buffer[24];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof(buffer));
    sb_text_add_duration(&text, alert->lasted);
    print_time(alert->at, 22);
    (void)printf("%-8s %-8s %-9s ", sb_severity_text(alert->severity), buffer,
                 !alert->is_over ? "firing" : alert->is_flapping ? "flapping" : "over");
    show_text(alert->subject, 26, 26);
    (void)putchar(' ');
    show_text(alert->text, 0, 0);
    (void)putchar('\n');
}

static int print_rule(const struct rehearsal *r, const struct sb_catalogue *catalogue)
{
    const struct rehearsal_tally *tally = &r->rules[r->rule];
    const struct rehearsed *alert;
    print_head(r);
    if (catalogue->alerts.rules[r->rule].is_off) {
        (void)printf("%s is off in this catalogue\n", sb_rule_text(r->rule));
        return EXIT_OK;
    }
    (void)printf("%s would have fired %u times, %u of them flapping; %u still fire\nnotices: ", sb_rule_text(r->rule), tally->fired,
                 tally->flapped, tally->firing);
    print_notices(tally, catalogue);
    if (r->kept_count > r->kept_max)
        (void)printf("the last %u (--limit shows more):\n", r->kept_max);
    if (r->kept_count > 0)
        (void)printf("\n%-21s %-8s %-8s %-9s %-26s %s\n", "FIRED", "SEVERITY", "LASTED", "STATE", "SUBJECT", "TEXT");
    for (uint32_t i = 0; (alert = kept_at(r, i)) != NULL; i++)
        print_alert(alert);
    return EXIT_OK;
}

static int read_rule(const char *name, uint8_t *rule)
{
    int found = name != NULL ? sb_field_enum_parse(SB_FIELD_rule, name) : SB_RULE_COUNT;
    if (found < 0) {
        complain("alert test: there is no rule \"%.40s\"; alert test without a name lists them", name);
        return EXIT_USAGE;
    }
    *rule = (uint8_t)found;
    return EXIT_OK;
}

int alert_test(struct options *options, const char *rule)
{
    struct installation in;
    struct sb_error err = { 0 };
    int64_t last_ms = 0;
    struct rehearsal r = { .to = sb_wall_now().ns, .kept_max = (uint32_t)options->limit };
    if (read_rule(rule, &r.rule) != EXIT_OK)
        return EXIT_USAGE;
    if (!client_span(options->last != NULL ? options->last : "7d", &last_ms)) {
        complain("--last \"%.20s\": expected a time such as 12h or 7d", options->last);
        return EXIT_USAGE;
    }
    r.from = sb_ns_sub(r.to, SB_MS(last_ms)) > 0 ? sb_ns_sub(r.to, SB_MS(last_ms)) : 0;
    int code = installation_open_store(&in, options, true);
    if (code != EXIT_OK)
        return code;
    enum sb_err rc = rehearsal_run(&r, &in, &err);
    if (rc != SB_OK) {
        complain("%s", err.text);
        code = exit_code_of(rc);
    } else if (options->is_json) {
        code = print_json(&r, in.catalogue);
    } else {
        code = r.rule < SB_RULE_COUNT ? print_rule(&r, in.catalogue) : print_rules(&r, in.catalogue);
    }
    rehearsal_deinit(&r);
    installation_close(&in);
    return code;
}

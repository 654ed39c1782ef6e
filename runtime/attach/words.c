/* A command as docs/API.md has it: targets by name. Every field of a command is here, in the order of its list; the test counts them. */
#include "parts.h"

#include "signalbox/codec/codec.h"

#include <stdlib.h>

enum { WORDS_MAX = 8192 };

static void put_text(struct sb_json_out *out, const char *key, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    sb_json_key(out, key);
    sb_json_string(out, text);
}

static void put_number(struct sb_json_out *out, const char *key, uint64_t number)
{
    sb_json_key(out, key);
    sb_json_integer(out, (int64_t)number);
}

static const char *site_name(const struct attached_names *names, unsigned site)
{
    return site < SB_SITES_MAX ? names->sites[site] : "";
}

static bool has_target(const struct attached_names *names, const struct sb_command *command)
{
    const bool is_of_site = command->kind == SB_COMMAND_TRIP_BREAKER || command->kind == SB_COMMAND_RESET_BREAKER;
    if (command->job != SB_NO_JOB && (command->job >= SB_JOBS_MAX || names->jobs[command->job][0] == '\0'))
        return false;
    return !is_of_site || site_name(names, command->site)[0] != '\0';
}

char *attached_command_words(const struct attached_names *names, uint64_t console, const struct sb_command *command)
{
    struct sb_json_out *out = has_target(names, command) ? sb_json_out_create(WORDS_MAX) : NULL;
    if (out == NULL)
        return NULL;
    sb_json_object_begin(out);
    put_number(out, "console", console);
    put_number(out, "id", command->id);
    put_text(out, "kind", sb_command_infos[command->kind].name);
    put_text(out, "category", sb_field_enum_text(SB_FIELD_category, command->category));
    put_text(out, "component", sb_field_enum_text(SB_FIELD_component, command->component));
    put_text(out, "policy", sb_field_enum_text(SB_FIELD_lane_policy, command->policy));
    put_text(out, "tier", sb_field_enum_text(SB_FIELD_tier, command->tier));
    put_text(out, "site", site_name(names, command->site));
    sb_json_key(out, "confirmed");
    sb_json_boolean(out, command->confirmed);
    if (command->job != SB_NO_JOB)
        put_text(out, "job", names->jobs[command->job]);
    if (command->ctx != SB_NO_CTX)
        put_number(out, "context", command->ctx);
    put_number(out, "alert", command->alert);
    put_number(out, "run", command->run);
    put_text(out, "actor", command->actor); /* the runtime believes the socket, not this */
    put_text(out, "reason", command->reason);
    put_number(out, "lasts_ms", command->lasts > 0 ? (uint64_t)(command->lasts / SB_MS(1)) : 0);
    put_text(out, "rule", sb_field_enum_text(SB_FIELD_rule, command->rule));
    put_text(out, "subject", command->subject);
    sb_json_object_end(out);
    char *words = sb_json_out_take(out);
    sb_json_out_destroy(out);
    return words;
}

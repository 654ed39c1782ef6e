/* The incident that operators work on: one id which every console shows and every later command carries. It is a name and no state of any job;
 * what rules find are alerts. At most one is open, so that a command never has to say which one it belongs to. Core thread only. */
#include "state.h"

enum { ID_MAX = 32, DATE_DIGITS = 8 };

/* It becomes part of a path and of a header line. */
static bool is_id(const char *id)
{
    size_t size = 0;
    for (; id[size] != '\0'; size++) {
        const char c = id[size];
        const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (!is_word && (size == 0 || (c != '-' && c != '.')))
            return false;
    }
    return size > 0 && size < ID_MAX;
}

/* 20261127 */
static uint64_t day_of(struct sb_wall wall)
{
    char stamp[40];
    struct sb_text text;
    uint64_t day = 0;
    sb_text_init(&text, stamp, sizeof(stamp));
    sb_text_add_wall(&text, wall, false);
    for (size_t i = 0, digits = 0; i < text.len && digits < DATE_DIGITS; i++)
        if (stamp[i] >= '0' && stamp[i] <= '9') {
            day = day * 10 + (uint64_t)(stamp[i] - '0');
            digits++;
        }
    return day;
}

static void next_id(struct sb_core *core, char id[SB_NAME_MAX])
{
    struct incident *incident = &core->incident;
    const uint64_t day = day_of(core->wall);
    struct sb_text text;
    incident->number = incident->day == day ? incident->number + 1 : 1;
    incident->day = day;
    sb_text_init(&text, id, SB_NAME_MAX);
    sb_text_add(&text, "INC-");
    sb_text_add_u64(&text, day);
    sb_text_add_char(&text, '-');
    sb_text_add_u64(&text, incident->number);
}

/* The number of an id of next_id, so that no id is given out twice. */
static void learn_number(struct incident *incident, const char *id)
{
    const char *dash = strlen(id) > 4 ? strchr(id + 4, '-') : NULL;
    char day[SB_NAME_MAX];
    uint64_t on = 0, number = 0;
    if (strncmp(id, "INC-", 4) != 0 || dash == NULL || !sb_copy_n(day, sizeof(day), id + 4, (size_t)(dash - id) - 4) ||
        !sb_parse_u64(day, &on) || !sb_parse_u64(dash + 1, &number) || number > UINT32_MAX - 1)
        return;
    if (on > incident->day || (on == incident->day && number > incident->number)) {
        incident->day = on;
        incident->number = (uint32_t)number;
    }
}

struct sb_event sb_incident_event(const struct sb_core *core)
{
    const struct incident *incident = &core->incident;
    struct sb_event event = sb_event_make(core, SB_EVENT_INCIDENT_OPENED);
    event.now = incident->since;
    event.wall = incident->since_wall;
    memcpy(event.as.incident_opened.incident, incident->id, SB_NAME_MAX);
    memcpy(event.as.incident_opened.actor, incident->actor, SB_NAME_MAX);
    memcpy(event.as.incident_opened.reason, incident->reason, SB_NOTE_MAX);
    return event;
}

static void join(struct sb_core *core, const struct sb_command *command, struct sb_text *outcome)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_INCIDENT_JOINED);
    memcpy(event.as.incident_joined.incident, core->incident.id, SB_NAME_MAX);
    (void)sb_copy(event.as.incident_joined.actor, SB_NAME_MAX, command->actor);
    sb_core_emit(core, &event);
    sb_text_add(outcome, "joined incident ");
    sb_text_add(outcome, core->incident.id);
}

bool sb_incident_open(struct sb_core *core, const struct sb_command *command, struct sb_text *outcome)
{
    struct incident *incident = &core->incident;
    if (command->subject[0] != '\0' && !is_id(command->subject)) {
        sb_text_add(outcome, "an incident's id has 1 to 31 letters, digits and - _ . (a letter or digit first)");
        return false;
    }
    if (incident->is_open && command->subject[0] != '\0' && !sb_streq(command->subject, incident->id)) {
        sb_text_add(outcome, "incident ");
        sb_text_add(outcome, incident->id);
        sb_text_add(outcome, " is open; close it first, or join it");
        return false;
    }
    if (incident->is_open) {
        join(core, command, outcome);
        return true;
    }
    if (command->subject[0] == '\0') {
        next_id(core, incident->id);
    } else {
        (void)sb_copy(incident->id, sizeof(incident->id), command->subject);
        learn_number(incident, incident->id);
    }
    incident->is_open = true;
    incident->since = core->now;
    incident->since_wall = core->wall;
    (void)sb_copy(incident->actor, sizeof(incident->actor), command->actor);
    note_copy(incident->reason, command->reason);
    struct sb_event event = sb_incident_event(core);
    sb_core_emit(core, &event);
    sb_text_add(outcome, "opened incident ");
    sb_text_add(outcome, incident->id);
    return true;
}

bool sb_incident_close(struct sb_core *core, const struct sb_command *command, struct sb_text *outcome)
{
    struct incident *incident = &core->incident;
    if (!incident->is_open) {
        sb_text_add(outcome, "no incident is open");
        return false;
    }
    if (command->subject[0] != '\0' && !sb_streq(command->subject, incident->id)) {
        sb_text_add(outcome, "the open incident is ");
        sb_text_add(outcome, incident->id);
        return false;
    }
    struct sb_event event = sb_event_make(core, SB_EVENT_INCIDENT_CLOSED);
    memcpy(event.as.incident_closed.incident, incident->id, SB_NAME_MAX);
    (void)sb_copy(event.as.incident_closed.actor, SB_NAME_MAX, command->actor);
    event.as.incident_closed.lasted = core->now - incident->since;
    incident->is_open = false;
    sb_core_emit(core, &event);
    sb_text_add(outcome, "closed incident ");
    sb_text_add(outcome, incident->id);
    return true;
}

void sb_incident_note(struct sb_core *core, const struct sb_command *command)
{
    if (!core->incident.is_open || command->kind == SB_COMMAND_INCIDENT_OPEN || command->kind == SB_COMMAND_INCIDENT_CLOSE)
        return;
    struct sb_event event = sb_event_make(core, SB_EVENT_INCIDENT_ACTION);
    event.as.incident_action.command = command->id;
    event.as.incident_action.kind = command->kind;
    memcpy(event.as.incident_action.incident, core->incident.id, SB_NAME_MAX);
    (void)sb_copy(event.as.incident_action.actor, SB_NAME_MAX, command->actor);
    note_copy(event.as.incident_action.reason, command->reason);
    sb_core_emit(core, &event);
}

void sb_incident_restore(struct sb_core *core, const struct sb_in_restore_incident *restored)
{
    struct incident *incident = &core->incident;
    char id[SB_NAME_MAX];
    if (!sb_copy_n(id, sizeof(id), restored->incident, strnlen(restored->incident, SB_NAME_MAX - 1)) || !is_id(id) || core->is_begun)
        return;
    learn_number(incident, id);
    if (!restored->is_open)
        return;
    const sb_ns ago = restored->at > 0 && restored->at < core->wall.ns ? core->wall.ns - restored->at : 0;
    incident->is_open = true;
    incident->since = core->now - ago;
    incident->since_wall = (struct sb_wall){ core->wall.ns - ago };
    (void)sb_copy_n(incident->id, sizeof(incident->id), id, strlen(id));
    (void)sb_copy_n(incident->actor, sizeof(incident->actor), restored->actor, strnlen(restored->actor, SB_NAME_MAX - 1));
    (void)sb_copy_n(incident->reason, sizeof(incident->reason), restored->reason, strnlen(restored->reason, SB_NOTE_MAX - 1));
}

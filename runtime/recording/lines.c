/* Owns the way from a line to an event. Recordings may come from anybody: a line is an event that the fold can bear, or it is named and
 * passed over. The fold adds times and sums of money, so values which no clock and no purse can have are none. Any thread. */
#include "lines.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

#include <stdlib.h>
#include <string.h>

#define TIME_MAX SB_DAY(36500)          /* a hundred years: also of durations */
#define WALL_MAX (SB_DAY(365) * 230)    /* the year 2200 */
#define NUMBER_MAX INT64_C(1000000000000000)

void mistake(struct mistakes *mistakes, const char *name, uint64_t line, const char *what)
{
    if (mistakes->count++ > 0)
        return;
    struct sb_text text;
    sb_text_init(&text, mistakes->first, sizeof(mistakes->first));
    sb_text_add(&text, name);
    sb_text_add(&text, ":");
    sb_text_add_u64(&text, line);
    sb_text_add(&text, ": ");
    sb_text_add(&text, what);
}

static bool is_within(int64_t value, int64_t max)
{
    return value >= -max && value <= max;
}

/* The name of the first field that cannot be, or NULL. */
static const char *wrong_field(const struct sb_event *event)
{
    const struct sb_kind_info *const info = &sb_event_infos[event->kind];

    if (event->now < 0 || event->now > TIME_MAX)
        return "now";
    if (event->wall.ns < 0 || event->wall.ns > WALL_MAX)
        return "wall";
    for (unsigned i = 0; i < info->field_count; i++) {
        const struct sb_field *const field = &info->fields[i];
        int64_t value = 0;
        if (field->type != SB_FIELD_ns && field->type != SB_FIELD_wall && field->type != SB_FIELD_i64 && field->type != SB_FIELD_usd)
            continue;
        memcpy(&value, (const char *)&event->as + field->offset, sizeof(value));
        const int64_t max = field->type == SB_FIELD_ns ? TIME_MAX : field->type == SB_FIELD_wall ? WALL_MAX : NUMBER_MAX;
        if (!is_within(value, max))
            return field->name;
    }
    return NULL;
}

static bool read_one(struct sb_event *event, const char *line, size_t size, const char *name, uint64_t number, struct mistakes *mistakes)
{
    struct sb_error err = { SB_OK, "" };

    if (size == 0)
        return false; /* an empty line is no mistake */
    if (size > SB_CODEC_EVENT_MAX) {
        mistake(mistakes, name, number, "the line is longer than an event can be");
        return false;
    }
    if (sb_codec_event_read(line, size, event, &err) != SB_OK) {
        mistake(mistakes, name, number, err.text);
        return false;
    }
    const char *const wrong = wrong_field(event);
    if (wrong != NULL) {
        (void)sb_error_set(&err, SB_ERR_INVALID, "%s.%s is no possible value", sb_event_infos[event->kind].name, wrong);
        mistake(mistakes, name, number, err.text);
    }
    return wrong == NULL;
}

static bool make_room(struct events *events)
{
    if (events->count < events->cap)
        return true;
    const size_t cap = events->cap == 0 ? 512 : events->cap * 2;
    struct sb_event *grown = realloc(events->items, cap * sizeof(*grown));
    if (grown == NULL)
        return false;
    events->items = grown;
    events->cap = cap;
    return true;
}

size_t lines_read(struct events *events, const char *bytes, size_t size, const char *name, uint64_t *line, struct mistakes *mistakes)
{
    size_t at = 0;

    for (const char *end; at < size && (end = memchr(bytes + at, '\n', size - at)) != NULL; at = (size_t)(end - bytes) + 1) {
        size_t length = (size_t)(end - bytes) - at;
        length -= length > 0 && bytes[at + length - 1] == '\r';
        if (!make_room(events))
            return SIZE_MAX;
        ++*line;
        events->count += read_one(&events->items[events->count], bytes + at, length, name, *line, mistakes);
    }
    return at;
}

size_t lines_snapshot(const struct events *events)
{
    size_t at = 0;

    if (events->count == 0 || events->items[0].kind != SB_EVENT_RUNTIME_STARTED)
        return 0;
    while (at < events->count && events->items[at].seq == 0)
        if (events->items[at++].kind == SB_EVENT_DESCRIBED)
            break;
    return at;
}

/* Passes `word` and a number behind it. */
static bool take(const char **at, const char *end, const char *word, uint64_t *out)
{
    const size_t length = strlen(word);
    if ((size_t)(end - *at) < length || memcmp(*at, word, length) != 0)
        return false;
    *at += length;
    const char *const first = *at;
    for (*out = 0; *at < end && **at >= '0' && **at <= '9' && *at - first < 19; ++*at)
        *out = *out * 10 + (uint64_t)(**at - '0');
    return *at > first;
}

bool line_peek(const char *line, size_t size, uint64_t *seq, struct sb_wall *wall)
{
    const char *at = line, *const end = line + size;
    uint64_t now, ns;

    if (!take(&at, end, "{\"seq\":", seq) || !take(&at, end, ",\"now\":", &now) || !take(&at, end, ",\"wall\":", &ns) || ns > (uint64_t)WALL_MAX)
        return false;
    wall->ns = (int64_t)ns;
    return true;
}

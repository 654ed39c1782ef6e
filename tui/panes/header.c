/* The two lines that are always on screen: who and when this picture is, and how things stand. When the width is short, words become
 * short first and then leave, the least important ones first. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { PARTS_MAX = 16, PART_MAX = 96 };

struct part {
    char text[PART_MAX], brief[PART_MAX]; /* brief "": there is no short form */
    bool is_last_resort;                  /* its short form loses something: only when nothing is left to drop */
    enum sb_slot slot;
    uint8_t drop;                         /* 0: stays; the highest leaves first */
    bool is_brief, is_out;
};

struct line {
    struct part parts[PARTS_MAX];
    unsigned count;
};

static struct sb_text part_begin(struct line *line, uint8_t drop, enum sb_slot slot)
{
    struct sb_text text;
    struct part *const part = &line->parts[line->count < PARTS_MAX - 1 ? line->count++ : PARTS_MAX - 1];
    memset(part, 0, sizeof *part);
    part->slot = slot;
    part->drop = drop;
    sb_text_init(&text, part->text, sizeof part->text);
    return text;
}

static void part_brief(struct line *line, const char *brief)
{
    sb_copy(line->parts[line->count - 1].brief, PART_MAX, brief);
}

static void part_last_resort(struct line *line, const char *brief)
{
    part_brief(line, brief);
    line->parts[line->count - 1].is_last_resort = true;
}

static const char *said(const struct part *part)
{
    return part->is_brief ? part->brief : part->text;
}

static unsigned width_of(const struct line *line, bool is_ascii)
{
    unsigned width = 0;
    for (unsigned i = 0; i < line->count; i++) {
        if (!line->parts[i].is_out)
            width += 1 + sb_view_width(said(&line->parts[i]), strlen(said(&line->parts[i])), is_ascii, PART_MAX);
    }
    return width == 0 ? 0 : width - 1;
}

static void shorten(struct line *line, bool is_ascii, unsigned cols, bool is_last_resort)
{
    for (unsigned i = line->count; i-- > 0 && width_of(line, is_ascii) > cols;) {
        if (line->parts[i].brief[0] != '\0' && line->parts[i].is_last_resort == is_last_resort)
            line->parts[i].is_brief = true;
    }
}

static void fit(struct line *line, bool is_ascii, unsigned cols)
{
    shorten(line, is_ascii, cols, false);
    while (width_of(line, is_ascii) > cols) {
        struct part *worst = NULL;
        for (unsigned i = 0; i < line->count; i++) {
            struct part *const part = &line->parts[i];
            if (!part->is_out && part->drop > 0 && (worst == NULL || part->drop > worst->drop))
                worst = part;
        }
        if (worst == NULL)
            break;
        worst->is_out = true;
    }
    shorten(line, is_ascii, cols, true);
}

static void line_draw(struct line *line, const struct sb_view *view, unsigned row)
{
    const unsigned cols = view->box.cols;
    sb_view_fill(view, row, 0, cols, ' ', ' ', SB_SLOT_BAR);
    fit(line, view->is_ascii, cols);
    unsigned at = 0;
    for (unsigned i = 0; i < line->count && at < cols; i++) {
        if (!line->parts[i].is_out)
            at += 1 + sb_view_text(view, row, at, cols - at, line->parts[i].slot, said(&line->parts[i]));
    }
}

/* Whose host, version and configuration line 1 names: those of the picture. */
static const struct sb_model *named(const struct sb_screen *screen)
{
    return screen->past != NULL ? screen->past : screen->live;
}

static void add_where(const struct sb_screen *screen, struct line *line)
{
    const struct sb_model *const model = named(screen);
    struct sb_text text = part_begin(line, 0, SB_SLOT_BAR);
    const char *const host = model->host[0] != '\0' ? model->host : "?";
    if (screen->environment[0] != '\0') {
        sb_text_add(&text, screen->environment);
        sb_text_add(&text, "/");
    }
    sb_text_add(&text, host);
    if (model->is_practice && sb_streq(screen->environment, "practice"))
        part_brief(line, host); /* the PRACTICE mark says the rest */
    if (screen->node[0] != '\0') {
        text = part_begin(line, 3, SB_SLOT_BAR);
        sb_text_add(&text, screen->node);
    }
}

static void add_build(const struct sb_model *model, struct line *line)
{
    struct sb_text text = part_begin(line, 5, SB_SLOT_BAR);
    sb_text_add(&text, "v");
    sb_text_add(&text, model->version[0] != '\0' ? model->version : "?");
    text = part_begin(line, 4, SB_SLOT_BAR);
    sb_text_add(&text, "cfg ");
    if (model->config_hash[0] == '\0')
        sb_text_add(&text, "?");
    else
        sb_text_add_n(&text, model->config_hash, strnlen(model->config_hash, 7)); /* as much as tells two apart */
}

/* The console asks for a heartbeat every second: three without one and the picture is old. */
#define STALE_AFTER SB_S(3)

/* LIVE with the age of the newest event or heartbeat, or FROZEN with the time since, or what keeps it from being either. */
static void add_mode(const struct sb_screen *screen, struct line *line, struct sb_now now)
{
    const struct sb_model *const model = screen->live;
    if (named(screen)->is_practice) {
        struct sb_text text = part_begin(line, 0, SB_SLOT_BANNER);
        sb_text_add(&text, "PRACTICE");
        part_last_resort(line, "PRACT");
    }
    if (screen->past != NULL) {
        char brief[PART_MAX];
        struct sb_text text = part_begin(line, 0, SB_SLOT_BANNER);
        sb_past_add_mode(screen, now.wall, false, &text);
        sb_text_init(&text, brief, sizeof brief);
        sb_past_add_mode(screen, now.wall, true, &text);
        part_last_resort(line, brief);
        return;
    }
    if (screen->is_frozen) {
        struct sb_text text = part_begin(line, 0, SB_SLOT_BAR_WARN);
        const sb_ns frozen = now.mono > screen->frozen_at.mono ? (now.mono - screen->frozen_at.mono) / SB_S(1) : 0;
        sb_text_add(&text, "FROZEN -");
        sb_text_add_padded(&text, (uint64_t)frozen / 60, 2);
        sb_text_add(&text, ":");
        sb_text_add_padded(&text, (uint64_t)frozen % 60, 2);
        text = part_begin(line, 1, SB_SLOT_BAR_WARN);
        sb_text_add(&text, "+");
        sb_text_add_u64(&text, model->changes - screen->frozen_changes);
        sb_text_add(&text, " unseen");
        if (screen->source.state == SB_SOURCE_LOST) {
            text = part_begin(line, 1, SB_SLOT_BAR_WARN);
            sb_text_add(&text, "LOST");
        }
        return;
    }
    const sb_ns as_of = model->is_described ? model->now : screen->source.since;
    const sb_ns age = now.mono > as_of ? now.mono - as_of : 0;
    const bool is_lost = screen->source.state == SB_SOURCE_LOST;
    const char *const word = is_lost                ? "LOST"
                             : !model->is_described ? "CONNECTING"
                             : model->is_drained   ? "ENDED"
                             : age > STALE_AFTER   ? "STALE"
                             : model->is_draining  ? "DRAINING"
                                                   : "LIVE";
    struct sb_text text = part_begin(line, 0, sb_streq(word, "LIVE") ? SB_SLOT_BAR : SB_SLOT_BAR_WARN);
    sb_text_add(&text, word);
    if (model->is_described || is_lost) {
        sb_text_add(&text, " ");
        if (age < SB_MIN(1)) { /* whole seconds: tenths would be painted anew every second */
            sb_text_add_u64(&text, (uint64_t)((age + SB_MS(500)) / SB_S(1)));
            sb_text_add(&text, "s");
        } else {
            sb_model_add_age(&text, age);
        }
    }
}

/* As far as there is room its whole id; its end tells two of a day apart. */
static void add_incident(const struct sb_model *model, struct line *line)
{
    if (!model->incident.is_open)
        return;
    struct sb_text text = part_begin(line, 0, SB_SLOT_BAR_WARN);
    const char *const id = model->incident.id;
    sb_text_add(&text, id);
    part_last_resort(line, strlen(id) > 6 ? id + strlen(id) - 6 : id);
}

static void draw_first(const struct sb_screen *screen, const struct sb_view *view, struct sb_now now)
{
    struct line line = {.count = 0};
    struct sb_text text = part_begin(&line, 0, SB_SLOT_BAR);
    sb_text_add(&text, "SIGNALBOX");
    part_last_resort(&line, "SB");
    add_where(screen, &line);
    add_build(named(screen), &line);
    text = part_begin(&line, 0, SB_SLOT_BAR);
    sb_text_add_wall(&text, now.wall, false);
    char clock[16];
    sb_text_init(&text, clock, sizeof clock);
    sb_text_add_clock(&text, now.wall);
    part_last_resort(&line, clock);
    add_mode(screen, &line, now);
    add_incident(screen->live, &line);
    text = part_begin(&line, 6, SB_SLOT_BAR);
    sb_text_add(&text, "op ");
    sb_text_add(&text, screen->actor[0] != '\0' ? screen->actor : "?");
    text = part_begin(&line, 3, sb_is_viewer(screen) ? SB_SLOT_BAR_WARN : SB_SLOT_BAR);
    sb_text_add(&text, sb_is_viewer(screen) ? "VIEWER" : "WRITER");
    part_brief(&line, sb_is_viewer(screen) ? "V" : "W");
    line_draw(&line, view, 0);
}

static void add_counts(const struct sb_model *model, struct line *line)
{
    static const struct {
        enum sb_job_state state;
        const char *word;
        enum sb_slot slot;
        uint8_t drop;
        bool is_always;
    } counts[] = {
        {SB_JOB_STATE_FAIL, "FAIL", SB_SLOT_BAR_BAD, 0, true},    {SB_JOB_STATE_HELD, "HELD", SB_SLOT_BAR_WARN, 2, false},
        {SB_JOB_STATE_RUN, "RUN", SB_SLOT_BAR, 3, true},          {SB_JOB_STATE_PAUSED, "PAUS", SB_SLOT_BAR_WARN, 4, false},
        {SB_JOB_STATE_WAIT, "WAIT", SB_SLOT_BAR, 5, true},        {SB_JOB_STATE_OK, "OK", SB_SLOT_BAR, 6, true},
    };
    for (unsigned i = 0; i < SB_LEN(counts); i++) {
        const uint32_t count = model->jobs_in_state[counts[i].state];
        if (count == 0 && !counts[i].is_always)
            continue;
        struct sb_text text = part_begin(line, counts[i].drop, count > 0 ? counts[i].slot : SB_SLOT_BAR);
        sb_text_add(&text, counts[i].word);
        sb_text_add(&text, " ");
        sb_text_add_u64(&text, count);
    }
}

static void add_pool(const struct sb_model *model, struct line *line)
{
    struct sb_text text = part_begin(line, 4, model->is_saturated ? SB_SLOT_BAR_WARN : SB_SLOT_BAR);
    sb_text_add(&text, "| ctx ");
    sb_text_add_u64(&text, sb_model_contexts_leased(model));
    sb_text_add(&text, "/");
    sb_text_add_u64(&text, model->pool_contexts);
    sb_text_add(&text, " q");
    sb_text_add_u64(&text, model->waiter_count);
}

static void add_budget(const struct sb_model *model, struct line *line)
{
    const struct sb_model_budget *const budget = &model->budget;
    if (!budget->is_known)
        return;
    const bool is_bad = budget->tier >= SB_TIER_CRITICAL, is_low = budget->tier == SB_TIER_LOW;
    struct sb_text text = part_begin(line, is_bad ? 0 : 3, is_bad ? SB_SLOT_BAR_BAD : is_low ? SB_SLOT_BAR_WARN : SB_SLOT_BAR);
    sb_text_add(&text, "| LLM ");
    sb_text_add(&text, sb_tier_text(budget->tier));
    sb_text_add(&text, " ");
    const int64_t unit = budget->limit.nano / 100;
    sb_text_add_u64(&text, unit > 0 && budget->spent.nano > 0 ? (uint64_t)(budget->spent.nano / unit) : 0);
    sb_text_add(&text, "%");
}

static void draw_second(const struct sb_screen *screen, const struct sb_view *view)
{
    const struct sb_model *const model = screen->model;
    struct line line = {.count = 0};
    struct sb_text text = part_begin(&line, 7, SB_SLOT_BAR);
    sb_text_add_u64(&text, model->job_count);
    sb_text_add(&text, " jobs");
    if (model->all_paused.is_on) {
        text = part_begin(&line, 0, SB_SLOT_BAR_WARN);
        sb_text_add(&text, "ALL PAUSED by ");
        sb_text_add(&text, model->all_paused.actor);
        part_brief(&line, "ALL PAUSED");
    }
    add_counts(model, &line);
    add_pool(model, &line);
    add_budget(model, &line);
    const uint32_t unacked = sb_model_alerts_unacked(model);
    text = part_begin(&line, 0, unacked > 0 ? SB_SLOT_BAR_BAD : SB_SLOT_BAR);
    sb_text_add(&text, "| ALERT ");
    sb_text_add_u64(&text, unacked);
    sb_text_add(&text, "/");
    sb_text_add_u64(&text, model->alert_count);
    const unsigned worst = sb_model_worst_component(model);
    if (worst != SB_COMPONENT_COUNT) {
        text = part_begin(&line, 1, model->components[worst].state == SB_COMPONENT_STATE_FAILED ? SB_SLOT_BAR_BAD : SB_SLOT_BAR_WARN);
        sb_text_add(&text, "| ");
        sb_text_add(&text, sb_component_text(worst));
        sb_text_add(&text, " ");
        sb_text_add(&text, sb_component_state_text(model->components[worst].state));
    }
    const unsigned site = sb_model_open_breaker(model);
    if (site != SB_SITES_MAX) {
        text = part_begin(&line, 1, SB_SLOT_BAR_BAD);
        sb_text_add(&text, "| site ");
        sb_text_add(&text, model->breakers[site].name);
        sb_text_add(&text, " ");
        sb_text_add(&text, sb_breaker_state_text(model->breakers[site].state));
    }
    line_draw(&line, view, 1);
}

void sb_header_draw(struct sb_screen *screen, const struct sb_view *view, struct sb_now now)
{
    draw_first(screen, view, now);
    if (view->box.rows > 1)
        draw_second(screen, view);
}

/* What the files of the fold share: one event being folded, and how its cells are made. Private to this room. */
#ifndef SIGNALBOX_STORE_FOLDING_H
#define SIGNALBOX_STORE_FOLDING_H

#include "fold.h"
#include "fold_names.h"

#include "signalbox/model/alert.h"

#include <string.h>

struct sb_fold {
    struct sb_names names;
    char channels[SB_CHANNELS_MAX][SB_NAME_MAX];
    uint64_t numbers[SB_FOLD_NUMBER_COUNT], written[SB_FOLD_NUMBER_COUNT], durable[SB_FOLD_NUMBER_COUNT];
    char fallback[SB_NAME_MAX]; /* "#12": the name of a job nobody defined */
};

/* One event being folded. */
struct folding {
    struct sb_fold *fold;
    const struct sb_event *event;
    const struct sb_fold_exec *exec;
    struct sb_error *err;
    int64_t at_ms;
};

enum sb_err sb_fold_run(const struct folding *f, enum sb_fold_sql sql, const struct sb_cell *params, size_t count);
#define RUN(f, sql, ...) \
    sb_fold_run(f, SB_FOLD_SQL_##sql, (const struct sb_cell[]){ __VA_ARGS__ }, \
                sizeof((const struct sb_cell[]){ __VA_ARGS__ }) / sizeof(struct sb_cell))

/* A number was used: the next one is higher, also after a restart. */
void sb_fold_saw(struct sb_fold *fold, enum sb_fold_number number, uint64_t used);

static inline struct sb_cell sb_fold_integer(uint64_t value)
{
    return sb_cell_int((int64_t)value); /* ids beyond 2^63 do not occur */
}

/* A field is never longer than its array, terminated or not. */
static inline struct sb_cell sb_fold_words(const char *text, size_t cap)
{
    return (struct sb_cell){ .type = SB_CELL_TEXT, .text = text, .size = strnlen(text, cap) };
}
#define WORDS(array) sb_fold_words(array, sizeof(array))

/* NULL for "no job"; a number in words for one that was never defined. */
struct sb_cell sb_fold_job_name(const struct folding *f, uint16_t job);

static inline struct sb_cell sb_fold_none_or_step(uint8_t step)
{
    return step == SB_NO_STEP ? sb_cell_null() : sb_cell_int(step);
}

/* fold_jobs.c */
void sb_fold_jobs_clear(struct sb_fold *fold);
enum sb_err sb_fold_jobs_write(const struct folding *f);
enum sb_err sb_fold_job_watermark(const struct folding *f, uint16_t job, int64_t watermark);
enum sb_err sb_fold_job_ended(const struct folding *f, const struct sb_ev_run_ended *ended);

/* fold_alerts.c */
enum sb_err sb_store_on_alert_raised(const struct folding *f);
enum sb_err sb_store_on_alert_cleared(const struct folding *f);
enum sb_err sb_store_on_alert_acked(const struct folding *f);
enum sb_err sb_store_on_alert_unacked(const struct folding *f);
enum sb_err sb_store_on_alert_moved(const struct folding *f);
enum sb_err sb_store_on_breaker_changed(const struct folding *f);
enum sb_err sb_store_on_silence_set(const struct folding *f);
enum sb_err sb_store_on_silence_ended(const struct folding *f);
enum sb_err sb_store_on_channel_defined(const struct folding *f);
enum sb_err sb_store_on_notice_queued(const struct folding *f);
enum sb_err sb_store_on_notice_joined(const struct folding *f);
enum sb_err sb_store_on_notice_sent(const struct folding *f);
enum sb_err sb_store_on_notice_failed(const struct folding *f);

/* incident.c */
enum sb_err sb_store_on_incident_opened(const struct folding *f);
enum sb_err sb_store_on_incident_closed(const struct folding *f);
/* recoveries.c */
enum sb_err sb_store_on_recovery_ended(const struct folding *f);

#endif

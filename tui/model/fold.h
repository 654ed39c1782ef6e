/* Inside tui/model: one fold per kind of event, and what they share. */
#ifndef SB_TUI_MODEL_FOLD_H
#define SB_TUI_MODEL_FOLD_H

#include "signalbox/tui/model.h"

typedef void sb_fold(struct sb_model *model, const struct sb_event *event);

#define SB_FOLD_DECLARE(code, name, severity, text) sb_fold sb_fold_##name;
SB_EVENTS(SB_FOLD_DECLARE)
#undef SB_FOLD_DECLARE

/* NULL when the id is out of range or not defined. */
struct sb_model_job *sb_model_job_mutable(struct sb_model *model, uint16_t job);
struct sb_model_step *sb_model_step_mutable(struct sb_model *model, const struct sb_model_job *job, uint8_t step);
struct sb_model_ctx *sb_model_ctx_mutable(struct sb_model *model, uint16_t ctx);
/* Derives the job's state again and keeps the counters; to be called after anything it depends on changed. */
void sb_model_derive(struct sb_model *model, struct sb_model_job *job);
void sb_model_derive_all(struct sb_model *model);
/* Takes the run out of the queues for contexts. */
void sb_model_forget_waiter(struct sb_model *model, uint64_t run);
/* timeline.c: what the event begins or ends on the timeline; to be called before its fold. */
void sb_model_note_spans(struct sb_model *model, const struct sb_event *event);

#endif

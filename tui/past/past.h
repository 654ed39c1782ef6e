/* Inside tui/past: where it stands, and the models that are kept on the way. */
#ifndef SB_TUI_PAST_PAST_H
#define SB_TUI_PAST_PAST_H

#include "signalbox/tui/past.h"

enum {
    PAST_KEYS = 12,          /* kept models, about half a megabyte each */
    PAST_KEY_EVERY = 256,    /* events between two of them, at first */
    PAST_OVERLAPS = 64,
};
/* The fold begins at a snapshot so many bytes of recording before the part: more than an hour of an ordinary day. */
#define PAST_WINDOW ((uint64_t)512 << 10)

/* Everything before part `index`, and the first `n` events of it, with its snapshot. */
struct place {
    size_t index, n;
};

/* A model on the way from a base. */
struct key {
    struct sb_model *model;  /* NULL = none yet */
    uint64_t base, id;       /* of parts; base 0 = empty */
    size_t n;
    uint64_t folded;         /* events since the base */
};

struct sb_past {
    struct sb_history *history;
    struct sb_model *model;
    /* what the model is: as struct key */
    uint64_t base, id, folded;
    size_t n;
    uint64_t key_every;      /* of this base */
    bool is_unsure;          /* a part was met of which too little is written to tell whether it follows without a gap */
    struct key keys[PAST_KEYS];
    /* where it stands */
    bool has_place;
    struct place at;
    uint64_t at_id;
    struct sb_wall wall;
    /* what parts repeat of those before them */
    struct {
        uint64_t id;
        ptrdiff_t repeated;
    } overlaps[PAST_OVERLAPS];
};

/* How many events the part repeats of the one before it; -1: something is missing between them, and its snapshot is where to begin. */
enum sb_err past_overlap(struct sb_past *past, size_t index, ptrdiff_t *repeated, struct sb_error *err) SB_MUST_USE;
/* Makes the model the one of that place. */
enum sb_err past_fold_to(struct sb_past *past, struct place to, struct sb_error *err) SB_MUST_USE;
/* Empties what rests on parts that are no more. */
void past_forget_gone(struct sb_past *past);

#endif

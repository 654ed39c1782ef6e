/* The one matcher: capture checks, recovery, reconciliation, duplicate checks and metrics all compare texts here. Pure apart from malloc. */
#ifndef SIGNALBOX_STEPS_MATCH_H
#define SIGNALBOX_STEPS_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SB_MATCH_SIMILAR_PM = 700,  /* word overlap (Jaccard) from which two texts count as the same, permille */
    SB_MATCH_MARGIN_PM = 100,   /* the best must beat the second best by so much */
    SB_MATCH_CONTAINED_MIN = 30, /* shorter texts prove nothing by being contained */
};

/* NFKC, case folding, links dropped, white space collapsed and trimmed. malloc'ed; NULL for invalid UTF-8 or without memory. */
char *sb_match_normalise(const char *text);
/* Words in both over words in either, permille, of normalised texts. Two texts without any word: 1000 when equal, else 0. */
uint32_t sb_match_jaccard_pm(const char *a, const char *b);

enum sb_match_kind { SB_MATCH_NONE, SB_MATCH_SIMILAR, SB_MATCH_CONTAINED, SB_MATCH_EXACT };
/* How well two normalised texts match, best kind first; `*score_pm` may be NULL. */
enum sb_match_kind sb_match_pair(const char *a, const char *b, uint32_t *score_pm);

struct sb_match {
    enum sb_match_kind kind; /* NONE: nothing matches, or is_ambiguous */
    size_t index;            /* of the best candidate */
    uint32_t score_pm, second_pm;
    size_t exact_count;      /* candidates that match exactly */
    bool is_ambiguous;       /* the margin over the second best is too small: an operator decides */
};
/* Compares normalised `text` with normalised candidates (NULL entries are skipped). Exact beats contained beats similar. */
struct sb_match sb_match_best(const char *text, const char *const *candidates, size_t count);
/* Characters (code points after NFC), as sites count them; -1 for invalid UTF-8. */
int64_t sb_match_characters(const char *text);

#endif

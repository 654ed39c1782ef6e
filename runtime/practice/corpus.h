/* The words of the practice world. Private to practice. */
#ifndef SIGNALBOX_PRACTICE_CORPUS_H
#define SIGNALBOX_PRACTICE_CORPUS_H

#include "signalbox/base/text.h"

struct sb_corpus_idea {
    const char *topic, *angle, *tone, *format;
};

/* How many different texts there are before one comes again. */
uint64_t sb_corpus_size(void);
/* Text number `n` of the seed: at most 280 ASCII characters, different for every n below sb_corpus_size(). `idea` may be NULL. */
void sb_corpus_write(uint64_t seed, uint64_t n, struct sb_text *out, struct sb_corpus_idea *idea);

#endif

/* What the practice LLM endpoint remembers: how many answers it gave and what it charged. Private to practice. */
#ifndef SIGNALBOX_PRACTICE_LLM_WORLD_H
#define SIGNALBOX_PRACTICE_LLM_WORLD_H

#include "signalbox/base/units.h"

#include <stddef.h>
#include <stdint.h>

enum { SB_LLM_MODELS = 2 };

struct sb_llm_usage_row {
    const char *model;
    uint64_t calls, tokens_in, tokens_out, tokens_cached;
    struct sb_usd cost;
};

struct sb_llm_world;
/* `first` is the number of the first answer: a restarted world goes on instead of repeating itself. NULL when out of memory. */
struct sb_llm_world *sb_llm_world_create(uint64_t seed, uint64_t first);
void sb_llm_world_destroy(struct sb_llm_world *llm);
/* Any thread. */
void sb_llm_world_usage(struct sb_llm_world *llm, struct sb_llm_usage_row rows[SB_LLM_MODELS]);

#endif

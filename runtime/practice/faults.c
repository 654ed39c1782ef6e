/* Faults of the practice world: a short ordered list, drawn by a seeded generator of their own, so that setting one does not change when
 * another one hits. */
#include "faults.h"

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

struct sb_faults {
    struct sb_mutex *mutex;
    uint64_t seed;
    struct sb_fault_state items[SB_PRACTICE_FAULTS_MAX];
    uint32_t count, last_id;
};

struct kind_row {
    const char *name;
    bool is_for[SB_PRACTICE_TARGET_COUNT];
    const char *help;
};

static const struct kind_row kind_rows[] = {
#define FAULT_ROW(code, text, site, llm, help_text) { text, { site, llm }, help_text },
    SB_LIST_PRACTICE_FAULT(FAULT_ROW)
#undef FAULT_ROW
};

static const char *const target_texts[] = {
#define TARGET_ROW(code, text) text,
    SB_LIST_PRACTICE_TARGET(TARGET_ROW)
#undef TARGET_ROW
};

const char *sb_fault_target_text(unsigned target)
{
    return target < SB_PRACTICE_TARGET_COUNT ? target_texts[target] : NULL;
}

const char *sb_fault_kind_text(unsigned kind)
{
    return kind < SB_PRACTICE_FAULT_COUNT ? kind_rows[kind].name : NULL;
}

const char *sb_fault_kind_help(unsigned kind)
{
    return kind < SB_PRACTICE_FAULT_COUNT ? kind_rows[kind].help : NULL;
}

unsigned sb_fault_target_find(const char *text)
{
    unsigned i = 0;
    while (i < SB_PRACTICE_TARGET_COUNT && !sb_streq(target_texts[i], text)) {
        i++;
    }
    return i;
}

unsigned sb_fault_kind_find(const char *text)
{
    unsigned i = 0;
    while (i < SB_PRACTICE_FAULT_COUNT && !sb_streq(kind_rows[i].name, text)) {
        i++;
    }
    return i;
}

struct sb_faults *sb_faults_create(uint64_t seed)
{
    struct sb_faults *faults = calloc(1, sizeof *faults);
    if (!faults) {
        return NULL;
    }
    faults->seed = seed;
    faults->mutex = sb_mutex_create(SB_RANK_PRACTICE);
    if (!faults->mutex) {
        free(faults);
        return NULL;
    }
    return faults;
}

void sb_faults_destroy(struct sb_faults *faults)
{
    if (!faults) {
        return;
    }
    sb_mutex_destroy(faults->mutex);
    free(faults);
}

static enum sb_err check(const struct sb_practice_fault *fault, struct sb_error *err)
{
    if (fault->target >= SB_PRACTICE_TARGET_COUNT) {
        return sb_error_set(err, SB_ERR_INVALID, "a fault's target is \"site\" or \"llm\"");
    }
    if (fault->kind >= SB_PRACTICE_FAULT_COUNT) {
        return sb_error_set(err, SB_ERR_INVALID, "there is no such kind of fault");
    }
    if (!kind_rows[fault->kind].is_for[fault->target]) {
        return sb_error_set(err, SB_ERR_INVALID, "fault %s is not for target %s", kind_rows[fault->kind].name,
                            target_texts[fault->target]);
    }
    if (fault->probability_pm < 1 || fault->probability_pm > 1000) {
        return sb_error_set(err, SB_ERR_INVALID, "a fault's probability_pm is 1 to 1000 per mille, not %u", fault->probability_pm);
    }
    const bool is_delay = fault->kind == SB_PRACTICE_FAULT_DELAY || fault->kind == SB_PRACTICE_FAULT_LATE_VISIBILITY;
    if (is_delay && (fault->delay_ms < 1 || fault->delay_ms > SB_PRACTICE_DELAY_MAX_MS || fault->delay_max_ms > SB_PRACTICE_DELAY_MAX_MS)) {
        return sb_error_set(err, SB_ERR_INVALID, "a delay is 1 to %d ms, not %u", SB_PRACTICE_DELAY_MAX_MS, fault->delay_ms);
    }
    return SB_OK;
}

enum sb_err sb_faults_add(struct sb_faults *faults, const struct sb_practice_fault *fault, uint32_t *id, struct sb_error *err)
{
    enum sb_err code = check(fault, err);
    if (code != SB_OK) {
        return code;
    }
    uint32_t added = 0;
    sb_mutex_lock(faults->mutex);
    if (faults->count < SB_PRACTICE_FAULTS_MAX) {
        added = ++faults->last_id;
        faults->items[faults->count++] = (struct sb_fault_state){
            .fault = *fault, .id = added, .left = fault->count, .rng = sb_hash_fold(faults->seed, added),
        };
    }
    sb_mutex_unlock(faults->mutex);
    if (added == 0) {
        return sb_error_set(err, SB_ERR_FULL, "%d faults are set already: clear them first", SB_PRACTICE_FAULTS_MAX);
    }
    if (id) {
        *id = added;
    }
    return SB_OK;
}

void sb_faults_clear(struct sb_faults *faults)
{
    sb_mutex_lock(faults->mutex);
    faults->count = 0;
    sb_mutex_unlock(faults->mutex);
}

static bool matches(const struct sb_fault_state *item, enum sb_practice_target target, const char *path)
{
    const bool is_spent = item->fault.count > 0 && item->left == 0;
    return !is_spent && item->fault.target == target && strncmp(path, item->fault.path, strlen(item->fault.path)) == 0;
}

static uint32_t draw_delay(struct sb_fault_state *item)
{
    struct sb_rng rng = { item->rng };
    const struct sb_practice_fault *fault = &item->fault;
    uint32_t delay_ms = fault->delay_ms;
    if (fault->delay_max_ms > fault->delay_ms) {
        delay_ms += (uint32_t)sb_rng_below(&rng, fault->delay_max_ms - fault->delay_ms + 1u);
    }
    item->rng = rng.state;
    return delay_ms;
}

static bool wins(struct sb_fault_state *item)
{
    struct sb_rng rng = { item->rng };
    const bool hit = sb_rng_below(&rng, 1000) < item->fault.probability_pm;
    item->rng = rng.state;
    return hit;
}

struct sb_fault_draw sb_faults_draw(struct sb_faults *faults, enum sb_practice_target target, const char *path)
{
    struct sb_fault_draw result = { .kind = SB_FAULT_NONE };
    sb_mutex_lock(faults->mutex);
    for (uint32_t i = 0; i < faults->count; i++) {
        struct sb_fault_state *item = &faults->items[i];
        const bool is_delay = item->fault.kind == SB_PRACTICE_FAULT_DELAY;
        const bool is_taken = is_delay ? result.delay_ms > 0 : result.kind != SB_FAULT_NONE;
        if (is_taken || !matches(item, target, path) || !wins(item)) {
            continue;
        }
        item->hits++;
        item->left -= item->fault.count > 0 ? 1u : 0u;
        if (is_delay) {
            result.delay_ms = draw_delay(item);
        } else {
            result.kind = (enum sb_practice_fault_kind)item->fault.kind;
            result.age_ms = item->fault.delay_ms;
        }
    }
    sb_mutex_unlock(faults->mutex);
    return result;
}

uint32_t sb_faults_list(struct sb_faults *faults, struct sb_fault_state out[SB_PRACTICE_FAULTS_MAX])
{
    sb_mutex_lock(faults->mutex);
    const uint32_t count = faults->count;
    memcpy(out, faults->items, count * sizeof out[0]);
    sb_mutex_unlock(faults->mutex);
    return count;
}

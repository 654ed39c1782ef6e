/* Answers about the past: the store's, with what only files and the catalogue know. Asker's thread; bounded by the op. */
#include "lookups.h"

#include "job_text.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/kept.h"
#include "signalbox/ports/receipts.h"

#include <stdlib.h>
#include <string.h>

enum { EFFECTS_LOOKED_AT = 200 };

static enum sb_err tell_job(const struct installation *in, const struct sb_lookup *lookup, struct sb_findings *findings, struct sb_error *err)
{
    const struct sb_job_alias *alias = NULL;
    uint16_t job = sb_catalogue_resolve(in->catalogue, lookup->name, &alias);
    struct sb_text text;
    if (job == SB_NO_JOB)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "the catalogue has no job %.60s", lookup->name);
    sb_text_init(&text, findings->text, sizeof(findings->text));
    job_text_write(in->catalogue, job, &text);
    return SB_OK;
}

/* What the receipts journal says of one row. */
struct effects_of {
    const char *id;
    struct sb_text *text;
    unsigned found;
};

static void add_effect(void *arg, const struct sb_effect *effect)
{
    static const char *const states[] = {
        [SB_EFFECT_NONE] = "none",           [SB_EFFECT_INTENDED] = "intended",  [SB_EFFECT_SUBMITTED] = "submitted, no receipt",
        [SB_EFFECT_RECEIVED] = "received",   [SB_EFFECT_SETTLED] = "settled",    [SB_EFFECT_ABSENT] = "proven absent",
    };
    struct effects_of *of = arg;
    if (!sb_streq(effect->last.decision_id, of->id))
        return;
    of->found++;
    sb_text_add_wall(of->text, effect->last.at, false);
    sb_text_addf(of->text, " %s", states[effect->state]);
    if (effect->last.post_id[0] != '\0')
        sb_text_addf(of->text, " post %s by %s", effect->last.post_id, effect->last.how);
    sb_text_addf(of->text, ", run %llu\n", (unsigned long long)effect->last.run);
}

static void tell_receipts(const struct installation *in, const struct sb_lookup *lookup, struct sb_findings *findings)
{
    struct sb_text text;
    struct effects_of of = { lookup->name, &text, 0 };
    const size_t used = strlen(findings->text);
    sb_text_init(&text, findings->text + used, sizeof(findings->text) - used);
    sb_text_add(&text, "= receipts, the newest first\n");
    sb_receipts_newest(in->services.receipts, EFFECTS_LOOKED_AT, &of, add_effect);
    if (of.found == 0)
        sb_text_addf(&text, "none among the newest %d effects\n", EFFECTS_LOOKED_AT);
}

enum sb_err lookups_answer(const void *self, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *findings,
                           struct sb_error *err)
{
    const struct installation *in = ((const struct verdict_source *)self)->installation;
    if (lookup->kind == SB_LOOKUP_JOB)
        return tell_job(in, lookup, findings, err);
    enum sb_err rc = sb_lookup_read(in->services.store, lookup, op, findings, err);
    if (rc == SB_OK && lookup->kind == SB_LOOKUP_RUN)
        sb_kept_paths(in->paths.state_dir, lookup->id, findings->text, sizeof(findings->text));
    if (rc == SB_OK && lookup->kind == SB_LOOKUP_CONTENT)
        tell_receipts(in, lookup, findings);
    return rc;
}

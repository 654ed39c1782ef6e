/* Settles rows whose publishing did not come to an end: claimed too long ago, by a process or a run that has ended, or
 * uncertain. Runs on the worker thread that holds the context (or without one: then only the receipts speak).
 *
 *   receipts say        row
 *   RECEIVED, SETTLED   saved as posted
 *   nothing, INTENT     queued again when it was only claimed: nothing can be on the site
 *   SUBMIT              uncertain, then the own profile decides:
 *                         one match            adopted
 *                         several exact        the earliest adopted, with a warning
 *                         several similar      stays uncertain for the operator
 *                         none                 stays uncertain until the horizon passed and two complete readings, at least 30 s apart
 *                                              and both after the horizon, found none; then ABSENT and queued again
 *   ABSENT              queued again
 *   not to be had: another node claimed the row
 *                       as SUBMIT, and the horizon begins when that one's lease had ended
 *   another row's post  skipped: the same text is out already
 *
 * It must never call a post absent without that proof: a wrong "absent" is a duplicate. */
#include "profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const sb_ns in_flight_bound = SB_S(30); /* a request that left before the deadline arrives within this or never */
static const sb_ns between_readings = SB_S(30);
static const sb_ns clock_skew = SB_MIN(1);     /* between the site's clock and ours */

struct recovery {
    const struct sb_native *native;
    struct sb_profile profile;
    bool is_read, is_unreadable; /* the profile is read once per step, when the first row needs it */
    int64_t since_ms;             /* where the oldest open row begins */
    int64_t saved, queued, open;
};

static int64_t ms(sb_ns duration)
{
    return duration / SB_MS(1);
}

static void note(const struct recovery *recovery, enum sb_severity severity, const struct sb_content_row *row, const char *text)
{
    sb_step_note(recovery->native->env, severity, "%s: %s", row->decision_id, text);
}

static enum sb_err move(const struct recovery *recovery, const struct sb_content_row *row, enum sb_content_status from,
                        enum sb_content_status to, const char *reason, struct sb_error *err)
{
    const struct sb_native *native = recovery->native;
    return sb_content_move(native->env->services->store, row->decision_id, row->claim_token, from, to, sb_step_now_ms(native->env), reason,
                           &native->env->op, err);
}

static enum sb_err settle(struct recovery *recovery, const struct sb_content_row *row, const char *effect_id, const char *post_id,
                          int64_t at_ms, struct sb_error *err)
{
    enum sb_err code = sb_effect_settle(recovery->native, row->decision_id, row->account, effect_id, post_id, at_ms, err);
    recovery->saved += code == SB_OK;
    return code;
}

/* Whether another row has that post already: then it is no candidate. */
static enum sb_err is_owned(const struct recovery *recovery, const struct sb_content_row *row, const char *post_id, bool *is,
                            struct sb_error *err)
{
    int64_t owners = 0;
    struct sb_cell params[] = { sb_cell_text(row->account), sb_cell_text(post_id), sb_cell_text(row->decision_id) };
    enum sb_err code = sb_native_number(recovery->native,
                                        "SELECT COUNT(*) FROM content_metadata WHERE account = $1 AND post_id = $2 AND decision_id <> $3",
                                        params, SB_LEN(params), 0, &owners, err);
    if (code == SB_OK)
        *is = owners > 0;
    return code;
}

/* Where the row's text was found. */
struct finding {
    const struct sb_profile_post *post; /* NULL: not found, or ambiguous */
    bool is_several, is_ambiguous;
};

/* Candidates are the account's posts since the intent which no other row owns. */
static enum sb_err look_for(const struct recovery *recovery, const struct sb_content_row *row, int64_t since_ms, struct finding *finding,
                            struct sb_error *err)
{
    const struct sb_profile *profile = &recovery->profile;
    const char **texts = calloc(profile->count + 1, sizeof *texts);
    char *normal = sb_match_normalise(row->text);
    struct finding found = { .post = NULL };
    struct sb_match match = { .kind = SB_MATCH_NONE };
    enum sb_err code = texts && normal ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for the comparison");
    for (size_t i = 0; i < profile->count && code == SB_OK; i++) {
        bool is_other = false;
        if (profile->posts[i].at_ms > 0 && profile->posts[i].at_ms < since_ms)
            continue;
        code = is_owned(recovery, row, profile->posts[i].id, &is_other, err);
        texts[i] = is_other ? NULL : profile->posts[i].normal;
    }
    if (code != SB_OK)
        goto out;
    match = sb_match_best(normal, texts, profile->count);
    found.is_ambiguous = match.is_ambiguous;
    if (match.kind != SB_MATCH_NONE)
        found.post = &profile->posts[match.index];
    found.is_several = match.exact_count > 1;
    for (size_t i = 0; i < profile->count && found.is_several; i++) /* the earliest of equal ones */
        if (texts[i] != NULL && strcmp(texts[i], normal) == 0 && profile->posts[i].at_ms < found.post->at_ms)
            found.post = &profile->posts[i];
    *finding = found;
out:
    free(normal);
    free(texts);
    return code;
}

static enum sb_err adopt(struct recovery *recovery, const struct sb_content_row *row, const char *effect_id, const struct finding *finding,
                         struct sb_error *err)
{
    struct sb_receipt receipt = sb_effect_receipt(recovery->native, SB_RECEIPT_RECEIPT, row, effect_id);
    char key[SB_EFFECT_ID_MAX + 16];
    struct sb_text text;
    (void)sb_copy(receipt.post_id, sizeof receipt.post_id, finding->post->id);
    (void)sb_copy(receipt.how, sizeof receipt.how, "profile");
    if (finding->post->at_ms > 0)
        receipt.at.ns = finding->post->at_ms * SB_MS(1);
    if (finding->is_several)
        note(recovery, SB_SEVERITY_WARN, row, "several posts have this text: the earliest is adopted");
    enum sb_err code = sb_effect_append(recovery->native, &receipt, row, err);
    if (code == SB_OK)
        code = settle(recovery, row, effect_id, finding->post->id, receipt.at.ns / SB_MS(1), err);
    if (code != SB_OK)
        return code;
    sb_text_init(&text, key, sizeof key);
    sb_text_addf(&text, "absent:%s", effect_id);
    sb_step_note(recovery->native->env, SB_SEVERITY_INFO, "post %s found on the profile and adopted", finding->post->id);
    return sb_native_meta_remove(recovery->native, key, err);
}

/* A complete reading after the horizon found nothing: the first one is remembered, the second one proves. */
static enum sb_err count_absence(struct recovery *recovery, const struct sb_content_row *row, const char *effect_id, struct sb_error *err)
{
    char key[SB_EFFECT_ID_MAX + 16];
    struct sb_text text;
    int64_t first = 0, read_at = recovery->profile.read_at_ms;
    sb_text_init(&text, key, sizeof key);
    sb_text_addf(&text, "absent:%s", effect_id);
    enum sb_err code = sb_native_meta_get(recovery->native, key, &first, err);
    if (code != SB_OK)
        return code;
    if (first == 0 || first > read_at) { /* a remembered time in the future is of another clock */
        recovery->open++;
        note(recovery, SB_SEVERITY_INFO, row, "not on the profile; a second reading will decide");
        return sb_native_meta_set(recovery->native, key, read_at, err);
    }
    if (read_at - first < ms(between_readings)) {
        recovery->open++;
        return SB_OK;
    }
    struct sb_receipt receipt = sb_effect_receipt(recovery->native, SB_RECEIPT_ABSENT, row, effect_id);
    code = sb_effect_append(recovery->native, &receipt, row, err);
    if (code == SB_OK)
        code = move(recovery, row, SB_CONTENT_UNCERTAIN, SB_CONTENT_QUEUED, "proven absent", err);
    if (code != SB_OK)
        return code;
    recovery->queued++;
    note(recovery, SB_SEVERITY_WARN, row, "proven absent from the site: queued again");
    return sb_native_meta_remove(recovery->native, key, err);
}

static bool read_profile(struct recovery *recovery, struct sb_error *err)
{
    if (recovery->native->env->context == NULL || recovery->is_unreadable)
        return false;
    if (recovery->is_read)
        return true;
    recovery->is_read = sb_profile_read(recovery->native, recovery->since_ms, &recovery->profile, err) == SB_OK;
    recovery->is_unreadable = !recovery->is_read;
    if (recovery->is_unreadable)
        sb_step_note(recovery->native->env, SB_SEVERITY_WARN, "the own profile cannot be read: %s", err->text);
    return recovery->is_read;
}

/* The row is uncertain; the own profile decides. */
static enum sb_err reconcile(struct recovery *recovery, const struct sb_content_row *row, const char *effect_id,
                             const struct sb_effect *effect, struct sb_error *err)
{
    const struct sb_native *native = recovery->native;
    bool has_receipt = effect->state == SB_EFFECT_SUBMITTED;
    int64_t intent = has_receipt && effect->last_intent.at.ns > 0 ? effect->last_intent.at.ns / SB_MS(1) : row->claimed_at_ms;
    int64_t submit = has_receipt ? effect->last.at.ns / SB_MS(1) : row->claimed_at_ms;
    int64_t since = intent - ms(clock_skew); /* not before recovery->since_ms, so the pages that were read are enough */
    if (sb_effect_is_foreign(native, row) && submit < native->env->services->foreign_until_ms)
        submit = native->env->services->foreign_until_ms; /* as long as the other node had its lease */
    int64_t horizon = submit + ms(native->content.submit_deadline + in_flight_bound + native->site->visibility_lag);
    struct finding finding = { .post = NULL };
    if (!read_profile(recovery, err)) {
        recovery->open++;
        return SB_OK;
    }
    enum sb_err code = look_for(recovery, row, since, &finding, err);
    if (code != SB_OK)
        return code;
    if (finding.post != NULL)
        return adopt(recovery, row, effect_id, &finding, err);
    if (!finding.is_ambiguous && recovery->profile.read_at_ms > horizon && sb_profile_covers(&recovery->profile, since))
        return count_absence(recovery, row, effect_id, err);
    recovery->open++;
    if (finding.is_ambiguous)
        note(recovery, SB_SEVERITY_WARN, row, "several similar posts: an operator must decide");
    return SB_OK;
}

static enum sb_err requeue(struct recovery *recovery, const struct sb_content_row *row, enum sb_content_status from, struct sb_error *err)
{
    enum sb_err code = move(recovery, row, from, SB_CONTENT_QUEUED, "recovered: nothing was submitted", err);
    recovery->queued += code == SB_OK;
    return code;
}

/* Another node may have clicked as long as it had its lease: from here on the journal says so, and an operator can settle the row. */
static enum sb_err assume_submitted(const struct recovery *recovery, const struct sb_content_row *row, struct sb_effect *effect,
                                    const char *effect_id, struct sb_error *err)
{
    const struct sb_services *services = recovery->native->env->services;
    static const enum sb_receipt_kind kinds[] = { SB_RECEIPT_INTENT, SB_RECEIPT_SUBMIT };
    enum sb_err code = SB_OK;
    for (size_t i = 0; i < SB_LEN(kinds) && code == SB_OK && effect->state != SB_EFFECT_SUBMITTED; i++) {
        struct sb_receipt receipt = sb_effect_receipt(recovery->native, kinds[i], row, effect_id);
        receipt.at.ns = SB_MS(kinds[i] == SB_RECEIPT_INTENT ? row->claimed_at_ms : services->foreign_until_ms);
        code = sb_receipts_append(services->receipts, &receipt, err);
    }
    *effect = sb_receipts_effect(services->receipts, effect_id);
    return code;
}

static enum sb_err recover_row(struct recovery *recovery, const struct sb_content_row *row, struct sb_error *err)
{
    char effect_id[SB_EFFECT_ID_MAX];
    enum sb_err code = sb_effect_id(recovery->native, row, effect_id, err);
    if (code != SB_OK)
        return code;
    struct sb_effect effect = sb_receipts_effect(recovery->native->env->services->receipts, effect_id);
    bool may_be_out = effect.state == SB_EFFECT_SUBMITTED || effect.state == SB_EFFECT_RECEIVED || effect.state == SB_EFFECT_SETTLED;
    if (may_be_out && !sb_streq(effect.last.decision_id, row->decision_id)) {
        note(recovery, SB_SEVERITY_WARN, row, "the same text went out as another row");
        return move(recovery, row, SB_CONTENT_POSTING, SB_CONTENT_SKIPPED, "the same text went out as another row", err);
    }
    if (sb_effect_is_foreign(recovery->native, row) && effect.state != SB_EFFECT_RECEIVED && effect.state != SB_EFFECT_SETTLED) {
        code = move(recovery, row, SB_CONTENT_POSTING, SB_CONTENT_UNCERTAIN, "another node claimed it, and what that one did is not known here", err);
        if (code == SB_OK || code == SB_ERR_CONFLICT)
            code = assume_submitted(recovery, row, &effect, effect_id, err);
        return code == SB_OK ? reconcile(recovery, row, effect_id, &effect, err) : code;
    }
    switch (effect.state) {
    case SB_EFFECT_RECEIVED:
    case SB_EFFECT_SETTLED: /* the store lost it, for example by a restored backup */
        return settle(recovery, row, effect_id, effect.last.post_id, effect.last.at.ns / SB_MS(1), err);
    case SB_EFFECT_ABSENT: /* the end came between the receipt and the move */
        code = requeue(recovery, row, SB_CONTENT_POSTING, err);
        return code == SB_ERR_CONFLICT ? requeue(recovery, row, SB_CONTENT_UNCERTAIN, err) : code;
    case SB_EFFECT_NONE:
    case SB_EFFECT_INTENDED:
        code = requeue(recovery, row, SB_CONTENT_POSTING, err);
        /* An uncertain row without a SUBMIT means that the journal was lost: only the site can tell. */
        return code == SB_ERR_CONFLICT ? reconcile(recovery, row, effect_id, &effect, err) : code;
    case SB_EFFECT_SUBMITTED:
        code = move(recovery, row, SB_CONTENT_POSTING, SB_CONTENT_UNCERTAIN, "submitted without receipt", err);
        return code == SB_OK || code == SB_ERR_CONFLICT ? reconcile(recovery, row, effect_id, &effect, err) : code;
    }
    return sb_error_set(err, SB_ERR_BUG, "effect %s has no known state", effect_id);
}

/* The earlier of `since_ms` (0 = none yet) and the row's intent, with the clocks' difference. */
static int64_t begin_of(const struct sb_native *native, const struct sb_content_row *row, int64_t since_ms)
{
    char effect_id[SB_EFFECT_ID_MAX];
    int64_t begin = row->claimed_at_ms;
    if (sb_effect_id(native, row, effect_id, NULL) == SB_OK) {
        struct sb_effect effect = sb_receipts_effect(native->env->services->receipts, effect_id);
        int64_t intent = effect.last_intent.at.ns / SB_MS(1);
        begin = intent > 0 && intent < begin ? intent : begin;
    }
    begin -= ms(clock_skew);
    return since_ms == 0 || begin < since_ms ? begin : since_ms;
}

enum sb_err sb_native_content_recover(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct recovery recovery = { .native = native };
    struct sb_content_row *rows = NULL;
    size_t count = 0;
    enum sb_err code = sb_native_needs(native, true, true, err);
    if (code != SB_OK)
        return code;
    int64_t before = sb_step_now_ms(native->env) - ms(native->content.stuck_after);
    code = sb_content_open(native->env->services->store, native->account, before, (int64_t)native->env->services->live_fence,
                           &native->env->op, &rows, &count, err);
    for (size_t i = 0; i < count && code == SB_OK; i++)
        recovery.since_ms = begin_of(native, &rows[i], recovery.since_ms);
    for (size_t i = 0; i < count && code == SB_OK; i++) {
        code = recover_row(&recovery, &rows[i], err);
        if (code == SB_ERR_CONFLICT || code == SB_ERR_EXISTS || code == SB_ERR_NOT_FOUND) { /* one row must not hold up the others */
            note(&recovery, SB_SEVERITY_ERROR, &rows[i], err->text);
            recovery.open++;
            code = SB_OK;
        }
    }
    if (code == SB_OK)
        sb_step_succeed(result, (int64_t)count, "%zu open rows: %" PRId64 " saved, %" PRId64 " queued again, %" PRId64 " stay uncertain",
                        count, recovery.saved, recovery.queued, recovery.open);
    sb_profile_free(&recovery.profile);
    free(rows);
    return code;
}

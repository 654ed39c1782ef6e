/* Content rows: every legal move is one conditional transaction over the store port. Keeps no state; any thread. Never publishes, never
 * decides whether something may be published.
 *
 *   draft -> queued -> posting -> posted -> verified -> archived
 *              ^ |        |  |
 *              | |        |  +-> failed | skipped
 *              | |        +-> uncertain -> posted | queued
 *              | +-> cancelled      |
 *              +--------------------+--- posting (not before retry_at) */
#include "signalbox/ports/content.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t same_text_ms = 7ll * 24 * 3600 * 1000; /* the same text may be published again after this */

static const char *const status_texts[SB_CONTENT_COUNT] = {
#define SB_CONTENT_TEXT(code, text) [SB_CONTENT_##code] = text,
    SB_LIST_CONTENT_STATUS(SB_CONTENT_TEXT)
#undef SB_CONTENT_TEXT
};

/* ---- small helpers over the port ---- */

static enum sb_err write_all(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                             const struct sb_op *op, struct sb_error *err)
{
    return store->ops->write(store, statements, count, changed, op, err);
}

static enum sb_err query(struct sb_store *store, const char *sql, const struct sb_cell *params, size_t count, const struct sb_op *op,
                         struct sb_rows **rows, struct sb_error *err)
{
    const struct sb_statement statement = { sql, params, count, -1 };
    return store->ops->query(store, &statement, op, rows, err);
}

/* ---- queue ---- */

/* The same words in other white space or ASCII case are the same text. This finds repetitions, it proves nothing: a 64-bit hash. */
static enum sb_err hash_text(const char *text, char out[17], struct sb_error *err)
{
    size_t len = strlen(text), at = 0;
    char *plain = malloc(len + 1);
    if (!plain)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a text");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
        if (!is_space)
            plain[at++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        else if (at > 0 && plain[at - 1] != ' ')
            plain[at++] = ' ';
    }
    if (at > 0 && plain[at - 1] == ' ')
        at--;
    (void)snprintf(out, 17, "%016llx", (unsigned long long)sb_hash_bytes(plain, at));
    free(plain);
    return SB_OK;
}

static enum sb_err check_new(const struct sb_content_new *row, struct sb_error *err)
{
    const struct {
        const char *name, *value;
        size_t cap;
    } needed[] = { { "decision_id", row->decision_id, SB_DECISION_MAX },
                   { "kind", row->kind, sizeof((struct sb_content_row *)0)->kind },
                   { "account", row->account, SB_ACCOUNT_MAX },
                   { "text", row->text, sizeof((struct sb_content_row *)0)->text } };
    const bool is_reply = row->kind && sb_streq(row->kind, "reply");
    if (is_reply && (!row->target || !*row->target))
        return sb_error_set(err, SB_ERR_INVALID, "a reply needs its target");
    for (size_t i = 0; i < SB_LEN(needed); i++) {
        if (!needed[i].value || !*needed[i].value)
            return sb_error_set(err, SB_ERR_INVALID, "a content row needs its %s", needed[i].name);
        if (strlen(needed[i].value) >= needed[i].cap)
            return sb_error_set(err, SB_ERR_TOO_LARGE, "%s of a content row has %zu bytes, at most %zu are allowed", needed[i].name,
                                strlen(needed[i].value), needed[i].cap - 1);
    }
    return SB_OK;
}

enum { NEW_PARAMS = 20, ROWS_MAX = 32 };

static enum sb_err bind_new(const struct sb_content_new *row, int64_t now_ms, char hash[17], struct sb_cell cells[NEW_PARAMS],
                            struct sb_error *err)
{
    enum sb_err code = check_new(row, err);
    if (!code)
        code = hash_text(row->text, hash, err);
    if (code)
        return code;
    const struct sb_cell params[NEW_PARAMS] = {
        sb_cell_text(row->decision_id), sb_cell_text(row->kind), sb_cell_text(row->account), sb_cell_text(row->text),
        sb_cell_text(row->topic), sb_cell_text(row->angle), sb_cell_text(row->tone), sb_cell_text(row->format),
        sb_cell_text(row->intent), sb_cell_text(row->alias), sb_cell_int(row->cost_nano), sb_cell_int(row->scheduled_at_ms),
        sb_cell_text(hash), sb_cell_int(now_ms), sb_cell_int(now_ms - same_text_ms), sb_cell_text(row->target), sb_cell_text(row->thread),
        sb_cell_int(row->part > 0 ? row->part : 1), sb_cell_text(status_texts[row->is_draft ? SB_CONTENT_DRAFT : SB_CONTENT_QUEUED]),
        sb_cell_int(sb_streq(row->kind, "reply")),
    };
    memcpy(cells, params, sizeof params);
    return SB_OK;
}

enum sb_err sb_content_queue(struct sb_store *store, const struct sb_content_new *rows, size_t count, int64_t now_ms,
                             const struct sb_op *op, struct sb_error *err)
{
    static const char sql[] =
        "INSERT INTO content_metadata (decision_id, kind, account, text, topic, angle, tone, format, intent, alias, cost_nano, status, "
        "scheduled_at_ms, content_hash, created_at_ms, updated_at_ms, target_post_id, thread_id, part) "
        "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $19, $12, $13, $14, $14, $16, $17, $18 WHERE NOT EXISTS "
        "(SELECT 1 FROM content_metadata WHERE account = $3 AND content_hash = $13 AND (status IN ('draft', 'queued', 'posting', 'uncertain') "
        "OR (status IN ('posted', 'verified', 'archived') AND posted_at_ms > $15))) AND NOT ($20 = 1 AND EXISTS "
        "(SELECT 1 FROM content_metadata WHERE account = $3 AND kind = 'reply' AND target_post_id = $16 AND status NOT IN "
        "('cancelled', 'skipped', 'failed')))";
    struct sb_statement statements[ROWS_MAX];
    struct sb_cell cells[ROWS_MAX][NEW_PARAMS];
    char hashes[ROWS_MAX][17];
    enum sb_err code = SB_OK;
    if (count == 0 || count > ROWS_MAX)
        return sb_error_set(err, SB_ERR_INVALID, "%zu content rows at once, 1 to %d are allowed", count, ROWS_MAX);
    for (size_t i = 0; i < count && !code; i++) {
        code = bind_new(&rows[i], now_ms, hashes[i], cells[i], err);
        statements[i] = (struct sb_statement){ sql, cells[i], NEW_PARAMS, 1 };
    }
    if (!code)
        code = write_all(store, statements, count, NULL, op, err);
    if (code == SB_ERR_CONFLICT)
        return sb_error_set(err, SB_ERR_EXISTS, "account %s already has this text (or a reply to this post) queued, in flight or published "
                            "within 7 days", rows[0].account);
    return code;
}

/* ---- claim ---- */

#define ROW_COLUMNS "decision_id, kind, account, text, content_hash, scheduled_at_ms, claimed_at_ms, claim_token, attempts, target_post_id, " \
    "thread_id, part"

static void read_row(const struct sb_rows *rows, size_t at, struct sb_content_row *row)
{
    memset(row, 0, sizeof *row);
    /* lengths were checked when the row was queued */
    (void)sb_copy(row->decision_id, sizeof row->decision_id, sb_rows_words(rows, at, "decision_id"));
    (void)sb_copy(row->kind, sizeof row->kind, sb_rows_words(rows, at, "kind"));
    (void)sb_copy(row->account, sizeof row->account, sb_rows_words(rows, at, "account"));
    (void)sb_copy(row->text, sizeof row->text, sb_rows_words(rows, at, "text"));
    (void)sb_copy(row->content_hash, sizeof row->content_hash, sb_rows_words(rows, at, "content_hash"));
    row->scheduled_at_ms = sb_rows_number(rows, at, "scheduled_at_ms");
    row->claimed_at_ms = sb_rows_number(rows, at, "claimed_at_ms");
    row->claim_token = sb_rows_number(rows, at, "claim_token");
    row->attempts = (int32_t)sb_rows_number(rows, at, "attempts");
    row->part = (int32_t)sb_rows_number(rows, at, "part");
    (void)sb_copy(row->target, sizeof row->target, sb_rows_words(rows, at, "target_post_id"));
    (void)sb_copy(row->thread, sizeof row->thread, sb_rows_words(rows, at, "thread_id"));
}

/* The post of the part before row `c`, which a later part of a thread goes on from; null while that is not out. */
#define POST_BEFORE(c) "(SELECT before.post_id FROM content_metadata before WHERE before.thread_id = " c ".thread_id AND before.part = " c \
    ".part - 1 AND before.status IN ('posted', 'verified', 'archived'))"
/* Whether row c is one of what is claimed: $4 = 0 a post, 1 a later part, 2 a reply. */
#define IS_WANTED "c.account = $1 AND c.status = 'queued' AND c.scheduled_at_ms <= $3 AND CASE WHEN $4 = 2 THEN c.kind = 'reply' " \
    "WHEN $4 = 1 THEN c.kind = 'thread' AND c.part > 1 AND " POST_BEFORE("c") " IS NOT NULL ELSE c.kind <> 'reply' AND c.part = 1 END"

/* Why nothing was claimed. */
static enum sb_err explain_no_claim(struct sb_store *store, const struct sb_cell params[4], const struct sb_op *op, struct sb_error *err)
{
    const char *account = params[0].text;
    struct sb_rows *rows = NULL;
    enum sb_err code = query(store, "SELECT (SELECT COUNT(*) FROM content_metadata WHERE account = $1 AND status = 'posting') AS posting, "
                                    "(SELECT COUNT(*) FROM content_metadata c WHERE " IS_WANTED " AND $2 = $2) AS due", params, 4, op, &rows, err);
    if (code)
        return code;
    int64_t posting = sb_rows_number(rows, 0, "posting"), due = sb_rows_number(rows, 0, "due");
    sb_rows_destroy(rows);
    if (posting > 0)
        return sb_error_set(err, SB_ERR_REFUSED, "account %s already has an effect in flight", account);
    if (due > 0)
        return sb_error_set(err, SB_ERR_CONFLICT, "the rows of account %s changed during the claim", account);
    return sb_error_set(err, SB_ERR_NOT_FOUND, "account %s has nothing due", account);
}

enum sb_err sb_content_claim(struct sb_store *store, const char *account, enum sb_content_which which, int64_t token, uint64_t run, int64_t now_ms,
                             const struct sb_op *op, struct sb_content_row *row, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_text(account), sb_cell_int(token), sb_cell_int(now_ms), sb_cell_int(which),
                                      sb_cell_int((int64_t)run) };
    const struct sb_statement statements[] = {
        { "UPDATE content_metadata SET status = 'posting', claimed_at_ms = $3, claim_token = $2, claim_run = $5, attempts = attempts + 1, "
          "updated_at_ms = $3, target_post_id = COALESCE(target_post_id, " POST_BEFORE("content_metadata") ") "
          "WHERE status = 'queued' AND decision_id = (SELECT c.decision_id FROM content_metadata c WHERE " IS_WANTED
          " ORDER BY c.scheduled_at_ms, c.part, c.decision_id LIMIT 1) "
          "AND NOT EXISTS (SELECT 1 FROM content_metadata WHERE account = $1 AND status = 'posting')", params, 5, 1 },
        { "INSERT INTO posting_attempts (decision_id, attempt, token, started_at_ms) SELECT decision_id, attempts, $2, $3 "
          "FROM content_metadata WHERE account = $1 AND status = 'posting' AND claim_token = $2", params, 3, 1 },
    };
    struct sb_rows *rows = NULL;
    enum sb_err code = write_all(store, statements, SB_LEN(statements), NULL, op, err);
    if (code == SB_ERR_CONFLICT || code == SB_ERR_EXISTS)
        return explain_no_claim(store, params, op, err);
    if (!code)
        code = query(store, "SELECT " ROW_COLUMNS " FROM content_metadata WHERE account = $1 AND status = 'posting' AND claim_token = $2",
                     params, 2, op, &rows, err);
    if (!code && sb_rows_count(rows) != 1)
        code = sb_error_set(err, SB_ERR_STALE, "the claim of account %s was taken back at once", account);
    if (!code)
        read_row(rows, 0, row);
    sb_rows_destroy(rows);
    return code;
}

enum sb_err sb_content_count(struct sb_store *store, const char *account, bool is_replies, int64_t since_ms, const struct sb_op *op,
                             int64_t *count, int64_t *last_ms, struct sb_error *err)
{
    /* what is in flight or uncertain counts however old it is: it may be on the site */
    static const char sql[] =
        "SELECT COUNT(*) AS count, COALESCE(MAX(COALESCE(posted_at_ms, claimed_at_ms)), 0) AS last_ms FROM content_metadata "
        "WHERE account = $1 AND part = 1 AND CASE WHEN kind = 'reply' THEN 1 ELSE 0 END = $3 AND (status IN ('posting', 'uncertain') "
        "OR (status IN ('posted', 'verified', 'archived') AND posted_at_ms >= $2))";
    const struct sb_cell params[] = { sb_cell_text(account), sb_cell_int(since_ms), sb_cell_int(is_replies) };
    struct sb_rows *rows = NULL;
    enum sb_err code = query(store, sql, params, SB_LEN(params), op, &rows, err);
    if (code)
        return code;
    *count = sb_rows_number(rows, 0, "count");
    *last_ms = sb_rows_number(rows, 0, "last_ms");
    sb_rows_destroy(rows);
    return SB_OK;
}

/* ---- posted ---- */

/* A second call with the same post id changes nothing and is fine; any other state is a conflict. */
static enum sb_err check_saved(struct sb_store *store, const char *decision_id, const char *post_id, const struct sb_op *op,
                               struct sb_error *err)
{
    const struct sb_cell id = sb_cell_text(decision_id);
    struct sb_rows *rows = NULL;
    enum sb_err code = query(store, "SELECT status, post_id FROM content_metadata WHERE decision_id = $1", &id, 1, op, &rows, err);
    if (code)
        return code;
    if (sb_rows_count(rows) == 0) {
        code = sb_error_set(err, SB_ERR_NOT_FOUND, "there is no content row %s", decision_id);
    } else {
        const char *status = sb_rows_words(rows, 0, "status"), *found = sb_rows_words(rows, 0, "post_id");
        bool is_saved = sb_streq(status, "posted") || sb_streq(status, "verified") || sb_streq(status, "archived");
        if (!is_saved || !sb_streq(found, post_id))
            code = sb_error_set(err, SB_ERR_CONFLICT, "content row %s is %s with post \"%s\": post \"%s\" cannot be saved on it",
                                decision_id, status, found, post_id);
    }
    sb_rows_destroy(rows);
    return code;
}

enum sb_err sb_content_save_posted(struct sb_store *store, const char *decision_id, const char *post_id, const char *effect_id,
                                   int64_t posted_at_ms, const struct sb_op *op, struct sb_error *err)
{
    if (!post_id || !*post_id || !effect_id || !*effect_id)
        return sb_error_set(err, SB_ERR_INVALID, "content row %s cannot be saved without a post id and an effect id", decision_id);
    const struct sb_cell params[] = { sb_cell_text(decision_id), sb_cell_text(post_id), sb_cell_text(effect_id),
                                      sb_cell_int(posted_at_ms) };
    const struct sb_statement statements[] = {
        { "UPDATE content_metadata SET status = 'posted', post_id = $2, effect_id = $3, posted_at_ms = $4, last_error = NULL, "
          "updated_at_ms = $4 WHERE decision_id = $1 AND status IN ('queued', 'posting', 'uncertain')", params, 4, 1 },
        { "INSERT INTO posted_decisions (decision_id, account, kind, text, post_id, effect_id, posted_at_ms) "
          "SELECT decision_id, account, kind, text, post_id, effect_id, posted_at_ms FROM content_metadata WHERE decision_id = $1",
          params, 1, 1 },
        { "INSERT INTO outcomes (decision_id, account, post_id, posted_at_ms) SELECT decision_id, account, post_id, posted_at_ms "
          "FROM content_metadata WHERE decision_id = $1", params, 1, 1 },
        { "UPDATE posting_attempts SET ended_at_ms = $4, outcome = 'posted' WHERE decision_id = $1 AND attempt = (SELECT attempts "
          "FROM content_metadata WHERE decision_id = $1)", params, 4, -1 },
    };
    enum sb_err code = write_all(store, statements, SB_LEN(statements), NULL, op, err);
    if (code == SB_ERR_EXISTS)
        return sb_error_set(err, SB_ERR_EXISTS, "post \"%s\" or its effect already belongs to another content row than %s", post_id,
                            decision_id);
    return code == SB_ERR_CONFLICT ? check_saved(store, decision_id, post_id, op, err) : code;
}

/* ---- moves ---- */

static const struct {
    enum sb_content_status from, to;
    bool needs_token;
} legal[] = {
    { SB_CONTENT_DRAFT, SB_CONTENT_QUEUED, false },
    { SB_CONTENT_DRAFT, SB_CONTENT_CANCELLED, false },
    { SB_CONTENT_QUEUED, SB_CONTENT_CANCELLED, false },
    { SB_CONTENT_POSTING, SB_CONTENT_QUEUED, true },
    { SB_CONTENT_POSTING, SB_CONTENT_FAILED, true },
    { SB_CONTENT_POSTING, SB_CONTENT_UNCERTAIN, true },
    { SB_CONTENT_POSTING, SB_CONTENT_SKIPPED, true },
    { SB_CONTENT_UNCERTAIN, SB_CONTENT_QUEUED, false },
    { SB_CONTENT_POSTED, SB_CONTENT_VERIFIED, false },
    { SB_CONTENT_VERIFIED, SB_CONTENT_ARCHIVED, false },
};

static int find_move(enum sb_content_status from, enum sb_content_status to)
{
    for (size_t i = 0; i < SB_LEN(legal); i++)
        if (legal[i].from == from && legal[i].to == to)
            return (int)i;
    return -1;
}

enum sb_err sb_content_move(struct sb_store *store, const char *decision_id, int64_t token, enum sb_content_status from,
                            enum sb_content_status to, int64_t retry_at_ms, const char *reason, const struct sb_op *op,
                            struct sb_error *err)
{
    SB_ASSERT(from < SB_CONTENT_COUNT && to < SB_CONTENT_COUNT);
    int move = find_move(from, to);
    if (move < 0)
        return sb_error_set(err, SB_ERR_CONFLICT, "content row %s: %s -> %s is no move", decision_id, status_texts[from], status_texts[to]);
    const struct sb_cell params[] = { sb_cell_text(decision_id), sb_cell_text(status_texts[from]), sb_cell_text(status_texts[to]),
                                      sb_cell_int(legal[move].needs_token), sb_cell_int(token),
                                      sb_cell_int(to == SB_CONTENT_QUEUED), sb_cell_int(retry_at_ms), sb_cell_text(reason),
                                      sb_cell_int(sb_wall_now().ns / 1000000) };
    const struct sb_statement statements[] = {
        { "UPDATE posting_attempts SET outcome = $3, error = $8, ended_at_ms = $9 WHERE decision_id = $1 AND ended_at_ms IS NULL", params, 9, -1 },
        { "UPDATE content_metadata SET status = $3, last_error = COALESCE($8, last_error), updated_at_ms = $9, "
          "scheduled_at_ms = CASE WHEN $6 = 1 AND $7 > scheduled_at_ms THEN $7 ELSE scheduled_at_ms END, "
          "claimed_at_ms = CASE WHEN $6 = 1 THEN NULL ELSE claimed_at_ms END, "
          "claim_token = CASE WHEN $6 = 1 THEN NULL ELSE claim_token END "
          "WHERE decision_id = $1 AND status = $2 AND ($4 = 0 OR claim_token = $5)", params, 9, 1 },
    };
    enum sb_err code = write_all(store, statements, SB_LEN(statements), NULL, op, err);
    if (code == SB_ERR_CONFLICT)
        return sb_error_set(err, SB_ERR_CONFLICT, "content row %s is not %s%s any more: not moved to %s", decision_id, status_texts[from],
                            legal[move].needs_token ? " under this claim" : "", status_texts[to]);
    return code;
}

enum sb_err sb_content_judge(struct sb_store *store, const char *decision_id, bool is_approved, const char *actor, const struct sb_op *op,
                             struct sb_error *err)
{
    char reason[SB_NAME_MAX + 16];
    (void)snprintf(reason, sizeof reason, "rejected by %.30s", actor);
    const struct sb_cell params[] = { sb_cell_text(decision_id), sb_cell_text(is_approved ? NULL : reason),
                                      sb_cell_text(status_texts[is_approved ? SB_CONTENT_QUEUED : SB_CONTENT_CANCELLED]),
                                      sb_cell_text(status_texts[is_approved ? SB_CONTENT_DRAFT : SB_CONTENT_QUEUED]),
                                      sb_cell_int(sb_wall_now().ns / 1000000) };
    const struct sb_statement statement = {
        "UPDATE content_metadata SET status = $3, last_error = COALESCE($2, last_error), updated_at_ms = $5 WHERE status IN ('draft', $4) AND "
        "(decision_id = $1 OR thread_id = (SELECT t.thread_id FROM content_metadata t WHERE t.decision_id = $1))", params, SB_LEN(params), -1 };
    int64_t changed = 0;
    enum sb_err code = write_all(store, &statement, 1, &changed, op, err);
    if (!code && changed == 0)
        code = sb_error_set(err, SB_ERR_CONFLICT, "content row %s is %s any more: nothing was changed", decision_id,
                            is_approved ? "no draft" : "neither draft nor queued");
    return code;
}

/* ---- recovery and housekeeping ---- */

enum sb_err sb_content_open(struct sb_store *store, const char *account, int64_t before_ms, int64_t live_token, const struct sb_op *op,
                            struct sb_content_row **rows, size_t *count, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_text(account), sb_cell_int(before_ms), sb_cell_int(live_token) };
    struct sb_rows *found = NULL;
    enum sb_err code = query(store, "SELECT " ROW_COLUMNS " FROM content_metadata "
                                    "WHERE (CAST($1 AS TEXT) IS NULL OR account = $1) AND (status = 'uncertain' OR "
                                    "(status = 'posting' AND (claimed_at_ms < $2 OR claim_token < $3 OR EXISTS (SELECT 1 FROM job_runs r "
                                    "WHERE r.run = claim_run AND r.ended_at_ms IS NOT NULL)))) "
                                    "ORDER BY claimed_at_ms, decision_id LIMIT 1000",
                             params, SB_LEN(params), op, &found, err);
    if (code)
        return code;
    size_t length = sb_rows_count(found);
    struct sb_content_row *made = calloc(length ? length : 1, sizeof *made);
    if (!made) {
        sb_rows_destroy(found);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu content rows", length);
    }
    for (size_t i = 0; i < length; i++)
        read_row(found, i, &made[i]);
    sb_rows_destroy(found);
    *rows = made;
    *count = length;
    return SB_OK;
}

enum sb_err sb_content_expire(struct sb_store *store, int64_t now_ms, const struct sb_content_overdue *overdue, const struct sb_op *op,
                              int64_t *expired, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(now_ms), sb_cell_int(now_ms - overdue->single_ms), sb_cell_int(now_ms - overdue->thread_ms),
                                      sb_cell_int(now_ms - overdue->reply_ms) };
    const struct sb_statement statements[] = {
        { "UPDATE content_metadata SET status = 'cancelled', last_error = 'overdue', updated_at_ms = $1 WHERE status = 'queued' AND part = 1 AND "
          "scheduled_at_ms < CASE kind WHEN 'thread' THEN $3 WHEN 'reply' THEN $4 ELSE $2 END", params, SB_LEN(params), -1 },
        { "UPDATE content_metadata SET status = 'cancelled', last_error = 'its thread does not go on', updated_at_ms = $1 WHERE "
          "status = 'queued' AND part > 1 AND EXISTS (SELECT 1 FROM content_metadata c WHERE c.thread_id = content_metadata.thread_id AND "
          "c.part < content_metadata.part AND c.status IN ('failed', 'cancelled', 'skipped'))", params, SB_LEN(params), -1 },
    };
    int64_t changed[SB_LEN(statements)] = { 0 };
    enum sb_err code = write_all(store, statements, SB_LEN(statements), changed, op, err);
    if (!code)
        *expired = changed[0] + changed[1];
    return code;
}

enum sb_err sb_content_edit(struct sb_store *store, const char *decision_id, const char *text, const struct sb_op *op, struct sb_error *err)
{
    char hash[17];
    enum sb_err code = *text && strlen(text) < sizeof((struct sb_content_row *)0)->text
                           ? hash_text(text, hash, err)
                           : sb_error_set(err, SB_ERR_TOO_LARGE, "the text of a content row has 1 to %zu bytes",
                                          sizeof((struct sb_content_row *)0)->text - 1);
    if (code)
        return code;
    const struct sb_cell params[] = { sb_cell_text(decision_id), sb_cell_text(text), sb_cell_text(hash),
                                      sb_cell_int(sb_wall_now().ns / 1000000) };
    const struct sb_statement statement = { "UPDATE content_metadata SET text = $2, content_hash = $3, updated_at_ms = $4 "
                                            "WHERE decision_id = $1 AND status = 'draft'", params, SB_LEN(params), 1 };
    code = write_all(store, &statement, 1, NULL, op, err);
    return code == SB_ERR_CONFLICT ? sb_error_set(err, SB_ERR_CONFLICT, "content row %s is no draft", decision_id) : code;
}

enum sb_err sb_content_recent(struct sb_store *store, const char *account, int64_t since_ms, size_t max, const struct sb_op *op,
                              struct sb_rows **rows, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_text(account), sb_cell_int(since_ms), sb_cell_int(max < INT32_MAX ? (int64_t)max : INT32_MAX) };
    return query(store, "SELECT text, decision_id, status, created_at_ms FROM content_metadata WHERE account = $1 AND created_at_ms >= $2 "
                        "AND status NOT IN ('cancelled', 'skipped') ORDER BY created_at_ms DESC, decision_id LIMIT $3", params,
                 SB_LEN(params), op, rows, err);
}

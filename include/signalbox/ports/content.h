/* Content rows: every legal move as one conditional transaction over the store port. A move outside the diagram is
 * SB_ERR_CONFLICT. Statements are in services/store/content.c only. Any thread. */
#ifndef SIGNALBOX_PORTS_CONTENT_H
#define SIGNALBOX_PORTS_CONTENT_H

#include "signalbox/ports/receipts.h"
#include "signalbox/ports/store.h"

#define SB_LIST_CONTENT_STATUS(X)                                                                                    \
    X(DRAFT, "draft") X(QUEUED, "queued") X(POSTING, "posting") X(POSTED, "posted") X(VERIFIED, "verified")          \
    X(ARCHIVED, "archived") X(UNCERTAIN, "uncertain") X(FAILED, "failed") X(CANCELLED, "cancelled") X(SKIPPED, "skipped")
enum sb_content_status {
#define SB_CONTENT_MEMBER(code, text) SB_CONTENT_##code,
    SB_LIST_CONTENT_STATUS(SB_CONTENT_MEMBER)
#undef SB_CONTENT_MEMBER
    SB_CONTENT_COUNT
};

struct sb_content_row {
    char decision_id[SB_DECISION_MAX];
    char kind[16];               /* single, thread, reply */
    char account[SB_ACCOUNT_MAX];
    char text[2048];
    char content_hash[SB_EFFECT_ID_MAX];
    char target[SB_POST_ID_MAX];  /* the post it answers or goes on from; "" = the account's own timeline */
    char thread[SB_DECISION_MAX]; /* decision_id of its thread's first part; "" = no thread */
    int64_t scheduled_at_ms, claimed_at_ms;
    int64_t claim_token;
    int32_t attempts;
    int32_t part;                 /* 1, 2 .. in a thread, else 1 */
};

/* A reply needs its target. A thread is one row per part: `thread` is the decision_id of part 1, `part` counts from 1 without holes; the
 * target of a later part is found when it is claimed: the post of the part before it. */
struct sb_content_new {
    const char *decision_id, *kind, *account, *text, *topic, *angle, *tone, *format, *intent, *alias, *target, *thread;
    int64_t scheduled_at_ms, cost_nano;
    int32_t part;                 /* 0 = 1 */
    bool is_draft;                /* waits for an operator's approval */
};

/* Inserts queued (or draft) rows, all or none. SB_ERR_EXISTS when the same text of that account is queued, posting, uncertain or posted
 * within 7 days, or the account already has a reply to that target. */
enum sb_err sb_content_queue(struct sb_store *store, const struct sb_content_new *rows, size_t count, int64_t now_ms,
                             const struct sb_op *op, struct sb_error *err) SB_MUST_USE;

/* What may be claimed: a single post or a thread's beginning; a later part of a thread whose part before is out; a reply. */
enum sb_content_which { SB_CLAIM_POST, SB_CLAIM_PART, SB_CLAIM_REPLY };
/* queued -> posting for the oldest due row of that account; `token` is the fencing token of `run`.
 * SB_ERR_NOT_FOUND when nothing is due. One effect in flight per account: SB_ERR_REFUSED while a row of it is posting. */
enum sb_err sb_content_claim(struct sb_store *store, const char *account, enum sb_content_which which, int64_t token, uint64_t run, int64_t now_ms,
                             const struct sb_op *op, struct sb_content_row *row, struct sb_error *err) SB_MUST_USE;
/* What counts against the limits of posts (singles and threads, once each) or of replies since `since_ms`: posted, verified, archived,
 * posting and uncertain. */
enum sb_err sb_content_count(struct sb_store *store, const char *account, bool is_replies, int64_t since_ms, const struct sb_op *op,
                             int64_t *count, int64_t *last_ms, struct sb_error *err) SB_MUST_USE;
/* queued|posting|uncertain -> posted, with archive row and outcome stub, in one transaction. Idempotent for the same post id. A row is queued
 * again while its post goes out when it was called stuck too early. */
enum sb_err sb_content_save_posted(struct sb_store *store, const char *decision_id, const char *post_id, const char *effect_id,
                                   int64_t posted_at_ms, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
/* posting -> queued (not before `retry_at_ms`) | failed | uncertain | skipped: need the claim's token. uncertain -> queued; draft -> queued |
 * cancelled; queued -> cancelled; posted -> verified -> archived: no token. Anything else is SB_ERR_CONFLICT; posted is reached by
 * sb_content_save_posted alone. */
enum sb_err sb_content_move(struct sb_store *store, const char *decision_id, int64_t token, enum sb_content_status from,
                            enum sb_content_status to, int64_t retry_at_ms, const char *reason, const struct sb_op *op,
                            struct sb_error *err) SB_MUST_USE;
/* Rows uncertain, posting since before `before_ms` (by claimed_at) or claimed with a token below `live_token` (by a process that has ended)
 * or by a run that has ended, for recovery; `account` NULL = of every account. `*rows` is the caller's to free(). */
enum sb_err sb_content_open(struct sb_store *store, const char *account, int64_t before_ms, int64_t live_token, const struct sb_op *op,
                            struct sb_content_row **rows, size_t *count, struct sb_error *err) SB_MUST_USE;
/* How long a row may be late, by kind. */
struct sb_content_overdue {
    int64_t single_ms, thread_ms, reply_ms;
};
/* queued -> cancelled for rows overdue by more than the limit of their kind, and for parts of a thread that does not go on. A thread that has
 * begun never expires. */
enum sb_err sb_content_expire(struct sb_store *store, int64_t now_ms, const struct sb_content_overdue *overdue,
                              const struct sb_op *op, int64_t *expired, struct sb_error *err) SB_MUST_USE;
/* An operator's verdict on a row, and with it on its whole thread: draft -> queued, or draft | queued -> cancelled. SB_ERR_CONFLICT when there is
 * nothing left to decide. */
enum sb_err sb_content_judge(struct sb_store *store, const char *decision_id, bool is_approved, const char *actor, const struct sb_op *op,
                             struct sb_error *err) SB_MUST_USE;
/* Another text for a draft. SB_ERR_CONFLICT when the row is no draft any more. */
enum sb_err sb_content_edit(struct sb_store *store, const char *decision_id, const char *text, const struct sb_op *op,
                            struct sb_error *err) SB_MUST_USE;
/* What an operator wants to see of the content, as one text: a line with what there is to do, then a headline ("= ...") before each part: counts,
 * uncertain rows with the posts they may be, drafts, the queue, what is out. UNTRUSTED where it quotes. For free(). */
enum sb_err sb_content_page(struct sb_store *store, int64_t now_ms, const struct sb_op *op, char **text, struct sb_error *err) SB_MUST_USE;
/* Texts of the account since `since_ms` (all states but cancelled/skipped), newest first, at most `max`; for the uniqueness gate. */
enum sb_err sb_content_recent(struct sb_store *store, const char *account, int64_t since_ms, size_t max, const struct sb_op *op,
                              struct sb_rows **rows, struct sb_error *err) SB_MUST_USE;

#endif

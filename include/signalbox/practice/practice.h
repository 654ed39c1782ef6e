/* The practice world: a site and an LLM endpoint on loopback, for rehearsals and tests. Real HTTP, invented content.
 *
 * One HTTP daemon with its own thread serves all of it:
 *   site     /login /home /@NAME /post/ID /search /compose   POST /api/posts        pages for a browser
 *   LLM      /v1/models /v1/chat/completions /v1/usage       OpenAI's wire form, key "practice"
 *   control  /control (page) /control/faults (POST) /control/faults.json /api/state.json
 * Same seed and same requests: same answers. Counters grow with the world's clock. The functions may be called from any thread. */
#ifndef SIGNALBOX_PRACTICE_PRACTICE_H
#define SIGNALBOX_PRACTICE_PRACTICE_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"

#include <stddef.h>
#include <stdint.h>

struct sb_practice;

/* The operator's account, the password of every account, and the key of the LLM endpoint. None of them is a secret. */
#define SB_PRACTICE_ACCOUNT "signal_ops"
#define SB_PRACTICE_PASSWORD "practice"
#define SB_PRACTICE_KEY "practice"

enum {
    SB_PRACTICE_POSTS_MAX = 100000,
    SB_PRACTICE_TEXT_MAX = 280,        /* characters of a post */
    SB_PRACTICE_BODY_MAX = 65536,      /* bytes of a request */
    SB_PRACTICE_FAULTS_MAX = 32,
    SB_PRACTICE_CONNECTIONS_MAX = 256,
};

struct sb_practice_setup {
    uint64_t seed;
    uint32_t speed_pct;        /* of the counters' growth; 100 (or 0) = real, 6000 = 60 times faster */
    uint16_t port;             /* 0 = any free one */
    const char *state_path;    /* posts are appended to this file and read from it at the start; NULL = memory only */
    struct sb_wall (*now)(void *arg); /* NULL = the system's clock */
    void *now_arg;
};

enum sb_err sb_practice_start(struct sb_practice **practice, const struct sb_practice_setup *setup, struct sb_error *err) SB_MUST_USE;
/* Ends connections under way, then the threads. NULL is fine. */
void sb_practice_stop(struct sb_practice *practice);

/* "http://127.0.0.1:PORT" and "http://127.0.0.1:PORT/v1"; valid until stop. */
const char *sb_practice_site_url(const struct sb_practice *practice);
const char *sb_practice_llm_url(const struct sb_practice *practice);
uint16_t sb_practice_port(const struct sb_practice *practice);

#define SB_LIST_PRACTICE_TARGET(X) X(SITE, "site") X(LLM, "llm")
/* X(code, name, is for the site, is for the LLM, what happens) */
#define SB_LIST_PRACTICE_FAULT(X)                                                                                  \
    X(DELAY, "delay", true, true, "the request is taken up only after delay_ms")                                   \
    X(ERROR500, "error500", true, true, "nothing is done, status 500")                                             \
    X(LOST_CONFIRMATION, "lost_confirmation", true, true, "everything is done, then the connection closes mutely") \
    X(ERROR401, "error401", true, true, "nothing is done, status 401")                                             \
    X(ERROR429, "error429", true, true, "nothing is done, status 429 with Retry-After: 2")                         \
    X(QUOTA, "quota", false, true, "status 429 with insufficient_quota")                                           \
    X(BAD_JSON, "bad_json", false, true, "the call is charged, its answer is cut in the middle")                   \
    X(IGNORED_CAP, "ignored_cap", false, true, "the output cap is not obeyed: eight times as much is charged")     \
    X(LATE_VISIBILITY, "late_visibility", true, false, "lists hide posts younger than delay_ms")                   \
    X(SWAPPED_RESPONSE, "swapped_response", true, false, "a post is made, the answer tells of somebody else's")    \
    X(WRONG_AUTHOR, "wrong_author", true, false, "an item's page shows another account's post")                    \
    X(LOG_OUT, "log_out", true, false, "the session is forgotten before the request is looked at")                 \
    X(DUPLICATE, "duplicate", true, false, "one request makes two posts")                                          \
    X(LAYOUT_CHANGE, "layout_change", true, false, "the page has lost the attributes its readers look for")

enum sb_practice_target {
#define SB_PRACTICE_TARGET_MEMBER(code, text) SB_PRACTICE_##code,
    SB_LIST_PRACTICE_TARGET(SB_PRACTICE_TARGET_MEMBER)
#undef SB_PRACTICE_TARGET_MEMBER
    SB_PRACTICE_TARGET_COUNT
};
enum sb_practice_fault_kind {
#define SB_PRACTICE_FAULT_MEMBER(code, ...) SB_PRACTICE_FAULT_##code,
    SB_LIST_PRACTICE_FAULT(SB_PRACTICE_FAULT_MEMBER)
#undef SB_PRACTICE_FAULT_MEMBER
    SB_PRACTICE_FAULT_COUNT
};

/* The first fault that matches a request and wins its draw happens, besides at most one delay. */
struct sb_practice_fault {
    uint8_t target;            /* enum sb_practice_target */
    uint8_t kind;              /* enum sb_practice_fault_kind */
    char path[64];             /* prefix of the path, "" = all */
    uint16_t probability_pm;   /* 1000 = always */
    uint32_t count;            /* happens so often, then is spent; 0 = without end */
    uint32_t delay_ms;         /* DELAY: at least; LATE_VISIBILITY: the age */
    uint32_t delay_max_ms;     /* DELAY: at most, drawn by the seed; below delay_ms = always delay_ms */
};
enum { SB_PRACTICE_DELAY_MAX_MS = 600000 };

/* SB_ERR_INVALID for a fault that makes no sense, SB_ERR_FULL when there are too many. `*id` (may be NULL) names it. */
enum sb_err sb_practice_fault_add(struct sb_practice *practice, const struct sb_practice_fault *fault, uint32_t *id,
                                  struct sb_error *err) SB_MUST_USE;
void sb_practice_faults_clear(struct sb_practice *practice);
/* How often the fault has happened; 0 for an unknown one. */
uint64_t sb_practice_fault_hits(struct sb_practice *practice, uint32_t id);

struct sb_practice_stats {
    uint64_t requests, posts_created, logins, llm_calls;
    struct sb_usd llm_cost;    /* what the endpoint charged, also for answers that never arrived */
};
void sb_practice_stats(struct sb_practice *practice, struct sb_practice_stats *stats);
/* Posts of an account, seeded ones included. */
uint64_t sb_practice_post_count(struct sb_practice *practice, const char *account);

#endif

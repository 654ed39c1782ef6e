/* The LLM port: OpenAI-compatible chat completions. No model name in C: aliases come from the catalogue. */
#ifndef SIGNALBOX_PORTS_LLM_H
#define SIGNALBOX_PORTS_LLM_H

#include "signalbox/model/catalogue.h"
#include "signalbox/ports/op.h"

struct sb_http;
struct sb_llm;

struct sb_llm_request {
    const char *alias;               /* premium, economy ... */
    const char *system, *user;       /* system may be NULL */
    uint32_t output_tokens_max;
    uint16_t temperature_pm;
    bool is_json;
};

struct sb_llm_reply {
    char *text;                      /* the caller's to free() */
    uint32_t tokens_in, tokens_out, tokens_cached; /* tokens_in includes cached ones */
    struct sb_usd cost;              /* by the catalogue's prices, rounded up */
    bool is_truncated;               /* the output cap cut it */
};

/* What went wrong, for the run's error class. */
struct sb_llm_failure {
    enum sb_class class;
    sb_ns retry_after;
    bool was_sent;                   /* request bytes left: the provider may charge for it */
};

/* `def` is borrowed for the life of the object. The key is read from its reference at each call, so that a changed file works. */
enum sb_err sb_llm_create(struct sb_llm **llm, struct sb_http *http, const struct sb_llm_def *def, struct sb_error *err) SB_MUST_USE;
void sb_llm_destroy(struct sb_llm *llm);
/* One call, no retry inside. On failure `failure` is set. Any thread. */
enum sb_err sb_llm_complete(struct sb_llm *llm, const struct sb_llm_request *request, const struct sb_op *op,
                            struct sb_llm_reply *reply, struct sb_llm_failure *failure, struct sb_error *err) SB_MUST_USE;
/* Real check: lists the models and looks for those of the aliases. */
enum sb_err sb_llm_check(struct sb_llm *llm, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
/* Alias for an intent at a tier by the absolute policy: high = premium; medium = premium for premium_intents, else economy;
 * low = economy; critical and closed = NULL. */
const char *sb_llm_alias(const struct sb_llm_def *def, const char *intent, enum sb_tier tier);

/* Parses the body of a chat completion answer with status 200. Exposed for its fuzz target. */
enum sb_err sb_llm_parse_reply(const char *body, size_t size, struct sb_llm_reply *reply, struct sb_error *err) SB_MUST_USE;

#endif

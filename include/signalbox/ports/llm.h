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
    /* Called once, right before the first byte can leave; its failure ends the call unsent. NULL = nobody wants to know. */
    enum sb_err (*on_send)(void *arg, struct sb_error *err);
    void *on_send_arg;
};

struct sb_llm_reply {
    char *text;                      /* the caller's to free() */
    uint32_t tokens_in, tokens_out, tokens_cached; /* tokens_in includes cached ones */
    struct sb_usd cost;              /* by the catalogue's prices, rounded up */
    bool is_truncated;               /* the output cap cut it */
};

/* What went wrong: for the run's error class, for whoever reads of it, and for the ledger. */
struct sb_llm_failure {
    enum sb_class class;
    enum sb_llm_category category;
    uint32_t status;                 /* HTTP; 0 = there was no answer */
    sb_ns retry_after;
    bool was_sent;                   /* request bytes left */
    bool is_charged;                 /* the provider may charge for it: it was sent, and not refused */
};

/* `def` is borrowed for the life of the object. The key is read from its reference at each call, so that a changed file works. */
enum sb_err sb_llm_create(struct sb_llm **llm, struct sb_http *http, const struct sb_llm_def *def, struct sb_error *err) SB_MUST_USE;
void sb_llm_destroy(struct sb_llm *llm);
/* One call, no retry inside. On failure `failure` is set. Any thread. */
enum sb_err sb_llm_complete(struct sb_llm *llm, const struct sb_llm_request *request, const struct sb_op *op,
                            struct sb_llm_reply *reply, struct sb_llm_failure *failure, struct sb_error *err) SB_MUST_USE;
/* Real check: lists the models and looks for those of the aliases. */
enum sb_err sb_llm_check(struct sb_llm *llm, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
/* The aliases for an intent at a tier, best first: high = premium; medium = premium for premium_intents, else economy; low = economy; critical =
 * economy for premium_intents alone; after each what is cheaper, and `local` where the catalogue has it; closed = `local` alone. Returns how
 * many, 0 = none. */
enum { SB_LLM_ALIASES_MAX = 3 };
size_t sb_llm_aliases(const struct sb_llm_def *def, const char *intent, enum sb_tier tier, const char *out[SB_LLM_ALIASES_MAX]);

/* Parses the body of a chat completion answer with status 200. Exposed for its fuzz target. */
enum sb_err sb_llm_parse_reply(const char *body, size_t size, struct sb_llm_reply *reply, struct sb_error *err) SB_MUST_USE;

#endif

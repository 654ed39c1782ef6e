/* The pieces of the LLM client that have a file of their own. Private to services/llm. */
#ifndef SIGNALBOX_LLM_PARTS_H
#define SIGNALBOX_LLM_PARTS_H

#include "signalbox/ports/http.h"
#include "signalbox/ports/llm.h"

/* Body of a chat completion request; malloc'ed. */
enum sb_err sb_llm_write_request(char **body, const struct sb_llm_request *request, const char *model,
                                 const struct sb_llm_endpoint *endpoint, struct sb_error *err) SB_MUST_USE;
/* The same as sb_llm_parse_reply for a stream of chunks, as server-sent events that end in [DONE]. A stream that was cut is SB_ERR_PROTOCOL. */
enum sb_err sb_llm_parse_stream(const char *body, size_t size, struct sb_llm_reply *reply, struct sb_error *err) SB_MUST_USE;

/* Cost in nano-dollars: prices are whole nano-dollars per token, so it is exact. Saturates at INT64_MAX. */
struct sb_usd sb_llm_cost(const struct sb_model_alias *alias, const struct sb_llm_reply *reply);

/* What an answer with another status than 200 means. Fills failure and err, returns err's code. `who` names the endpoint. */
enum sb_err sb_llm_judge_status(const struct sb_http_response *response, const char *who, struct sb_llm_failure *failure,
                                struct sb_error *err);
/* Error class of a call that got no answer, or one that could not be read. */
enum sb_class sb_llm_class_of(enum sb_err code);

#endif

/* The texts that a console shows and that are no events, for those that attach. */
#include "call.h"

void handle_page(const struct call *call, struct answer *answer)
{
    struct sb_error err = { 0 };
    const int64_t run = call_query_number(call, "run", 0);
    char *text = NULL;
    if (call->peer <= 0) { /* what a page showed may be nobody else's business */
        answer_error(answer, 403, "permission", "pages are told on the socket alone");
    } else if (call->setup->page == NULL) {
        answer_error(answer, 503, "unavailable", "there are no pages here");
    } else if (call->setup->page(call->setup->judge_arg, call->argument, run > 0 ? (uint64_t)run : 0, &text, &err) != SB_OK) {
        answer_failure(answer, &err);
    } else {
        answer->status = 200;
        answer->type = "text/plain; charset=utf-8";
        answer->body = text;
    }
}

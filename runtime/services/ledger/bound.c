/* The worst case of a call. Pure. */
#include "signalbox/ports/ledger.h"

/* Tokens of framing: what chat templates put around each message and around all of them, generously. */
enum { MESSAGE_OVERHEAD = 16, CALL_OVERHEAD = 32 };

int64_t sb_ledger_bound(const struct sb_model_alias *alias, size_t input_bytes, uint32_t message_count, uint32_t output_tokens)
{
    int64_t input = 0, output = 0, total = 0;
    int64_t tokens = CALL_OVERHEAD + (int64_t)MESSAGE_OVERHEAD * message_count;
    int64_t price = alias->in_nano > alias->cached_nano ? alias->in_nano : alias->cached_nano;
    if (input_bytes > INT64_MAX / 2 || __builtin_add_overflow(tokens, (int64_t)input_bytes, &tokens) ||
        __builtin_mul_overflow(tokens, price, &input) || __builtin_mul_overflow((int64_t)output_tokens, alias->out_nano, &output) ||
        __builtin_add_overflow(input, output, &total))
        return INT64_MAX;
    return total;
}

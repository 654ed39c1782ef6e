/* Fuzz target: answers of an LLM endpoint. Whatever comes, a reply is whole or untouched.
 * Rooms: llm codec model base os net */
#include "signalbox/base/assert.h"
#include "signalbox/ports/llm.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sb_llm_reply reply = { 0 };
    struct sb_error err = { 0 };
    const enum sb_err code = sb_llm_parse_reply((const char *)data, size, &reply, &err);
    if (code == SB_OK) {
        SB_ASSERT(reply.text != NULL && reply.tokens_cached <= reply.tokens_in);
        SB_ASSERT(strlen(reply.text) <= size);
    } else {
        SB_ASSERT(reply.text == NULL && reply.tokens_in == 0 && err.code == code && err.text[0] != '\0');
    }
    free(reply.text);
    return 0;
}

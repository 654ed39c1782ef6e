/* As lookups.c, for a runtime in another process. Asker's thread; bounded by the op. */
#include "attached_pages.h"

#include "app.h"

#include "signalbox/api/api.h"
#include "signalbox/attach/attach.h"

#include <stdlib.h>

enum { ANSWER_MAX_BYTES = 1 << 20 };

enum sb_err attached_lookup(const void *arg, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *findings,
                            struct sb_error *err)
{
    const struct attached_pages *self = arg;
    struct sb_attach_reply reply = { 0 };
    char target[SB_API_LOOKUP_TARGET_MAX], words[SB_ERROR_TEXT_MAX];
    sb_api_lookup_target(lookup, target);
    enum sb_err rc = sb_attach_ask(self->socket_path, "GET", target, NULL, ANSWER_MAX_BYTES, op, &reply, err);
    if (rc != SB_OK)
        return rc;
    if (reply.status == 200) {
        rc = sb_api_lookup_read(reply.body, reply.size, findings, err);
        if (rc == SB_OK && findings->kind != lookup->kind)
            rc = sb_error_set(err, SB_ERR_PROTOCOL, "the runtime answered another question");
    } else {
        sb_attach_words(&reply, words, sizeof(words));
        rc = sb_error_set(err, reply.status == 404 ? SB_ERR_NOT_FOUND : SB_ERR_UNAVAILABLE, "%s", words);
    }
    free(reply.body);
    return rc;
}

/* The configuration of a running runtime as a text, and asking for it over its socket: who captures from elsewhere does not have its files, its flags
 * and its environment. Any thread; bounded time. */
#include "config_page.h"

#include "incident.h"

#include "signalbox/attach/attach.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX = 4 << 20 };
static const sb_ns ask_time = SB_S(3);

enum sb_err config_page(const void *source, char **text, struct sb_error *err)
{
    const struct verdict_source *from = source;
    const struct installation *in = from->installation;
    char *bytes = NULL;
    size_t size = 0;
    struct secrets *secrets = calloc(1, sizeof(*secrets));
    FILE *out = open_memstream(&bytes, &size);
    enum sb_err rc = secrets != NULL && out != NULL ? config_write(from->options, &in->paths, in->catalogue->config_hash, out, err)
                                                    : sb_error_set(err, SB_ERR_NOMEM, "no memory for the configuration");
    const bool is_written = out != NULL && ferror(out) == 0;
    if ((out == NULL || fclose(out) != 0 || !is_written) && rc == SB_OK)
        rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the configuration");
    if (rc == SB_OK) {
        secrets_open(secrets, in->catalogue, true);
        *text = secrets_redact(secrets, bytes, size);
        secrets_close(secrets);
        rc = *text != NULL ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for the configuration");
    }
    if (bytes != NULL)
        explicit_bzero(bytes, size);
    free(bytes);
    free(secrets);
    return rc;
}

char *config_page_ask(const char *socket_path, struct sb_error *err)
{
    const struct sb_op op = { .deadline = sb_now() + ask_time };
    struct sb_attach_reply reply = { 0 };
    char words[SB_ERROR_TEXT_MAX];
    if (sb_attach_ask(socket_path, "GET", "/v1/pages/config", NULL, CONFIG_MAX, &op, &reply, err) != SB_OK)
        return NULL;
    if (reply.status == 200)
        return reply.body;
    sb_attach_words(&reply, words, sizeof(words));
    (void)sb_error_set(err, SB_ERR_UNAVAILABLE, "the runtime does not tell it: %s", words);
    free(reply.body);
    return NULL;
}

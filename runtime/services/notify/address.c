/* The address of a channel: plain, or behind a reference because it holds a token. */
#include "letter.h"

#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

static bool is_reference(const char *url)
{
    return strstr(url, "://") == NULL;
}

static enum sb_err check(const struct sb_channel_def *def, const char *url, struct sb_error *err)
{
    const bool is_mail = def->kind == SB_CHANNEL_SMTP;
    if (strncmp(url, is_mail ? "smtps://" : "https://", 8) == 0 || (is_mail && strncmp(url, "smtp://", 7) == 0))
        return SB_OK;
    if (is_mail || strncmp(url, "http://", 7) != 0)
        return sb_error_set(err, SB_ERR_CONFIG, "the address in %s does not begin with %s", is_reference(def->url) ? def->url : "url",
                            is_mail ? "smtp:// or smtps://" : "https:// or http://");
    if (!def->allows_insecure && !sb_channel_url_is_loopback(url))
        return sb_error_set(err, SB_ERR_CONFIG, "its address is http:// to another machine: give https://, or set allow_insecure: true");
    return SB_OK;
}

enum sb_err sb_letter_url(const struct sb_channel_def *def, const char *path, char **out_url, struct sb_error *err)
{
    char *base = NULL;
    enum sb_err code = SB_OK;
    if (is_reference(def->url))
        code = sb_secret_read(def->url, &base, err);
    else if ((base = strdup(def->url)) == NULL)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for an address");
    if (code == SB_OK)
        code = check(def, base, err);
    if (code == SB_OK) {
        const size_t query = strcspn(base, "?#");
        size_t size = query;
        while (size > 0 && base[size - 1] == '/' && path[0] != '\0')
            size--;
        const size_t cap = strlen(base) + strlen(path) + 1;
        char *url = malloc(cap);
        if (url != NULL) {
            struct sb_text text;
            sb_text_init(&text, url, cap);
            sb_text_add_n(&text, base, size);
            sb_text_add(&text, path);
            sb_text_add(&text, base + query);
            *out_url = url;
        } else {
            code = sb_error_set(err, SB_ERR_NOMEM, "no memory for an address");
        }
    }
    sb_secret_free(base);
    return code;
}

void sb_letter_url_shown(const struct sb_channel_def *def, const char *path, struct sb_text *out)
{
    if (is_reference(def->url)) {
        sb_text_addf(out, "(%s)%s", def->url, path);
        return;
    }
    const char *host = strstr(def->url, "://") + 3;
    const size_t size = (size_t)(host - def->url) + strcspn(host, "/?#");
    sb_text_add_n(out, def->url, size);
    sb_text_add(out, def->url[size] != '\0' && !sb_streq(def->url + size, "/") ? "/..." : "");
    sb_text_add(out, path);
}

void sb_notify_target(const struct sb_channel_def *channel, struct sb_text *out)
{
    if (channel->kind == SB_CHANNEL_EXEC)
        sb_text_add(out, channel->argv[0]);
    else
        sb_letter_url_shown(channel, "", out);
}

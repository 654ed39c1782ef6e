/* What a hang-up asks for: the configuration is read again, all or nothing. Main thread. */
#include "app.h"

#include "signalbox/os/os.h"

#include <stdio.h>

enum { DIFFERENCES_SHOWN_MAX = 100 };

/* One line for each key that is different, as text for a terminal. */
static void print_difference(void *arg, const struct sb_config_value *before, const struct sb_config_value *after)
{
    size_t *count = arg;
    const struct sb_config_value *place = after != NULL ? after : before;
    if ((*count)++ >= DIFFERENCES_SHOWN_MAX)
        return;
    char line[512];
    struct sb_text text;
    sb_text_init(&text, line, sizeof(line));
    sb_text_add(&text, before == NULL ? "+ " : after == NULL ? "- " : "~ ");
    sb_text_add(&text, place->key);
    sb_text_add(&text, ": ");
    if (before != NULL)
        sb_text_add(&text, before->value);
    if (before != NULL && after != NULL)
        sb_text_add(&text, " -> ");
    if (after != NULL)
        sb_text_add(&text, after->value);
    if (after != NULL && after->line > 0)
        sb_text_addf(&text, "  (%s:%u)", after->file, (unsigned)after->line);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] == 0x7f)
            line[i] = ' ';
    (void)fprintf(stderr, "%s\n", line);
}

bool reload_is_wanted(const struct installation *in, const struct options *options)
{
    struct sb_catalogue *found = NULL;
    if (load_catalogue(&found, options, &in->paths) != EXIT_OK) {
        complain("the configuration is not reloaded: the one in use, %s, goes on", in->catalogue->config_hash);
        return false;
    }
    const bool is_new = !sb_streq(found->config_hash, in->catalogue->config_hash);
    if (!is_new) {
        complain("the configuration is the one in use, %s: nothing to reload", in->catalogue->config_hash);
    } else {
        size_t count = 0;
        complain("the configuration changes from %s to %s; running steps may finish, then it is in force", in->catalogue->config_hash,
                 found->config_hash);
        sb_config_compare(in->catalogue, found, &count, print_difference);
        if (count > DIFFERENCES_SHOWN_MAX)
            (void)fprintf(stderr, "and %zu more\n", count - DIFFERENCES_SHOWN_MAX);
    }
    sb_catalogue_destroy(found);
    return is_new;
}

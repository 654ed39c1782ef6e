/* One binding function per type of the key table, and what they share. Used by bind.c and values.c only. */
#ifndef SB_CONFIG_VALUES_H
#define SB_CONFIG_VALUES_H

#include "bind.h"

#include <string.h>

/* Binds the node to the key's place in the target, or reports. */
typedef void sb_cfg_bind_one(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node, void *target);

sb_cfg_bind_one sb_cfg_bind_flag, sb_cfg_bind_number, sb_cfg_bind_decimal, sb_cfg_bind_span, sb_cfg_bind_text, sb_cfg_bind_path,
    sb_cfg_bind_choice, sb_cfg_bind_texts, sb_cfg_bind_choices, sb_cfg_bind_pairs;

/* Whether the node is a list (a map) within the key's bounds; reports when not. */
bool sb_cfg_is_list(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node);
bool sb_cfg_is_map(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *node);
/* Whether an entry of a map can be used at all, and its name passes the key's check. */
bool sb_cfg_is_fit_name(struct sb_cfg_binder *binder, const struct sb_cfg_key *key, const struct sb_cfg_node *child);

/* Appends ".name" to the path of the key being bound; returns the size for sb_cfg_pop_path. */
size_t sb_cfg_push_path(struct sb_cfg_binder *binder, const char *name);
void sb_cfg_pop_path(struct sb_cfg_binder *binder, size_t before);
/* Remembers the value at the present path and where it came from. */
void sb_cfg_note_origin(struct sb_cfg_binder *binder, const struct sb_cfg_node *node);
/* show.c: the value as it would be written in a line, lists and maps in brackets, masked where it could be a secret. */
void sb_cfg_write_value(const char *path, const struct sb_cfg_node *node, struct sb_text *out);

/* Places inside structs whose type only the key table knows. */
static inline void *sb_cfg_at(void *target, size_t offset)
{
    return (unsigned char *)target + offset;
}

static inline void sb_cfg_put_pointer(void *target, size_t offset, const void *pointer)
{
    memcpy(sb_cfg_at(target, offset), &pointer, sizeof pointer);
}

static inline void sb_cfg_put_size(void *target, size_t offset, size_t value)
{
    memcpy(sb_cfg_at(target, offset), &value, sizeof value);
}

#endif

/* What exists in the practice world: accounts, posts, sessions. Private to practice.
 *
 * The daemon's thread is the only one that changes it; it does so under the world's mutex, reads without it, and everybody else reads
 * under it. */
#ifndef SIGNALBOX_PRACTICE_WORLD_H
#define SIGNALBOX_PRACTICE_WORLD_H

#include "signalbox/practice/practice.h"

#include <stdbool.h>

enum { SB_WORLD_ACCOUNTS_MAX = 16, SB_WORLD_SESSIONS_MAX = 256, SB_WORLD_TOKEN_MAX = 40, SB_WORLD_ID_MAX = 24 };
#define SB_WORLD_NO_POST UINT32_MAX
#define SB_WORLD_NO_ACCOUNT UINT32_MAX

struct sb_world_account {
    const char *handle, *name, *bio;
    uint32_t followers;
};

struct sb_world_post {
    char *text;
    int64_t at_ms;
    uint32_t author;
    uint32_t reply_to;      /* index of a post, or SB_WORLD_NO_POST */
    uint32_t reply_count;   /* real replies in this world */
};

struct sb_world_counters {
    uint64_t likes, reposts, replies, views;
};

struct sb_world_setup {
    uint64_t seed;
    uint32_t speed_pct;
    int64_t epoch_ms;       /* when this world began; the seeded posts lie before it */
};

struct sb_world;
struct sb_world *sb_world_create(const struct sb_world_setup *setup); /* NULL when out of memory */
void sb_world_destroy(struct sb_world *world);

uint64_t sb_world_seed(const struct sb_world *world);
int64_t sb_world_epoch_ms(const struct sb_world *world);
uint32_t sb_world_account_count(void);
const struct sb_world_account *sb_world_account(uint32_t index);
uint32_t sb_world_find_account(const char *handle); /* or SB_WORLD_NO_ACCOUNT */
uint64_t sb_world_followers(const struct sb_world *world, uint32_t account, int64_t now_ms);

/* Posts are numbered from 0 in the order of their making. */
uint32_t sb_world_post_count(const struct sb_world *world);
const struct sb_world_post *sb_world_post(const struct sb_world *world, uint32_t index);
/* Takes `text` (malloc'ed). SB_WORLD_NO_POST when the world is full: then the text stays the caller's. */
/* The nearest older post by another author; the first of all when there is none. */
uint32_t sb_world_other_author(const struct sb_world *world, uint32_t index);
uint32_t sb_world_add_post(struct sb_world *world, uint32_t author, char *text, uint32_t reply_to, int64_t at_ms);
void sb_world_post_id(const struct sb_world *world, uint32_t index, char out[SB_WORLD_ID_MAX]);
uint32_t sb_world_find_post(const struct sb_world *world, const char *id); /* or SB_WORLD_NO_POST */
struct sb_world_counters sb_world_counters(const struct sb_world *world, uint32_t index, int64_t now_ms);
/* Any thread. */
uint64_t sb_world_posts_of(struct sb_world *world, uint32_t account);

/* Opens a session; the oldest one ends when there are too many. */
const char *sb_world_log_in(struct sb_world *world, uint32_t account);
void sb_world_log_out(struct sb_world *world, const char *token);
uint32_t sb_world_session(const struct sb_world *world, const char *token); /* account, or SB_WORLD_NO_ACCOUNT */

#endif

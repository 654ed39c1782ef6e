/* The account's own posts as its profile shows them: what reconciliation and id recovery compare with. */
#ifndef SIGNALBOX_STEPS_PROFILE_H
#define SIGNALBOX_STEPS_PROFILE_H

#include "native.h"

enum { SB_PROFILE_POSTS_MAX = 2000, SB_PROFILE_PAGES_MAX = 40 };

struct sb_profile_post {
    char id[SB_POST_ID_MAX];
    int64_t at_ms;      /* 0 when the page does not tell */
    char *normal;       /* normalised text, or NULL when it is no UTF-8 */
};

struct sb_profile {
    struct sb_profile_post *posts; /* of the account alone, in the page's order */
    size_t count;
    size_t shown;       /* everybody's posts on the pages read */
    bool is_whole;      /* the page says that there are no more */
    int64_t oldest_ms;  /* of all that was shown, 0 when unknown */
    int64_t read_at_ms; /* wall time at which the read began */
};

/* Reads it with flow "profile" of the native's site, logged in; and goes on with flow "profile_older" (argument "before": the last post's id), if
 * the site has one, until every post since `since_ms` was shown. Free with sb_profile_free, also a zeroed one. */
enum sb_err sb_profile_read(const struct sb_native *native, int64_t since_ms, struct sb_profile *profile, struct sb_error *err) SB_MUST_USE;
void sb_profile_free(struct sb_profile *profile);
/* Whether every post since that time was shown. */
bool sb_profile_covers(const struct sb_profile *profile, int64_t since_ms);
/* Milliseconds since 1970 of a JSON value: a number is milliseconds, a text is ISO 8601 in UTC. */
bool sb_json_time(const struct sb_json *json, const char *path, int64_t *at_ms);

#endif

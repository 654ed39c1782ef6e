/* Reads the own profile through the site's flow "profile". Runs on the worker thread that holds the context. It must never call a reading
 * complete that the page does not prove to be. */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

static bool digits(const char *text, size_t count, uint32_t *value)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    *value = number;
    return true;
}

/* "2026-11-23T14:41:07Z", with or without a fraction. */
static bool parse_iso(const char *text, int64_t *at_ms)
{
    uint32_t year, month, day, hour, minute, second, millis = 0;
    if (strlen(text) < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':')
        return false;
    if (!digits(text, 4, &year) || !digits(text + 5, 2, &month) || !digits(text + 8, 2, &day) || !digits(text + 11, 2, &hour) ||
        !digits(text + 14, 2, &minute) || !digits(text + 17, 2, &second))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return false;
    const char *rest = text + 19;
    if (*rest == '.') {
        if (!digits(rest + 1, 3, &millis))
            return false;
        rest += 1 + strspn(rest + 1, "0123456789");
    }
    if (!sb_streq(rest, "Z"))
        return false;
    int64_t days = sb_civil_days((int32_t)year, month, day);
    *at_ms = ((days * 24 + hour) * 60 + minute) * 60000 + (int64_t)second * 1000 + millis;
    return true;
}

bool sb_json_time(const struct sb_json *json, const char *path, int64_t *at_ms)
{
    if (sb_json_type(json, path) == SB_JSON_NUMBER)
        return sb_json_i64(json, path, at_ms);
    char *text = sb_json_type(json, path) == SB_JSON_STRING ? sb_json_text(json, path) : NULL;
    bool is_time = text != NULL && parse_iso(text, at_ms);
    free(text);
    return is_time;
}

/* The path of a field of element `index`; profiles may call it by either name. */
static void field_path(const struct sb_json *json, size_t index, const char *name, const char *other, char path[96])
{
    struct sb_text text;
    sb_text_init(&text, path, 96);
    sb_text_addf(&text, "posts.%zu.%s", index, name);
    if (sb_json_type(json, path) != SB_JSON_MISSING)
        return;
    sb_text_init(&text, path, 96);
    sb_text_addf(&text, "posts.%zu.%s", index, other);
}

static bool is_known(const struct sb_profile *profile, const char *id)
{
    for (size_t i = 0; i < profile->count; i++)
        if (sb_streq(profile->posts[i].id, id))
            return true;
    return false;
}

static enum sb_err add_post(const struct sb_native *native, const struct sb_json *json, size_t index, struct sb_profile *profile,
                            char last_id[SB_POST_ID_MAX], struct sb_error *err)
{
    struct sb_profile_post *post = &profile->posts[profile->count];
    char path[96], author[SB_ACCOUNT_MAX + 1];
    field_path(json, index, "post_id", "id", path);
    if (!sb_json_copy(json, path, post->id, sizeof post->id) || post->id[0] == '\0')
        return sb_error_set(err, SB_ERR_PROTOCOL, "post %zu of the profile has no id", index + 1);
    (void)sb_copy(last_id, SB_POST_ID_MAX, post->id);
    field_path(json, index, "posted_at", "time", path);
    if (!sb_json_time(json, path, &post->at_ms))
        post->at_ms = 0;
    if (post->at_ms > 0 && (profile->oldest_ms == 0 || post->at_ms < profile->oldest_ms))
        profile->oldest_ms = post->at_ms;
    field_path(json, index, "author", "account", path);
    if (sb_json_copy(json, path, author, sizeof author) && !sb_streq(author[0] == '@' ? author + 1 : author, native->account))
        return SB_OK; /* somebody else's post shown on the page */
    if (is_known(profile, post->id))
        return SB_OK; /* pages that overlap */
    field_path(json, index, "text", "text", path);
    char *text = sb_json_text(json, path);
    post->normal = text ? sb_match_normalise(text) : NULL;
    free(text);
    profile->count++;
    return SB_OK;
}

/* The page's own words about more posts: `older` (a link, empty on the last page) or `post_count`. */
static bool page_is_whole(const struct sb_json *json, size_t shown)
{
    static const char *const counts[] = { "profile.post_count", "profile.posts" };
    int64_t count = 0;
    for (size_t i = 0; i < SB_LEN(counts); i++)
        if (sb_json_i64(json, counts[i], &count))
            return count <= (int64_t)shown;
    if (sb_json_type(json, "older") == SB_JSON_ARRAY)
        return sb_json_count(json, "older") == 0;
    return false;
}

static enum sb_err add_page(const struct sb_native *native, const struct sb_json *json, struct sb_profile *profile, char last_id[SB_POST_ID_MAX],
                            struct sb_error *err)
{
    if (sb_json_type(json, "posts") != SB_JSON_ARRAY)
        return sb_error_set(err, SB_ERR_CONFIG, "the profile flow of site %s saves no list \"posts\"", native->site->name);
    size_t count = sb_json_count(json, "posts");
    for (size_t i = 0; i < count && profile->count < SB_PROFILE_POSTS_MAX; i++) {
        enum sb_err code = add_post(native, json, i, profile, last_id, err);
        if (code != SB_OK)
            return code;
    }
    profile->shown += count;
    profile->is_whole = page_is_whole(json, profile->shown);
    return SB_OK;
}

static enum sb_err read_page(const struct sb_native *native, const struct sb_flow *flow, struct sb_profile *profile, char last_id[SB_POST_ID_MAX],
                             struct sb_error *err)
{
    const struct sb_step_env *env = native->env;
    struct sb_pair with[] = { { "before", last_id } };
    struct sb_scope scope = { .env = env, .account = native->account, .with = with, .with_count = last_id[0] != '\0' ? 1 : 0,
                              .place = env->params->place };
    struct sb_flow_call call = { .env = env, .site = native->site, .flow = flow, .scope = &scope };
    struct sb_json *json = NULL;
    char *output = NULL;
    enum sb_err code = sb_flow_run(&call, &output, err);
    if (code == SB_OK)
        code = sb_json_parse(&json, output, strlen(output), err);
    if (code == SB_OK)
        code = add_page(native, json, profile, last_id, err);
    sb_json_destroy(json);
    free(output);
    return code;
}

static enum sb_err read_pages(const struct sb_native *native, int64_t since_ms, struct sb_profile *profile, struct sb_error *err)
{
    const struct sb_flow *flow = sb_site_flow(native->site, "profile"), *older = sb_site_flow(native->site, "profile_older");
    char last_id[SB_POST_ID_MAX] = "";
    if (flow == NULL)
        return sb_error_set(err, SB_ERR_CONFIG, "site %s has no flow \"profile\"", native->site->name);
    enum sb_err code = read_page(native, flow, profile, last_id, err);
    for (int page = 1; page < SB_PROFILE_PAGES_MAX && code == SB_OK && older != NULL && !sb_profile_covers(profile, since_ms); page++) {
        size_t shown = profile->shown;
        if (last_id[0] == '\0' || profile->count >= SB_PROFILE_POSTS_MAX)
            break;
        code = read_page(native, older, profile, last_id, err);
        if (code == SB_OK && profile->shown == shown)
            break; /* an empty page: what covers it or not stays to be told by the counts */
    }
    return code;
}

enum sb_err sb_profile_read(const struct sb_native *native, int64_t since_ms, struct sb_profile *profile, struct sb_error *err)
{
    struct sb_profile read = { .read_at_ms = sb_step_now_ms(native->env) };
    read.posts = calloc(SB_PROFILE_POSTS_MAX, sizeof *read.posts);
    if (read.posts == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the profile");
    enum sb_err code = sb_flow_session(native->env, native->site, err);
    if (code == SB_OK)
        code = read_pages(native, since_ms, &read, err);
    if (code == SB_OK)
        *profile = read;
    else
        sb_profile_free(&read);
    return code;
}

void sb_profile_free(struct sb_profile *profile)
{
    for (size_t i = 0; i < profile->count; i++)
        free(profile->posts[i].normal);
    free(profile->posts);
    *profile = (struct sb_profile){ 0 };
}

bool sb_profile_covers(const struct sb_profile *profile, int64_t since_ms)
{
    return profile->is_whole || (profile->oldest_ms > 0 && profile->oldest_ms < since_ms);
}

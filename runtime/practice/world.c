/* The practice world's accounts, posts, counters and sessions.
 *
 * Owned by the daemon's thread (see world.h for the lock). Everything here follows from the seed, the epoch and the calls made; it must
 * never ask a clock or a random source. */
#include "world.h"

#include "corpus.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { SEEDED_EACH = 12 };

/* Ids look like those of a real site: 19 digits, growing, with gaps, and tell the post's index in O(1). */
#define ID_BASE 1790000000000000000ULL
#define ID_STEP 1000003ULL

struct session {
    char token[SB_WORLD_TOKEN_MAX];
    uint32_t account;
};

struct sb_world {
    struct sb_mutex *mutex;
    struct sb_world_setup setup;
    struct sb_world_post *posts; /* [SB_PRACTICE_POSTS_MAX] */
    uint32_t post_count;
    uint32_t posts_of[SB_WORLD_ACCOUNTS_MAX];
    struct session sessions[SB_WORLD_SESSIONS_MAX];
    uint64_t login_count;
};

static const struct sb_world_account accounts[] = {
    { SB_PRACTICE_ACCOUNT, "Signal Ops", "Small habits, honest numbers.", 1480 },
    { "lena_moves", "Lena Moves", "Physiotherapist. Hips, backs, patience.", 48200 },
    { "drpark_sleep", "Dr. Park on Sleep", "Sleep researcher. No miracle pillows.", 183000 },
    { "ironaunt", "Iron Aunt", "Started lifting at 54. Deadlifts and tea.", 27600 },
    { "plainplate", "Plain Plate", "Cheap food, good food.", 91200 },
    { "pacenotes", "Pace Notes", "Slow runner, careful logger.", 6400 },
    { "the_control_group", "The Control Group", "Reading methods sections so you need not.", 132000 },
    { "walkto_work", "Walk to Work", "8.2 km a day, rain included.", 3900 },
    { "nightshift_nora", "Nora, night shift", "Nurse. Light, caffeine and black curtains.", 15700 },
    { "fermentfred", "Fred Ferments", "Jars everywhere. Some explode.", 22100 },
    { "quietcardio", "Quiet Cardio", "Zone 2 evangelist, softly spoken.", 57300 },
    { "mobility_mo", "Mo", "Ten minutes a day. <b>Really</b> & \"truly\".", 8800 },
    { "oddbytes", "Odd Bytes", "Tests what your reader does with odd text.", 510 },
};

/* Texts which a reader must survive: markup, quotes, direction marks, terminal controls, wide and combining characters. */
static const char *const odd_texts[] = {
    "<script>document.title = 'owned'</script> is only text here & so is <img src=x onerror=\"alert(1)\">",
    "Direction \xe2\x80\xae" "desrever\xe2\x80\xac marks, zero\xe2\x80\x8bwidth spaces and \xe2\x80\x9cquotes\xe2\x80\x9d",
    "Controls \x1b[2J\x1b[31mred\x1b[0m\x07 and a bell; \xc2\x9b" "31m too",
    "Wide \xe6\xb8\xac\xe8\xa9\xa6 \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb combining e\xcc\x81 and a | pipe; DROP TABLE posts; --",
    "{{now}} {{with.text}} $1 %s %n are placeholders of somebody else",
};

static uint64_t draw(const struct sb_world *world, uint64_t what, uint64_t which)
{
    return sb_hash_fold(sb_hash_fold(world->setup.seed, what), which);
}

static char *seeded_text(const struct sb_world *world, uint32_t author, uint32_t nth)
{
    char buf[512];
    struct sb_text text;
    sb_text_init(&text, buf, sizeof buf);
    if (sb_streq(accounts[author].handle, "oddbytes") && nth < SB_LEN(odd_texts)) {
        sb_text_add(&text, odd_texts[nth]);
    } else {
        /* Every account has a seed of its own, so that it does not tell what the LLM endpoint will write. */
        sb_corpus_write(draw(world, 1, author), nth * 31u + author, &text, NULL);
    }
    return strdup(buf);
}

static bool seed_posts(struct sb_world *world)
{
    const uint32_t total = (uint32_t)SB_LEN(accounts) * SEEDED_EACH;
    /* Oldest first, about half an hour apart; account and text follow from the place in the row. */
    for (uint32_t i = 0; i < total; i++) {
        const uint32_t author = i % (uint32_t)SB_LEN(accounts);
        const int64_t jitter_ms = (int64_t)(draw(world, 2, i) % 1200000u);
        const int64_t at_ms = world->setup.epoch_ms - (int64_t)(total - i) * 1800000 + jitter_ms;
        char *text = seeded_text(world, author, i / (uint32_t)SB_LEN(accounts));
        if (!text) {
            return false;
        }
        if (sb_world_add_post(world, author, text, SB_WORLD_NO_POST, at_ms) == SB_WORLD_NO_POST) {
            free(text);
            return false;
        }
    }
    return true;
}

struct sb_world *sb_world_create(const struct sb_world_setup *setup)
{
    _Static_assert(SB_LEN(accounts) <= SB_WORLD_ACCOUNTS_MAX, "more accounts than the world holds");
    struct sb_world *world = calloc(1, sizeof *world);
    if (!world) {
        return NULL;
    }
    world->setup = *setup;
    world->mutex = sb_mutex_create(SB_RANK_PRACTICE);
    world->posts = calloc(SB_PRACTICE_POSTS_MAX, sizeof *world->posts);
    if (!world->mutex || !world->posts || !seed_posts(world)) {
        sb_world_destroy(world);
        return NULL;
    }
    return world;
}

void sb_world_destroy(struct sb_world *world)
{
    if (!world) {
        return;
    }
    for (uint32_t i = 0; i < world->post_count; i++) {
        free(world->posts[i].text);
    }
    free(world->posts);
    sb_mutex_destroy(world->mutex);
    free(world);
}

uint64_t sb_world_seed(const struct sb_world *world)
{
    return world->setup.seed;
}

int64_t sb_world_epoch_ms(const struct sb_world *world)
{
    return world->setup.epoch_ms;
}

uint32_t sb_world_account_count(void)
{
    return (uint32_t)SB_LEN(accounts);
}

const struct sb_world_account *sb_world_account(uint32_t index)
{
    SB_ASSERT(index < SB_LEN(accounts));
    return &accounts[index];
}

uint32_t sb_world_find_account(const char *handle)
{
    for (uint32_t i = 0; i < SB_LEN(accounts); i++) {
        if (sb_streq(accounts[i].handle, handle)) {
            return i;
        }
    }
    return SB_WORLD_NO_ACCOUNT;
}

static uint64_t aged_ms(const struct sb_world *world, int64_t since_ms, int64_t now_ms)
{
    const uint64_t most = 100000000000u; /* three years, so that the products below stay in 64 bits */
    if (now_ms <= since_ms) {
        return 0;
    }
    const uint64_t age = (uint64_t)(now_ms - since_ms);
    const uint64_t scaled = age < most ? age * world->setup.speed_pct / 100u : most;
    return scaled < most ? scaled : most;
}

uint64_t sb_world_followers(const struct sb_world *world, uint32_t account, int64_t now_ms)
{
    const uint64_t base = sb_world_account(account)->followers;
    /* About one per cent a day. */
    return base + base * (aged_ms(world, world->setup.epoch_ms, now_ms) / 1000u) / 8640000u;
}

uint32_t sb_world_post_count(const struct sb_world *world)
{
    return world->post_count;
}

const struct sb_world_post *sb_world_post(const struct sb_world *world, uint32_t index)
{
    SB_ASSERT(index < world->post_count);
    return &world->posts[index];
}

uint32_t sb_world_other_author(const struct sb_world *world, uint32_t index)
{
    uint32_t other = index;
    while (other > 0 && sb_world_post(world, other)->author == sb_world_post(world, index)->author) {
        other--;
    }
    return other;
}

uint32_t sb_world_add_post(struct sb_world *world, uint32_t author, char *text, uint32_t reply_to, int64_t at_ms)
{
    SB_ASSERT(author < SB_LEN(accounts) && (reply_to == SB_WORLD_NO_POST || reply_to < world->post_count));
    if (world->post_count >= SB_PRACTICE_POSTS_MAX) {
        return SB_WORLD_NO_POST;
    }
    sb_mutex_lock(world->mutex);
    const uint32_t index = world->post_count++;
    world->posts[index] = (struct sb_world_post){ .text = text, .at_ms = at_ms, .author = author, .reply_to = reply_to };
    world->posts_of[author]++;
    if (reply_to != SB_WORLD_NO_POST) {
        world->posts[reply_to].reply_count++;
    }
    sb_mutex_unlock(world->mutex);
    return index;
}

static uint64_t id_of(const struct sb_world *world, uint32_t index)
{
    return ID_BASE + (index + 1u) * ID_STEP + draw(world, 3, index) % 1000u;
}

void sb_world_post_id(const struct sb_world *world, uint32_t index, char out[SB_WORLD_ID_MAX])
{
    struct sb_text text;
    sb_text_init(&text, out, SB_WORLD_ID_MAX);
    sb_text_add_u64(&text, id_of(world, index));
}

uint32_t sb_world_find_post(const struct sb_world *world, const char *id)
{
    uint64_t number = 0;
    if (!sb_parse_u64(id, &number) || number < ID_BASE + ID_STEP) {
        return SB_WORLD_NO_POST;
    }
    const uint64_t index = (number - ID_BASE) / ID_STEP - 1u;
    return index < world->post_count && id_of(world, (uint32_t)index) == number ? (uint32_t)index : SB_WORLD_NO_POST;
}

/* Grows towards `most`; half of it is reached after half_ms. Never falls. */
static uint64_t grown(uint64_t most, uint64_t age_ms, uint64_t half_ms)
{
    return most * age_ms / (age_ms + half_ms);
}

struct sb_world_counters sb_world_counters(const struct sb_world *world, uint32_t index, int64_t now_ms)
{
    const struct sb_world_post *post = sb_world_post(world, index);
    const uint64_t luck = draw(world, 4, index);
    const uint64_t age_ms = aged_ms(world, post->at_ms, now_ms);
    const uint64_t half_ms = 3600000u + luck % 14400000u; /* one to five hours */
    const uint64_t reach = (accounts[post->author].followers / 8u + 40u) << ((luck >> 24) % 5u); /* few posts go far */
    const uint64_t likes = reach * (10u + (luck >> 32) % 40u) / 1000u + 1u;
    return (struct sb_world_counters){
        .views = grown(reach, age_ms, half_ms),
        .likes = grown(likes, age_ms, half_ms),
        .reposts = grown(likes / (4u + (luck >> 40) % 5u), age_ms, half_ms),
        .replies = grown(likes / (6u + (luck >> 48) % 7u), age_ms, half_ms) + post->reply_count,
    };
}

uint64_t sb_world_posts_of(struct sb_world *world, uint32_t account)
{
    SB_ASSERT(account < SB_LEN(accounts));
    sb_mutex_lock(world->mutex);
    const uint64_t count = world->posts_of[account];
    sb_mutex_unlock(world->mutex);
    return count;
}

const char *sb_world_log_in(struct sb_world *world, uint32_t account)
{
    const uint64_t number = world->login_count++;
    struct session *session = &world->sessions[number % SB_WORLD_SESSIONS_MAX];
    struct sb_text text;
    session->account = account;
    sb_text_init(&text, session->token, sizeof session->token);
    sb_text_addf(&text, "%016llx%016llx", (unsigned long long)draw(world, 5, number), (unsigned long long)draw(world, 6, number));
    return session->token;
}

/* SB_WORLD_SESSIONS_MAX when there is none. */
static size_t find_session(const struct sb_world *world, const char *token)
{
    size_t i = token && token[0] ? 0 : SB_WORLD_SESSIONS_MAX;
    while (i < SB_WORLD_SESSIONS_MAX && !sb_streq(world->sessions[i].token, token)) {
        i++;
    }
    return i;
}

void sb_world_log_out(struct sb_world *world, const char *token)
{
    const size_t i = find_session(world, token);
    if (i < SB_WORLD_SESSIONS_MAX) {
        world->sessions[i].token[0] = '\0';
    }
}

uint32_t sb_world_session(const struct sb_world *world, const char *token)
{
    const size_t i = find_session(world, token);
    return i < SB_WORLD_SESSIONS_MAX ? world->sessions[i].account : SB_WORLD_NO_ACCOUNT;
}

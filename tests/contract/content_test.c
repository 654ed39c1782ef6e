/* Content rows over the store port: every legal move, every illegal one, claims in a race, the schema's own constraints. */
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stores.h"

static const struct sb_op patient = { .deadline = SB_NEVER };

struct world {
    char location[TEST_LOCATION_MAX];
    struct sb_store *store;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct sb_error err = { 0 };
    assert_non_null(world);
    test_store_create(world->location);
    if (sb_store_open(&world->store, world->location, &err))
        fail_msg("%s", err.text);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    world->store->ops->close(world->store);
    test_store_destroy(world->location);
    free(world);
    return 0;
}

static enum sb_err queue(struct world *world, const char *id, const char *account, const char *text, int64_t at_ms, int64_t now_ms)
{
    const struct sb_content_new row = { .decision_id = id, .kind = "single", .account = account, .text = text, .topic = "sleep",
                                        .scheduled_at_ms = at_ms, .cost_nano = 5 };
    return sb_content_queue(world->store, &row, 1, now_ms, &patient, NULL);
}

static enum sb_err try_sql(struct world *world, const char *sql)
{
    const struct sb_statement statement = { sql, NULL, 0, 1 };
    return world->store->ops->write(world->store, &statement, 1, NULL, &patient, NULL);
}

static void sql(struct world *world, const char *text)
{
    assert_int_equal(try_sql(world, text), SB_OK);
}

static struct sb_rows *ask(struct world *world, const char *text)
{
    const struct sb_statement statement = { text, NULL, 0, -1 };
    struct sb_rows *rows = NULL;
    assert_int_equal(world->store->ops->query(world->store, &statement, &patient, &rows, NULL), SB_OK);
    return rows;
}

static int64_t number(struct world *world, const char *text)
{
    struct sb_rows *rows = ask(world, text);
    assert_int_equal(sb_rows_count(rows), 1);
    int64_t value = sb_rows_cell(rows, 0, 0)->integer;
    sb_rows_destroy(rows);
    return value;
}

static void assert_word(struct world *world, const char *text, const char *expected)
{
    struct sb_rows *rows = ask(world, text);
    assert_int_equal(sb_rows_count(rows), 1);
    assert_int_equal(sb_rows_cell(rows, 0, 0)->type, SB_CELL_TEXT);
    assert_string_equal(sb_rows_cell(rows, 0, 0)->text, expected);
    sb_rows_destroy(rows);
}

/* A row "d" of account "acc" in any status, claimed with token 7 where that matters. */
static void row_in(struct world *world, const char *status)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "INSERT INTO content_metadata (decision_id, kind, account, text, status, scheduled_at_ms, claimed_at_ms, claim_token, "
                   "posted_at_ms, post_id, content_hash, created_at_ms, updated_at_ms) "
                   "VALUES ('d', 'single', 'acc', 't', '%s', 10, 20, 7, 30, 'p', 'h', 1, 1)", status);
    sql(world, text);
}

static const char *const statuses[SB_CONTENT_COUNT] = {
#define TEXT(code, text) [SB_CONTENT_##code] = text,
    SB_LIST_CONTENT_STATUS(TEXT)
#undef TEXT
};

/* ---- queue ---- */

static void content__a_queued_row_keeps_what_it_was_given(void **state)
{
    struct world *world = *state;
    assert_int_equal(queue(world, "d1", "acc", "Hello  World", 100, 50), SB_OK);
    assert_word(world, "SELECT text FROM content_metadata WHERE decision_id = 'd1' AND status = 'queued' AND scheduled_at_ms = 100 "
                       "AND created_at_ms = 50 AND cost_nano = 5 AND attempts = 0 AND tone IS NULL", "Hello  World");
}

static void content__the_same_words_are_refused_while_they_wait_or_are_fresh(void **state)
{
    struct world *world = *state;
    const int64_t day = 86400000;
    assert_int_equal(queue(world, "d1", "acc", "Hello World", 100, 50), SB_OK);
    assert_int_equal(queue(world, "d2", "acc", "  hello\n world ", 100, 50), SB_ERR_EXISTS);
    assert_int_equal(queue(world, "d3", "other", "Hello World", 100, 50), SB_OK);
    assert_int_equal(queue(world, "d4", "acc", "Hello, World", 100, 50), SB_OK);
    sql(world, "UPDATE content_metadata SET status = 'posted', post_id = 'p', posted_at_ms = 1000 WHERE decision_id = 'd1'");
    assert_int_equal(queue(world, "d5", "acc", "hello world", 100, 1000 + 7 * day - 1), SB_ERR_EXISTS);
    assert_int_equal(queue(world, "d5", "acc", "hello world", 100, 1000 + 7 * day), SB_OK);
}

static void content__a_cancelled_text_may_be_queued_again(void **state)
{
    struct world *world = *state;
    assert_int_equal(queue(world, "d1", "acc", "Hello", 100, 50), SB_OK);
    sql(world, "UPDATE content_metadata SET status = 'cancelled' WHERE decision_id = 'd1'");
    assert_int_equal(queue(world, "d2", "acc", "Hello", 100, 50), SB_OK);
}

static void content__incomplete_and_oversized_rows_are_refused(void **state)
{
    struct world *world = *state;
    char text[2049];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(queue(world, "d1", "acc", text, 1, 1), SB_ERR_TOO_LARGE);
    assert_int_equal(queue(world, "d1", "acc", text + 1, 1, 1), SB_OK);
    assert_int_equal(queue(world, "d2", "acc", "", 1, 1), SB_ERR_INVALID);
    assert_int_equal(queue(world, "", "acc", "x", 1, 1), SB_ERR_INVALID);
    const struct sb_content_new odd = { .decision_id = "d3", .kind = "song", .account = "acc", .text = "x" };
    assert_int_equal(sb_content_queue(world->store, &odd, 1, 1, &patient, NULL), SB_ERR_INVALID);
}

/* ---- claim ---- */

static void content__a_claim_takes_the_oldest_due_row(void **state)
{
    struct world *world = *state;
    struct sb_content_row row;
    assert_int_equal(queue(world, "late", "acc", "b", 200, 1), SB_OK);
    assert_int_equal(queue(world, "early", "acc", "a", 100, 1), SB_OK);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 7, 1, 99, &patient, &row, NULL), SB_ERR_NOT_FOUND);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 7, 1, 300, &patient, &row, NULL), SB_OK);
    assert_string_equal(row.decision_id, "early");
    assert_string_equal(row.text, "a");
    assert_string_equal(row.kind, "single");
    assert_string_equal(row.account, "acc");
    assert_int_equal(row.claim_token, 7);
    assert_int_equal(row.claimed_at_ms, 300);
    assert_int_equal(row.scheduled_at_ms, 100);
    assert_int_equal(row.attempts, 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM posting_attempts WHERE decision_id = 'early' AND attempt = 1 AND token = 7 "
                                   "AND started_at_ms = 300 AND ended_at_ms IS NULL"), 1);
}

static void content__replies_are_not_claimed_with_posts(void **state)
{
    struct world *world = *state;
    struct sb_content_row row;
    const struct sb_content_new reply = { .decision_id = "r", .kind = "reply", .account = "acc", .text = "x", .target = "900", .scheduled_at_ms = 1 };
    assert_int_equal(sb_content_queue(world->store, &reply, 1, 1, &patient, NULL), SB_OK);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 7, 1, 99, &patient, &row, NULL), SB_ERR_NOT_FOUND);
}

static void content__one_account_has_one_effect_in_flight(void **state)
{
    struct world *world = *state;
    struct sb_content_row row;
    assert_int_equal(queue(world, "d1", "acc", "a", 1, 1), SB_OK);
    assert_int_equal(queue(world, "d2", "acc", "b", 2, 1), SB_OK);
    assert_int_equal(queue(world, "d3", "other", "c", 2, 1), SB_OK);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 7, 1, 9, &patient, &row, NULL), SB_OK);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 8, 1, 9, &patient, &row, NULL), SB_ERR_REFUSED);
    assert_int_equal(sb_content_claim(world->store, "other", SB_CLAIM_POST, 9, 1, 9, &patient, &row, NULL), SB_OK);
    assert_string_equal(row.decision_id, "d3");
    assert_int_equal(try_sql(world, "UPDATE content_metadata SET status = 'posting', claimed_at_ms = 1, claim_token = 1 "
                                    "WHERE decision_id = 'd2'"), SB_ERR_EXISTS);
}

enum { RACERS = 4, LAPS = 12 };
struct racer {
    struct world *world;
    int64_t token;
    unsigned won, wrong;
};

static void race(void *arg)
{
    struct racer *self = arg;
    for (int lap = 0; lap < LAPS; lap++) {
        struct sb_content_row row;
        enum sb_err code = sb_content_claim(self->world->store, "acc", SB_CLAIM_POST, self->token, 1, 100, &patient, &row, NULL);
        if (code == SB_OK)
            self->won++;
        else if (code != SB_ERR_REFUSED)
            self->wrong++;
    }
}

static void content__of_four_racing_claims_one_wins(void **state)
{
    struct world *world = *state;
    struct racer racers[RACERS];
    struct sb_thread *threads[RACERS];
    unsigned won = 0;
    for (int i = 0; i < 5; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "d%d", i);
        assert_int_equal(queue(world, id, "acc", id, i, 1), SB_OK);
    }
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){ .world = world, .token = 100 + i };
        assert_int_equal(sb_thread_start(&threads[i], "racer", race, &racers[i], NULL), SB_OK);
    }
    for (int i = 0; i < RACERS; i++) {
        sb_thread_join(threads[i]);
        assert_int_equal(racers[i].wrong, 0);
        won += racers[i].won;
    }
    assert_int_equal(won, 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM content_metadata WHERE status = 'posting'"), 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM posting_attempts"), 1);
}

/* ---- posted ---- */

static void content__saving_a_post_archives_it_in_the_same_transaction(void **state)
{
    struct world *world = *state;
    struct sb_content_row row;
    assert_int_equal(queue(world, "d1", "acc", "a", 1, 1), SB_OK);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 7, 1, 9, &patient, &row, NULL), SB_OK);
    assert_int_equal(sb_content_save_posted(world->store, "d1", "p1", "e1", 50, &patient, NULL), SB_OK);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM content_metadata WHERE status = 'posted' AND post_id = 'p1' AND effect_id = 'e1' "
                                   "AND posted_at_ms = 50"), 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM posted_decisions WHERE decision_id = 'd1' AND text = 'a' AND post_id = 'p1'"), 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM outcomes WHERE decision_id = 'd1' AND likes IS NULL"), 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM posting_attempts WHERE outcome = 'posted' AND ended_at_ms = 50"), 1);
}

static void content__saving_the_same_post_twice_is_fine_and_another_is_not(void **state)
{
    struct world *world = *state;
    row_in(world, "uncertain");
    assert_int_equal(sb_content_save_posted(world->store, "d", "p1", "e1", 50, &patient, NULL), SB_OK);
    assert_int_equal(sb_content_save_posted(world->store, "d", "p1", "e1", 60, &patient, NULL), SB_OK);
    assert_int_equal(sb_content_save_posted(world->store, "d", "p2", "e1", 60, &patient, NULL), SB_ERR_CONFLICT);
    assert_int_equal(sb_content_save_posted(world->store, "nobody", "p2", "e2", 60, &patient, NULL), SB_ERR_NOT_FOUND);
    assert_int_equal(sb_content_save_posted(world->store, "d", "", "e2", 60, &patient, NULL), SB_ERR_INVALID);
    assert_int_equal(number(world, "SELECT posted_at_ms FROM content_metadata WHERE decision_id = 'd'"), 50);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM posted_decisions"), 1);
}

static void content__a_post_or_effect_belongs_to_one_row(void **state)
{
    struct world *world = *state;
    struct sb_content_row row;
    row_in(world, "uncertain");
    assert_int_equal(sb_content_save_posted(world->store, "d", "p1", "e1", 50, &patient, NULL), SB_OK);
    assert_int_equal(queue(world, "d2", "acc", "b", 1, 1), SB_OK);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 8, 1, 9, &patient, &row, NULL), SB_OK);
    assert_int_equal(sb_content_save_posted(world->store, "d2", "p1", "e2", 60, &patient, NULL), SB_ERR_EXISTS);
    assert_int_equal(sb_content_save_posted(world->store, "d2", "p2", "e1", 60, &patient, NULL), SB_ERR_EXISTS);
    assert_word(world, "SELECT status FROM content_metadata WHERE decision_id = 'd2'", "posting");
    assert_int_equal(number(world, "SELECT COUNT(*) FROM posted_decisions"), 1);
}

static void content__only_rows_that_may_be_in_flight_can_be_saved_as_posted(void **state)
{
    struct world *world = *state;
    for (unsigned from = 0; from < SB_CONTENT_COUNT; from++) {
        bool is_legal = from == SB_CONTENT_QUEUED || from == SB_CONTENT_POSTING || from == SB_CONTENT_UNCERTAIN;
        row_in(world, statuses[from]);
        assert_int_equal(sb_content_save_posted(world->store, "d", "new", "e", 50, &patient, NULL), is_legal ? SB_OK : SB_ERR_CONFLICT);
        assert_word(world, "SELECT status FROM content_metadata", is_legal ? "posted" : statuses[from]);
        sql(world, "DELETE FROM content_metadata");
        if (is_legal) {
            sql(world, "DELETE FROM posted_decisions");
            sql(world, "DELETE FROM outcomes");
        }
    }
}

/* ---- moves ---- */

static bool is_legal_move(unsigned from, unsigned to)
{
    static const char *const moves[] = { "draft>queued",    "draft>cancelled",   "queued>cancelled", "posting>queued", "posting>failed",
                                         "posting>uncertain", "posting>skipped", "uncertain>queued", "posted>verified", "verified>archived" };
    char move[64];
    (void)snprintf(move, sizeof move, "%s>%s", statuses[from], statuses[to]);
    for (size_t i = 0; i < SB_LEN(moves); i++)
        if (strcmp(moves[i], move) == 0)
            return true;
    return false;
}

static void content__every_legal_move_works_and_every_other_is_a_conflict(void **state)
{
    struct world *world = *state;
    unsigned legal = 0;
    for (unsigned from = 0; from < SB_CONTENT_COUNT; from++) {
        row_in(world, statuses[from]);
        for (unsigned to = 0; to < SB_CONTENT_COUNT; to++) {
            bool is_legal = is_legal_move(from, to);
            enum sb_err code = sb_content_move(world->store, "d", 7, (enum sb_content_status)from, (enum sb_content_status)to, 0, "why",
                                               &patient, NULL);
            assert_int_equal(code, is_legal ? SB_OK : SB_ERR_CONFLICT);
            assert_word(world, "SELECT status FROM content_metadata", statuses[is_legal ? to : from]);
            if (is_legal) {
                legal++;
                assert_word(world, "SELECT last_error FROM content_metadata", "why");
                sql(world, "DELETE FROM content_metadata");
                row_in(world, statuses[from]);
            }
        }
        sql(world, "DELETE FROM content_metadata");
    }
    assert_int_equal(legal, 10);
}

static void content__a_move_from_another_status_than_the_rows_is_a_conflict(void **state)
{
    struct world *world = *state;
    row_in(world, "posted");
    assert_int_equal(sb_content_move(world->store, "d", 7, SB_CONTENT_POSTING, SB_CONTENT_QUEUED, 0, NULL, &patient, NULL), SB_ERR_CONFLICT);
    assert_int_equal(sb_content_move(world->store, "x", 7, SB_CONTENT_POSTING, SB_CONTENT_QUEUED, 0, NULL, &patient, NULL), SB_ERR_CONFLICT);
    assert_word(world, "SELECT status FROM content_metadata", "posted");
}

static void content__a_stale_token_moves_nothing(void **state)
{
    struct world *world = *state;
    static const enum sb_content_status to[] = { SB_CONTENT_QUEUED, SB_CONTENT_FAILED, SB_CONTENT_UNCERTAIN, SB_CONTENT_SKIPPED };
    row_in(world, "posting");
    for (size_t i = 0; i < SB_LEN(to); i++)
        assert_int_equal(sb_content_move(world->store, "d", 8, SB_CONTENT_POSTING, to[i], 0, NULL, &patient, NULL), SB_ERR_CONFLICT);
    assert_word(world, "SELECT status FROM content_metadata", "posting");
}

static void content__a_row_put_back_waits_until_its_retry_time_and_loses_its_claim(void **state)
{
    struct world *world = *state;
    struct sb_content_row row;
    assert_int_equal(queue(world, "d1", "acc", "a", 1, 1), SB_OK);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 7, 1, 9, &patient, &row, NULL), SB_OK);
    assert_int_equal(sb_content_move(world->store, "d1", 7, SB_CONTENT_POSTING, SB_CONTENT_QUEUED, 500, "slow", &patient, NULL), SB_OK);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM content_metadata WHERE claim_token IS NULL AND claimed_at_ms IS NULL"), 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM posting_attempts WHERE outcome = 'queued' AND error = 'slow'"), 1);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 8, 1, 499, &patient, &row, NULL), SB_ERR_NOT_FOUND);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 8, 1, 500, &patient, &row, NULL), SB_OK);
    assert_int_equal(row.attempts, 2);
}

/* ---- counting, recovery, expiry ---- */

static void content__uncertain_rows_count_against_the_limits_however_old(void **state)
{
    struct world *world = *state;
    int64_t count = -1, last = -1;
    assert_int_equal(sb_content_count(world->store, "acc", false, 100, &patient, &count, &last, NULL), SB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(last, 0);
    sql(world, "INSERT INTO content_metadata (decision_id, kind, account, text, status, scheduled_at_ms, claimed_at_ms, claim_token, "
               "content_hash, created_at_ms, updated_at_ms) VALUES ('u', 'single', 'acc', 't', 'uncertain', 1, 20, 7, 'h', 1, 1)");
    sql(world, "INSERT INTO content_metadata (decision_id, kind, account, text, status, scheduled_at_ms, posted_at_ms, post_id, "
               "content_hash, created_at_ms, updated_at_ms) VALUES ('old', 'single', 'acc', 't', 'posted', 1, 99, 'p1', 'h', 1, 1)");
    sql(world, "INSERT INTO content_metadata (decision_id, kind, account, text, status, scheduled_at_ms, posted_at_ms, post_id, "
               "content_hash, created_at_ms, updated_at_ms) VALUES ('new', 'single', 'acc', 't', 'verified', 1, 150, 'p2', 'h', 1, 1)");
    assert_int_equal(queue(world, "q", "acc", "x", 1, 1), SB_OK);
    assert_int_equal(sb_content_count(world->store, "acc", false, 100, &patient, &count, &last, NULL), SB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(last, 150);
}

static void content__open_rows_are_the_stuck_and_the_uncertain(void **state)
{
    struct world *world = *state;
    struct sb_content_row *rows = NULL, row;
    size_t count = 0;
    row_in(world, "uncertain"); /* claimed at 20 */
    assert_int_equal(queue(world, "d2", "acc", "b", 1, 1), SB_OK);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 8, 1, 90, &patient, &row, NULL), SB_OK);
    assert_int_equal(sb_content_open(world->store, "acc", 90, 0, &patient, &rows, &count, NULL), SB_OK);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].decision_id, "d");
    free(rows);
    assert_int_equal(sb_content_open(world->store, NULL, 91, 0, &patient, &rows, &count, NULL), SB_OK);
    assert_int_equal(count, 2);
    assert_string_equal(rows[1].decision_id, "d2");
    assert_int_equal(rows[1].claim_token, 8);
    free(rows);
}

static void content__a_row_whose_run_has_ended_is_open_at_once(void **state)
{
    struct world *world = *state;
    struct sb_content_row *rows = NULL, row;
    size_t count = 0;
    assert_int_equal(queue(world, "d", "acc", "a", 1, 1), SB_OK);
    assert_int_equal(sb_content_claim(world->store, "acc", SB_CLAIM_POST, 8, 5, 90, &patient, &row, NULL), SB_OK);
    sql(world, "INSERT INTO job_runs (run, job_name, cause, state, queued_at_ms) VALUES (5, 'posting', 'schedule', 'running', 80)");
    assert_int_equal(sb_content_open(world->store, "acc", 90, 0, &patient, &rows, &count, NULL), SB_OK);
    assert_int_equal(count, 0);
    free(rows);
    sql(world, "UPDATE job_runs SET state = 'failed', ended_at_ms = 91 WHERE run = 5");
    assert_int_equal(sb_content_open(world->store, "acc", 90, 0, &patient, &rows, &count, NULL), SB_OK);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].decision_id, "d");
    free(rows);
}

static void content__overdue_rows_expire_by_kind(void **state)
{
    struct world *world = *state;
    int64_t expired = 0;
    const struct sb_content_new thread = { .decision_id = "t", .kind = "thread", .account = "acc", .text = "x", .scheduled_at_ms = 100 };
    assert_int_equal(sb_content_queue(world->store, &thread, 1, 1, &patient, NULL), SB_OK);
    assert_int_equal(queue(world, "s", "acc", "y", 100, 1), SB_OK);
    assert_int_equal(queue(world, "fresh", "acc", "z", 900, 1), SB_OK);
    assert_int_equal(sb_content_expire(world->store, 1000, &(struct sb_content_overdue){ 500, 2000, 500 }, &patient, &expired, NULL), SB_OK);
    assert_int_equal(expired, 1);
    assert_word(world, "SELECT decision_id FROM content_metadata WHERE status = 'cancelled' AND last_error = 'overdue'", "s");
}

static void content__recent_texts_come_newest_first(void **state)
{
    struct world *world = *state;
    struct sb_rows *rows = NULL;
    for (int i = 0; i < 5; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "t%d", i);
        assert_int_equal(queue(world, text, "acc", text, 1, i * 10), SB_OK);
    }
    sql(world, "UPDATE content_metadata SET status = 'skipped' WHERE decision_id = 't3'");
    assert_int_equal(sb_content_recent(world->store, "acc", 10, 2, &patient, &rows, NULL), SB_OK);
    assert_int_equal(sb_rows_count(rows), 2);
    assert_string_equal(sb_rows_get(rows, 0, "text")->text, "t4");
    assert_string_equal(sb_rows_get(rows, 1, "text")->text, "t2");
    sb_rows_destroy(rows);
}

static void content__a_verdict_is_on_the_whole_thread_and_only_while_there_is_something_to_decide(void **state)
{
    struct world *world = *state;
    struct sb_error err = { 0 };
    const struct sb_content_new parts[] = {
        { .decision_id = "t1", .kind = "thread", .account = "acc", .text = "one", .thread = "t1", .part = 1, .scheduled_at_ms = 5, .is_draft = true },
        { .decision_id = "t2", .kind = "thread", .account = "acc", .text = "two", .thread = "t1", .part = 2, .scheduled_at_ms = 5, .is_draft = true },
    };
    assert_int_equal(sb_content_queue(world->store, parts, 2, 1, &patient, NULL), SB_OK);
    assert_int_equal(sb_content_judge(world->store, "t2", true, "ana", &patient, NULL), SB_OK);
    assert_word(world, "SELECT MIN(status) || ',' || MAX(status) FROM content_metadata", "queued,queued");
    assert_int_equal(sb_content_judge(world->store, "t1", true, "ana", &patient, &err), SB_ERR_CONFLICT);
    assert_non_null(strstr(err.text, "no draft any more"));
    assert_int_equal(sb_content_judge(world->store, "t1", false, "ana", &patient, NULL), SB_OK);
    assert_word(world, "SELECT MIN(status || ' ' || last_error) || ',' || MAX(status || ' ' || last_error) FROM content_metadata",
                "cancelled rejected by ana,cancelled rejected by ana");
    sql(world, "DELETE FROM content_metadata WHERE decision_id = 't1'");
    sql(world, "DELETE FROM content_metadata WHERE decision_id = 't2'");
    row_in(world, "posting");
    assert_int_equal(sb_content_judge(world->store, "d", false, "ana", &patient, NULL), SB_ERR_CONFLICT);
}

static void content__the_page_shows_an_uncertain_row_beside_what_it_may_be(void **state)
{
    struct world *world = *state;
    char *text = NULL;
    assert_int_equal(sb_content_page(world->store, 1000, &patient, &text, NULL), SB_OK);
    assert_non_null(strstr(text, "no content yet"));
    assert_int_equal(strncmp(text, "0 drafts, 0 uncertain, 0 queued, 0 posted today\n=", 49), 0);
    free(text);
    row_in(world, "uncertain");
    assert_int_equal(queue(world, "q", "acc", "waits\x1b in line", 9000, 1), SB_OK);
    static const char *const posts[] = { "'77', 'acc', 'close to it'", "'78', 'acc', 'owned already'", "'79', 'else', 'of another'" };
    for (size_t i = 0; i < SB_LEN(posts); i++) {
        char insert[256];
        (void)snprintf(insert, sizeof insert, "INSERT INTO collected_posts (site, post_id, author, text, source, posted_at_ms, collected_at_ms) "
                                              "VALUES ('s', %s, 'own', 100000, 100000)", posts[i]);
        sql(world, insert);
    }
    sql(world, "UPDATE content_metadata SET post_id = '78' WHERE decision_id = 'q'");
    assert_int_equal(sb_content_page(world->store, 200000, &patient, &text, NULL), SB_OK);
    assert_int_equal(strncmp(text, "0 drafts, 1 uncertain, 1 queued, 0 posted today\n", 48), 0);
    assert_non_null(strstr(text, "= in flight or uncertain, with what it may be: 1\nd "));
    assert_non_null(strstr(text, "may be post 77, 1m40s ago\n    \"close to it\""));
    assert_null(strstr(text, "owned already")); /* another row has it */
    assert_null(strstr(text, "of another"));
    assert_non_null(strstr(text, "= queued, next first: 1"));
    assert_non_null(strstr(text, "waits  in line"));
    assert_null(strchr(text, 0x1b));
    free(text);
}

static void content__the_schema_itself_refuses_impossible_rows(void **state)
{
    struct world *world = *state;
    assert_int_equal(queue(world, "d1", "acc", "a", 1, 1), SB_OK);
    assert_int_equal(try_sql(world, "UPDATE content_metadata SET status = 'lost'"), SB_ERR_INVALID);
    assert_int_equal(try_sql(world, "UPDATE content_metadata SET status = 'posted'"), SB_ERR_INVALID);
    assert_int_equal(try_sql(world, "UPDATE content_metadata SET status = 'posting'"), SB_ERR_INVALID);
    assert_int_equal(try_sql(world, "INSERT INTO posting_attempts (decision_id, attempt, token, started_at_ms) VALUES ('none', 1, 1, 1)"),
                     SB_ERR_INVALID);
    assert_int_equal(queue(world, "d1", "acc", "other", 1, 1), SB_ERR_EXISTS);
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(content__a_queued_row_keeps_what_it_was_given),
        TEST(content__the_same_words_are_refused_while_they_wait_or_are_fresh),
        TEST(content__a_cancelled_text_may_be_queued_again),
        TEST(content__incomplete_and_oversized_rows_are_refused),
        TEST(content__a_claim_takes_the_oldest_due_row),
        TEST(content__replies_are_not_claimed_with_posts),
        TEST(content__one_account_has_one_effect_in_flight),
        TEST(content__of_four_racing_claims_one_wins),
        TEST(content__saving_a_post_archives_it_in_the_same_transaction),
        TEST(content__saving_the_same_post_twice_is_fine_and_another_is_not),
        TEST(content__a_post_or_effect_belongs_to_one_row),
        TEST(content__only_rows_that_may_be_in_flight_can_be_saved_as_posted),
        TEST(content__every_legal_move_works_and_every_other_is_a_conflict),
        TEST(content__a_move_from_another_status_than_the_rows_is_a_conflict),
        TEST(content__a_stale_token_moves_nothing),
        TEST(content__a_row_put_back_waits_until_its_retry_time_and_loses_its_claim),
        TEST(content__uncertain_rows_count_against_the_limits_however_old),
        TEST(content__open_rows_are_the_stuck_and_the_uncertain),
        TEST(content__a_row_whose_run_has_ended_is_open_at_once),
        TEST(content__overdue_rows_expire_by_kind),
        TEST(content__recent_texts_come_newest_first),
        TEST(content__a_verdict_is_on_the_whole_thread_and_only_while_there_is_something_to_decide),
        TEST(content__the_page_shows_an_uncertain_row_beside_what_it_may_be),
        TEST(content__the_schema_itself_refuses_impossible_rows),
    };
    return cmocka_run_group_tests_name(test_store_suite("content contract"), tests, NULL, NULL);
}

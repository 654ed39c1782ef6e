/* The receipts journal: order of records, recovery from every cut, refusal of damage. */
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/receipts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    char folder[64], path[128];
    struct sb_receipts *receipts;
};

static void open_journal(struct world *world)
{
    struct sb_error err = { 0 };
    if (sb_receipts_open(&world->receipts, world->path, &err))
        fail_msg("%s", err.text);
}

static void reopen(struct world *world)
{
    sb_receipts_close(world->receipts);
    world->receipts = NULL;
    open_journal(world);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    (void)sb_copy(world->folder, sizeof world->folder, "/tmp/signalbox-receipts-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    (void)snprintf(world->path, sizeof world->path, "%s/receipts", world->folder);
    open_journal(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    sb_receipts_close(world->receipts);
    assert_int_equal(sb_dir_remove(world->folder, NULL), SB_OK);
    free(world);
    return 0;
}

static struct sb_receipt receipt_of(enum sb_receipt_kind kind, const char *effect)
{
    struct sb_receipt receipt;
    memset(&receipt, 0, sizeof receipt);
    receipt.kind = kind;
    receipt.at.ns = 12345;
    receipt.run = 3;
    receipt.token = 9;
    (void)sb_copy(receipt.effect_id, sizeof receipt.effect_id, effect);
    (void)sb_copy(receipt.decision_id, sizeof receipt.decision_id, "d1");
    (void)sb_copy(receipt.account, sizeof receipt.account, "acc");
    (void)sb_copy(receipt.fingerprint, sizeof receipt.fingerprint, "f00d");
    if (kind == SB_RECEIPT_RECEIPT) {
        (void)sb_copy(receipt.post_id, sizeof receipt.post_id, "post-1");
        (void)sb_copy(receipt.how, sizeof receipt.how, "response");
    }
    return receipt;
}

static enum sb_err append(struct world *world, enum sb_receipt_kind kind, const char *effect)
{
    struct sb_receipt receipt = receipt_of(kind, effect);
    return sb_receipts_append(world->receipts, &receipt, NULL);
}

/* Records by letter: intent, submit, receipt, done (settled), absent. */
static const char letters[] = "?ISRDA";
static enum sb_receipt_kind kind_of(char letter)
{
    const char *at = strchr(letters, letter);
    assert_non_null(at);
    return (enum sb_receipt_kind)(at - letters);
}

static enum sb_effect_state state_of(struct world *world, const char *effect)
{
    return sb_receipts_effect(world->receipts, effect).state;
}

static void receipts__an_effect_goes_from_intent_to_settled_and_is_there_after_reopening(void **state)
{
    struct world *world = *state;
    assert_int_equal(state_of(world, "e"), SB_EFFECT_NONE);
    assert_int_equal(append(world, SB_RECEIPT_INTENT, "e"), SB_OK);
    assert_int_equal(state_of(world, "e"), SB_EFFECT_INTENDED);
    assert_int_equal(append(world, SB_RECEIPT_SUBMIT, "e"), SB_OK);
    assert_int_equal(state_of(world, "e"), SB_EFFECT_SUBMITTED);
    assert_int_equal(append(world, SB_RECEIPT_RECEIPT, "e"), SB_OK);
    reopen(world);
    struct sb_effect effect = sb_receipts_effect(world->receipts, "e");
    assert_int_equal(effect.state, SB_EFFECT_RECEIVED);
    assert_string_equal(effect.last.post_id, "post-1");
    assert_string_equal(effect.last.how, "response");
    assert_string_equal(effect.last_intent.fingerprint, "f00d");
    assert_string_equal(effect.last_intent.account, "acc");
    assert_int_equal(effect.last_intent.run, 3);
    assert_int_equal(effect.last_intent.token, 9);
    assert_int_equal(effect.last_intent.at.ns, 12345);
    assert_int_equal(effect.last.seq, 3);
    assert_int_equal(append(world, SB_RECEIPT_SETTLED, "e"), SB_OK);
    assert_int_equal(append(world, SB_RECEIPT_SETTLED, "e"), SB_OK);
    assert_int_equal(state_of(world, "e"), SB_EFFECT_SETTLED);
}

static void receipts__records_that_may_not_follow_are_refused_and_leave_no_trace(void **state)
{
    /* rows: how an effect came to its state; letters: which record may follow */
    static const struct {
        const char *path, *allowed;
    } rows[] = { { "", "I" }, { "I", "ISRA" }, { "IS", "RA" }, { "ISR", "RD" }, { "ISRD", "D" }, { "ISA", "IRA" }, { "IA", "IRA" } };
    struct world *world = *state;
    for (size_t row = 0; row < SB_LEN(rows); row++) {
        for (int kind = SB_RECEIPT_INTENT; kind <= SB_RECEIPT_ABSENT; kind++) {
            char effect[16];
            struct stat before, after;
            (void)snprintf(effect, sizeof effect, "e%zu-%d", row, kind);
            for (const char *at = rows[row].path; *at; at++)
                assert_int_equal(append(world, kind_of(*at), effect), SB_OK);
            bool is_allowed = strchr(rows[row].allowed, letters[kind]) != NULL;
            assert_int_equal(stat(world->path, &before), 0);
            assert_int_equal(append(world, (enum sb_receipt_kind)kind, effect), is_allowed ? SB_OK : SB_ERR_CONFLICT);
            assert_int_equal(stat(world->path, &after), 0);
            assert_int_equal(after.st_size > before.st_size, is_allowed);
        }
    }
    reopen(world);
}

static void receipts__a_submit_needs_the_token_of_its_intent(void **state)
{
    struct world *world = *state;
    struct sb_receipt submit = receipt_of(SB_RECEIPT_SUBMIT, "e");
    assert_int_equal(append(world, SB_RECEIPT_INTENT, "e"), SB_OK);
    submit.token = 8;
    assert_int_equal(sb_receipts_append(world->receipts, &submit, NULL), SB_ERR_STALE);
    assert_int_equal(state_of(world, "e"), SB_EFFECT_INTENDED);
    submit.token = 9;
    assert_int_equal(sb_receipts_append(world->receipts, &submit, NULL), SB_OK);
}

static void receipts__a_submit_after_its_deadline_is_refused(void **state)
{
    struct world *world = *state;
    struct sb_receipt intent = receipt_of(SB_RECEIPT_INTENT, "e");
    intent.submit_deadline = 1; /* long ago on the monotonic clock */
    assert_int_equal(sb_receipts_append(world->receipts, &intent, NULL), SB_OK);
    assert_int_equal(append(world, SB_RECEIPT_SUBMIT, "e"), SB_ERR_STALE);
    intent.submit_deadline = SB_NEVER;
    assert_int_equal(sb_receipts_append(world->receipts, &intent, NULL), SB_OK);
    assert_int_equal(append(world, SB_RECEIPT_SUBMIT, "e"), SB_OK);
}

static void receipts__incomplete_receipts_are_refused(void **state)
{
    struct world *world = *state;
    struct sb_receipt receipt = receipt_of(SB_RECEIPT_RECEIPT, "e");
    assert_int_equal(append(world, SB_RECEIPT_INTENT, ""), SB_ERR_INVALID);
    assert_int_equal(append(world, SB_RECEIPT_INTENT, "e"), SB_OK);
    receipt.post_id[0] = '\0';
    assert_int_equal(sb_receipts_append(world->receipts, &receipt, NULL), SB_ERR_INVALID);
}

static void receipts__the_longest_texts_survive(void **state)
{
    struct world *world = *state;
    struct sb_receipt receipt = receipt_of(SB_RECEIPT_INTENT, "");
    memset(receipt.effect_id, 'e', sizeof receipt.effect_id - 1);
    memset(receipt.decision_id, 'd', sizeof receipt.decision_id - 1);
    memset(receipt.account, 'a', sizeof receipt.account - 1);
    memset(receipt.post_id, 'p', sizeof receipt.post_id - 1);
    memset(receipt.how, 'h', sizeof receipt.how - 1);
    memset(receipt.fingerprint, 'f', sizeof receipt.fingerprint - 1);
    assert_int_equal(sb_receipts_append(world->receipts, &receipt, NULL), SB_OK);
    reopen(world);
    struct sb_effect effect = sb_receipts_effect(world->receipts, receipt.effect_id);
    assert_memory_equal(&effect.last, &receipt, sizeof receipt);
}

struct visits {
    char ids[128];
    struct sb_text text;
};

static void visit(void *arg, const struct sb_effect *effect)
{
    struct visits *visits = arg;
    sb_text_add(&visits->text, effect->last.effect_id);
    sb_text_add_char(&visits->text, ' ');
}

static void receipts__open_effects_are_those_neither_settled_nor_absent(void **state)
{
    struct world *world = *state;
    struct visits visits;
    static const char *const paths[][2] = { { "a", "I" }, { "b", "IS" }, { "c", "ISR" }, { "d", "ISRD" }, { "e", "IA" }, { "f", "IAI" } };
    for (size_t i = 0; i < SB_LEN(paths); i++)
        for (const char *at = paths[i][1]; *at; at++)
            assert_int_equal(append(world, kind_of(*at), paths[i][0]), SB_OK);
    sb_text_init(&visits.text, visits.ids, sizeof visits.ids);
    sb_receipts_open_effects(world->receipts, &visits, visit);
    assert_string_equal(visits.ids, "a b c f ");
}

static void receipts__the_newest_effects_come_first_and_are_bounded(void **state)
{
    struct world *world = *state;
    struct visits visits;
    static const char *const ids[] = { "a", "b", "c" };
    for (size_t i = 0; i < SB_LEN(ids); i++)
        assert_int_equal(append(world, SB_RECEIPT_INTENT, ids[i]), SB_OK);
    sb_text_init(&visits.text, visits.ids, sizeof visits.ids);
    sb_receipts_newest(world->receipts, 2, &visits, visit);
    assert_string_equal(visits.ids, "c b ");
    sb_receipts_newest(world->receipts, 9, &visits, visit);
    assert_string_equal(visits.ids, "c b c b a ");
}

static void receipts__hundreds_of_effects_are_found_again(void **state)
{
    struct world *world = *state;
    char effect[24];
    for (int i = 0; i < 300; i++) {
        (void)snprintf(effect, sizeof effect, "effect-%d", i);
        assert_int_equal(append(world, SB_RECEIPT_INTENT, effect), SB_OK);
    }
    reopen(world);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(effect, sizeof effect, "effect-%d", i);
        assert_int_equal(state_of(world, effect), SB_EFFECT_INTENDED);
    }
    assert_int_equal(state_of(world, "effect-300"), SB_EFFECT_NONE);
}

/* ---- recovery ---- */

/* Writes a journal of three effects and gives its bytes and the end of each record. */
static char *make_journal(struct world *world, size_t *size, size_t ends[16], size_t *count)
{
    static const char *const paths[][2] = { { "a", "ISR" }, { "b", "ISA" }, { "c", "IS" }, { "a", "D" } };
    char *bytes = NULL;
    *count = 0;
    for (size_t i = 0; i < SB_LEN(paths); i++) {
        for (const char *at = paths[i][1]; *at; at++) {
            struct stat info;
            assert_int_equal(append(world, kind_of(*at), paths[i][0]), SB_OK);
            assert_int_equal(stat(world->path, &info), 0);
            ends[(*count)++] = (size_t)info.st_size;
        }
    }
    sb_receipts_close(world->receipts);
    world->receipts = NULL;
    assert_int_equal(sb_file_read(world->path, 1 << 20, &bytes, size, NULL), SB_OK);
    assert_int_equal(*size, ends[*count - 1]);
    return bytes;
}

static void put_file(struct world *world, const void *bytes, size_t size)
{
    assert_int_equal(sb_file_write_atomically(world->path, bytes, size, 0600, NULL), SB_OK);
}

static void receipts__every_prefix_of_a_journal_recovers_its_whole_records(void **state)
{
    struct world *world = *state;
    size_t size, ends[16], count;
    char *bytes = make_journal(world, &size, ends, &count);
    for (size_t cut = 0; cut <= size; cut++) {
        size_t whole = 0;
        while (whole < count && ends[whole] <= cut)
            whole++;
        put_file(world, bytes, cut);
        open_journal(world);
        struct sb_receipt next = receipt_of(SB_RECEIPT_INTENT, "new");
        assert_int_equal(sb_receipts_append(world->receipts, &next, NULL), SB_OK);
        assert_int_equal(next.seq, whole + 1);
        reopen(world);
        assert_int_equal(state_of(world, "new"), SB_EFFECT_INTENDED);
        assert_int_equal(state_of(world, "a") != SB_EFFECT_NONE, whole >= 1);
        sb_receipts_close(world->receipts);
        world->receipts = NULL;
    }
    free(bytes);
    open_journal(world);
}

static void receipts__a_torn_tail_of_zeros_or_noise_is_cut(void **state)
{
    struct world *world = *state;
    size_t size, ends[16], count;
    char *bytes = make_journal(world, &size, ends, &count);
    char *longer = calloc(1, size + 300);
    struct stat info;
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    for (int round = 0; round < 2; round++) {
        put_file(world, longer, size + 300);
        open_journal(world);
        assert_int_equal(stat(world->path, &info), 0);
        assert_int_equal((size_t)info.st_size, size);
        sb_receipts_close(world->receipts);
        world->receipts = NULL;
        memcpy(longer + size, bytes + 3, 100); /* noise: a piece of a record */
    }
    free(longer);
    free(bytes);
    open_journal(world);
}

static void assert_refused(struct world *world, const char *bytes, size_t size, size_t offset)
{
    struct sb_error err = { 0 };
    char expected[40];
    put_file(world, bytes, size);
    (void)snprintf(expected, sizeof expected, "at byte %zu:", offset);
    assert_int_equal(sb_receipts_open(&world->receipts, world->path, &err), SB_ERR_CORRUPT);
    assert_null(world->receipts);
    if (!strstr(err.text, expected))
        fail_msg("\"%s\" does not say %s", err.text, expected);
}

static void receipts__a_changed_bit_in_the_middle_is_refused_with_its_offset(void **state)
{
    struct world *world = *state;
    size_t size, ends[16], count;
    char *bytes = make_journal(world, &size, ends, &count);
    for (size_t at = 0; at < ends[count - 2]; at += 7) {
        size_t record = 0;
        while (ends[record] <= at)
            record++;
        bytes[at] = (char)(bytes[at] ^ 0x10);
        assert_refused(world, bytes, size, record ? ends[record - 1] : 0);
        bytes[at] = (char)(bytes[at] ^ 0x10);
    }
    put_file(world, bytes, size);
    free(bytes);
    open_journal(world);
}

static void receipts__a_missing_record_is_refused(void **state)
{
    struct world *world = *state;
    size_t size, ends[16], count;
    char *bytes = make_journal(world, &size, ends, &count);
    memmove(bytes + ends[0], bytes + ends[1], size - ends[1]);
    assert_refused(world, bytes, size - (ends[1] - ends[0]), ends[0]);
    put_file(world, bytes, 0);
    free(bytes);
    open_journal(world);
}

static void receipts__another_file_is_not_taken_for_a_journal(void **state)
{
    struct world *world = *state;
    char text[5000];
    memset(text, 'x', sizeof text);
    sb_receipts_close(world->receipts);
    world->receipts = NULL;
    assert_refused(world, text, sizeof text, 0);
    put_file(world, "", 0);
    open_journal(world);
}

static void receipts__a_second_opener_is_refused(void **state)
{
    struct world *world = *state;
    struct sb_receipts *second = NULL;
    assert_int_equal(sb_receipts_open(&second, world->path, NULL), SB_ERR_EXISTS);
    assert_null(second);
}

static void receipts__a_folder_that_is_not_there_is_an_error_with_the_path(void **state)
{
    struct sb_receipts *journal = NULL;
    struct sb_error err = { 0 };
    (void)state;
    assert_int_not_equal(sb_receipts_open(&journal, "/nonexistent-folder/receipts", &err), SB_OK);
    assert_non_null(strstr(err.text, "/nonexistent-folder/receipts"));
}

/* ---- threads ---- */

enum { THREADS = 4, EFFECTS = 10 };
struct worker {
    struct world *world;
    int id;
    unsigned wrong;
};

static void work(void *arg)
{
    struct worker *self = arg;
    for (int i = 0; i < EFFECTS; i++) {
        char effect[24];
        (void)snprintf(effect, sizeof effect, "w%d-%d", self->id, i);
        for (int kind = SB_RECEIPT_INTENT; kind <= SB_RECEIPT_SETTLED; kind++)
            self->wrong += append(self->world, (enum sb_receipt_kind)kind, effect) != SB_OK;
    }
}

static void receipts__appends_from_many_threads_are_all_there_in_one_sequence(void **state)
{
    struct world *world = *state;
    struct worker workers[THREADS];
    struct sb_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .world = world, .id = i };
        assert_int_equal(sb_thread_start(&threads[i], "worker", work, &workers[i], NULL), SB_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        sb_thread_join(threads[i]);
        assert_int_equal(workers[i].wrong, 0);
    }
    reopen(world);
    struct sb_receipt next = receipt_of(SB_RECEIPT_INTENT, "last");
    assert_int_equal(sb_receipts_append(world->receipts, &next, NULL), SB_OK);
    assert_int_equal(next.seq, THREADS * EFFECTS * 4 + 1);
}

/* ---- compaction */

/* The file may grow by so many bytes more, as on a disk that is full. */
static void limit_growth(struct world *world, long bytes)
{
    struct rlimit limit;
    struct stat info;
    assert_int_equal(stat(world->path, &info), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < 0 ? limit.rlim_max : (rlim_t)(info.st_size + bytes);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void receipts__without_room_nothing_is_written_and_with_room_it_goes_on(void **state)
{
    struct world *world = *state;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    struct sb_receipt receipt = receipt_of(SB_RECEIPT_SUBMIT, "e");
    assert_int_equal(append(world, SB_RECEIPT_INTENT, "e"), SB_OK);
    for (long room = 0; room < 40; room += 13) { /* also in the middle of a record */
        struct sb_error err = { 0 };
        limit_growth(world, room);
        enum sb_err code = sb_receipts_append(world->receipts, &receipt, &err);
        limit_growth(world, -1);
        assert_int_equal(code, SB_ERR_FULL);
        assert_non_null(strstr(err.text, world->path));
        assert_int_equal(state_of(world, "e"), SB_EFFECT_INTENDED);
    }
    (void)signal(SIGXFSZ, before);
    assert_int_equal(append(world, SB_RECEIPT_SUBMIT, "e"), SB_OK);
    assert_int_equal(append(world, SB_RECEIPT_INTENT, "f"), SB_OK);
    reopen(world);
    assert_int_equal(state_of(world, "e"), SB_EFFECT_SUBMITTED);
    assert_int_equal(state_of(world, "f"), SB_EFFECT_INTENDED);
}

static void run_effect(struct world *world, const char *effect, int64_t at_s, bool is_settled)
{
    static const enum sb_receipt_kind kinds[] = { SB_RECEIPT_INTENT, SB_RECEIPT_SUBMIT, SB_RECEIPT_RECEIPT, SB_RECEIPT_SETTLED };
    for (size_t i = 0; i < SB_LEN(kinds) - (is_settled ? 0 : 1); i++) {
        struct sb_receipt receipt = receipt_of(kinds[i], effect);
        receipt.at.ns = SB_S(at_s);
        assert_int_equal(sb_receipts_append(world->receipts, &receipt, NULL), SB_OK);
    }
}

static void receipts__compaction_drops_only_what_was_settled_long_ago(void **state)
{
    struct world *world = *state;
    uint64_t dropped = 9;
    run_effect(world, "old", 100, true);
    run_effect(world, "old-open", 100, false);
    run_effect(world, "new", 900, true);
    assert_int_equal(sb_receipts_compact(world->receipts, (struct sb_wall){ SB_S(500) }, &dropped, NULL), SB_OK);
    assert_int_equal(dropped, 1);
    for (int round = 0; round < 2; round++) { /* at once, and from the file */
        assert_int_equal(sb_receipts_effect(world->receipts, "old").state, SB_EFFECT_NONE);
        assert_int_equal(sb_receipts_effect(world->receipts, "old-open").state, SB_EFFECT_RECEIVED);
        assert_int_equal(sb_receipts_effect(world->receipts, "new").state, SB_EFFECT_SETTLED);
        reopen(world);
    }
    run_effect(world, "next", 901, true); /* appends go to the new file */
    reopen(world);
    assert_int_equal(sb_receipts_effect(world->receipts, "next").state, SB_EFFECT_SETTLED);
    assert_int_equal(sb_receipts_compact(world->receipts, (struct sb_wall){ SB_S(500) }, &dropped, NULL), SB_OK);
    assert_int_equal(dropped, 0);
}

static void receipts__compaction_that_cannot_write_leaves_the_journal_as_it_was(void **state)
{
    struct world *world = *state;
    char path[256];
    uint64_t dropped = 0;
    struct sb_error err = { 0 };
    run_effect(world, "old", 100, true);
    (void)snprintf(path, sizeof path, "%s.new", world->path);
    assert_int_equal(mkdir(path, 0700), 0); /* in the way of the shorter copy */
    assert_int_not_equal(sb_receipts_compact(world->receipts, (struct sb_wall){ SB_S(500) }, &dropped, &err), SB_OK);
    assert_non_null(strstr(err.text, "shorter copy"));
    run_effect(world, "next", 200, true);
    reopen(world);
    assert_int_equal(sb_receipts_effect(world->receipts, "old").state, SB_EFFECT_SETTLED);
    assert_int_equal(sb_receipts_effect(world->receipts, "next").state, SB_EFFECT_SETTLED);
    assert_int_equal(rmdir(path), 0);
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

int main(void)
{
    sb_log_level_set(SB_LOG_ERROR); /* cutting tails is what these tests are about */
    const struct CMUnitTest tests[] = {
        TEST(receipts__an_effect_goes_from_intent_to_settled_and_is_there_after_reopening),
        TEST(receipts__records_that_may_not_follow_are_refused_and_leave_no_trace),
        TEST(receipts__a_submit_needs_the_token_of_its_intent),
        TEST(receipts__a_submit_after_its_deadline_is_refused),
        TEST(receipts__incomplete_receipts_are_refused),
        TEST(receipts__the_longest_texts_survive),
        TEST(receipts__open_effects_are_those_neither_settled_nor_absent),
        TEST(receipts__the_newest_effects_come_first_and_are_bounded),
        TEST(receipts__hundreds_of_effects_are_found_again),
        TEST(receipts__every_prefix_of_a_journal_recovers_its_whole_records),
        TEST(receipts__a_torn_tail_of_zeros_or_noise_is_cut),
        TEST(receipts__a_changed_bit_in_the_middle_is_refused_with_its_offset),
        TEST(receipts__a_missing_record_is_refused),
        TEST(receipts__another_file_is_not_taken_for_a_journal),
        TEST(receipts__a_second_opener_is_refused),
        TEST(receipts__a_folder_that_is_not_there_is_an_error_with_the_path),
        TEST(receipts__without_room_nothing_is_written_and_with_room_it_goes_on),
        TEST(receipts__compaction_drops_only_what_was_settled_long_ago),
        TEST(receipts__compaction_that_cannot_write_leaves_the_journal_as_it_was),
        TEST(receipts__appends_from_many_threads_are_all_there_in_one_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

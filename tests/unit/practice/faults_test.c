/* Faults, control page and LLM endpoint of the practice world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client.h"

#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#define KEY "Authorization: Bearer practice\r\n"

static int begin(void **state)
{
    struct sb_practice *practice = NULL;
    const struct sb_practice_setup setup = { .seed = 7 };
    assert_int_equal(sb_practice_start(&practice, &setup, NULL), SB_OK);
    *state = practice;
    return 0;
}

static int end(void **state)
{
    sb_practice_stop(*state);
    return 0;
}

static uint32_t set_fault(struct sb_practice *practice, uint8_t target, uint8_t kind, const char *path, uint32_t count)
{
    uint32_t id = 0;
    struct sb_practice_fault fault = { .target = target, .kind = kind, .probability_pm = 1000, .count = count, .delay_ms = 60 };
    snprintf(fault.path, sizeof fault.path, "%s", path);
    assert_int_equal(sb_practice_fault_add(practice, &fault, &id, NULL), SB_OK);
    return id;
}

static int status_of(const struct sb_practice *practice, const char *path, const char *headers)
{
    struct page page = get(practice, path, headers);
    free(page.text);
    return page.status;
}

static void faults__lost_confirmation_keeps_the_post(void **state)
{
    char cookie[96];
    log_in(*state, "signal_ops", cookie);
    const uint64_t before = sb_practice_post_count(*state, "signal_ops");
    const uint32_t id = set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_LOST_CONFIRMATION, "/api/posts", 1);
    struct page made = post(*state, cookie, "never confirmed", NULL);
    assert_int_equal(made.status, 0);
    assert_string_equal(made.text, "");
    assert_int_equal(sb_practice_post_count(*state, "signal_ops"), before + 1);
    assert_int_equal(sb_practice_fault_hits(*state, id), 1);
    free(made.text);
    struct page page = get(*state, "/@signal_ops", "");
    assert_non_null(strstr(page.body, "never confirmed"));
    free(page.text);
}

/* Browsers repeat a POST by themselves when a used connection closes mutely, so the site must not keep one. */
static void faults__lost_confirmation_meets_no_used_connection(void **state)
{
    const int fd = client_connect(*state);
    char request[128];
    snprintf(request, sizeof request, "GET /login HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", sb_practice_port(*state));
    client_send(fd, request, strlen(request));
    struct page page = client_read(fd); /* ends although the request did not ask for it */
    assert_int_equal(page.status, 200);
    assert_non_null(strstr(page.text, "Connection: close\r\n"));
    free(page.text);
}

static void faults__error500_stores_nothing(void **state)
{
    char cookie[96];
    log_in(*state, "signal_ops", cookie);
    const uint64_t before = sb_practice_post_count(*state, "signal_ops");
    set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_ERROR500, "/api/posts", 1);
    struct page made = post(*state, cookie, "refused", NULL);
    assert_int_equal(made.status, 500);
    assert_int_equal(sb_practice_post_count(*state, "signal_ops"), before);
    free(made.text);
}

static void faults__are_spent_after_their_count(void **state)
{
    const uint32_t id = set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_ERROR500, "/@", 2);
    assert_int_equal(status_of(*state, "/@lena_moves", ""), 500);
    assert_int_equal(status_of(*state, "/@lena_moves", ""), 500);
    assert_int_equal(status_of(*state, "/@lena_moves", ""), 200);
    assert_int_equal(sb_practice_fault_hits(*state, id), 2);
}

static void faults__hit_only_their_path_and_target(void **state)
{
    set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_ERROR500, "/post/", 0);
    set_fault(*state, SB_PRACTICE_LLM, SB_PRACTICE_FAULT_ERROR429, "", 0);
    assert_int_equal(status_of(*state, "/login", ""), 200);
    assert_int_equal(status_of(*state, "/post/1790000000001000003", ""), 500);
    assert_int_equal(status_of(*state, "/v1/models", KEY), 429);
    assert_int_equal(status_of(*state, "/control", ""), 200);
}

static void faults__delay_holds_one_request_and_nobody_else(void **state)
{
    set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_DELAY, "/login", 1);
    const sb_ns begun = sb_now();
    const int slow = client_connect(*state);
    static const char request[] = "GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    client_send(slow, request, sizeof request - 1);
    /* The daemon has one thread: this answer shows that it does not sleep. */
    assert_int_equal(status_of(*state, "/@lena_moves", ""), 200);
    struct page page = client_read(slow);
    assert_int_equal(page.status, 421); /* of another host, but it was delayed all the same */
    assert_true(sb_now() - begun >= SB_MS(60));
    free(page.text);
}

static void faults__stop_does_not_wait_for_delays(void **state)
{
    struct sb_practice *practice = NULL;
    const struct sb_practice_setup setup = { .seed = 1 };
    const struct sb_practice_fault fault = { .target = SB_PRACTICE_SITE, .kind = SB_PRACTICE_FAULT_DELAY, .probability_pm = 1000,
                                             .delay_ms = SB_PRACTICE_DELAY_MAX_MS };
    (void)state;
    uint32_t id = 0;
    assert_int_equal(sb_practice_start(&practice, &setup, NULL), SB_OK);
    assert_int_equal(sb_practice_fault_add(practice, &fault, &id, NULL), SB_OK);
    const int slow = client_connect(practice);
    static const char request[] = "GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client_send(slow, request, sizeof request - 1);
    while (sb_practice_fault_hits(practice, id) == 0) {
        assert_int_equal(status_of(practice, "/control/faults.json", ""), 200); /* each round trip gives the daemon its turn */
    }
    sb_practice_stop(practice);
    struct page page = client_read(slow);
    free(page.text);
}

static unsigned hits_of_100(uint64_t seed, char pattern[101])
{
    struct sb_practice *practice = NULL;
    const struct sb_practice_setup setup = { .seed = seed };
    const struct sb_practice_fault fault = { .target = SB_PRACTICE_SITE, .kind = SB_PRACTICE_FAULT_ERROR500, .probability_pm = 300 };
    unsigned hits = 0;
    assert_int_equal(sb_practice_start(&practice, &setup, NULL), SB_OK);
    assert_int_equal(sb_practice_fault_add(practice, &fault, NULL, NULL), SB_OK);
    for (int i = 0; i < 100; i++) {
        const bool is_hit = status_of(practice, "/app.css", "") == 500;
        pattern[i] = is_hit ? '1' : '0';
        hits += is_hit;
    }
    pattern[100] = '\0';
    sb_practice_stop(practice);
    return hits;
}

static void faults__draw_by_the_seed(void **state)
{
    char first[101], second[101], other[101];
    (void)state;
    const unsigned hits = hits_of_100(5, first);
    assert_in_range(hits, 15, 45);
    hits_of_100(5, second);
    hits_of_100(6, other);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
}

static void faults__refuse_what_makes_no_sense(void **state)
{
    struct sb_practice_fault fault = { .target = SB_PRACTICE_SITE, .kind = SB_PRACTICE_FAULT_BAD_JSON, .probability_pm = 1000 };
    struct sb_error err = { 0 };
    assert_int_equal(sb_practice_fault_add(*state, &fault, NULL, &err), SB_ERR_INVALID);
    assert_string_equal(err.text, "fault bad_json is not for target site");
    fault.kind = SB_PRACTICE_FAULT_DELAY;
    assert_int_equal(sb_practice_fault_add(*state, &fault, NULL, &err), SB_ERR_INVALID);
    fault.kind = SB_PRACTICE_FAULT_ERROR500;
    fault.probability_pm = 0;
    assert_int_equal(sb_practice_fault_add(*state, &fault, NULL, &err), SB_ERR_INVALID);
    fault.probability_pm = 1000;
    for (int i = 0; i < SB_PRACTICE_FAULTS_MAX; i++) {
        assert_int_equal(sb_practice_fault_add(*state, &fault, NULL, &err), SB_OK);
    }
    assert_int_equal(sb_practice_fault_add(*state, &fault, NULL, &err), SB_ERR_FULL);
}

static void control__sets_lists_and_clears_faults_by_json(void **state)
{
    struct page page = ask(*state, "POST", "/control/faults", "",
                           "{\"target\":\"site\",\"path\":\"/login\",\"kind\":\"error500\",\"probability_pm\":1000,\"count\":3}");
    assert_int_equal(page.status, 201);
    assert_string_equal(page.body, "{\"id\":1}");
    free(page.text);
    assert_int_equal(status_of(*state, "/login", ""), 500);
    page = get(*state, "/control/faults.json", "");
    assert_string_equal(page.body, "{\"faults\":[{\"target\":\"site\",\"path\":\"/login\",\"kind\":\"error500\",\"id\":1,"
                                   "\"probability_pm\":1000,\"count\":3,\"left\":2,\"delay_ms\":0,\"delay_max_ms\":0,\"hits\":1}]}");
    free(page.text);
    page = ask(*state, "POST", "/control/faults", "", "{\"clear\":true}");
    assert_string_equal(page.body, "{\"faults\":[]}");
    free(page.text);
    assert_int_equal(status_of(*state, "/login", ""), 200);
}

static void control__says_what_is_wrong_with_a_fault(void **state)
{
    struct page page = ask(*state, "POST", "/control/faults", "", "{\"target\":\"site\",\"kind\":\"meteor\"}");
    assert_int_equal(page.status, 400);
    assert_non_null(strstr(page.body, "no such kind of fault"));
    free(page.text);
    page = ask(*state, "POST", "/control/faults", "", "{\"target\":\"site\",\"kind\":\"error500\",\"count\":-1}");
    assert_int_equal(page.status, 400);
    free(page.text);
}

static void control__sets_faults_by_form(void **state)
{
    struct page page = ask(*state, "POST", "/control", "",
                           "target=site&path=%2Fhome%3C&kind=delay&probability_pm=500&count=1&delay_ms=5&delay_max_ms=9&action=add");
    assert_int_equal(page.status, 303);
    free(page.text);
    page = get(*state, "/control", "");
    assert_non_null(strstr(page.body, "<td>/home&lt;</td><td>delay</td><td>500</td>"));
    free(page.text);
    page = ask(*state, "POST", "/control", "", "action=clear");
    assert_int_equal(page.status, 303);
    free(page.text);
    page = get(*state, "/control/faults.json", "");
    assert_string_equal(page.body, "{\"faults\":[]}");
    free(page.text);
}

/* Asks for a completion; `extra` is added to the request object. */
static struct page complete(const struct sb_practice *practice, const char *extra)
{
    char body[1024];
    snprintf(body, sizeof body, "{\"model\":\"practice-economy\",\"messages\":[{\"role\":\"user\",\"content\":\"write a post\"}]%s}", extra);
    return ask(practice, "POST", "/v1/chat/completions", KEY "Content-Type: application/json\r\n", body);
}

static char *content_of(const struct page *page)
{
    struct sb_json *json = NULL;
    assert_int_equal(page->status, 200);
    assert_int_equal(sb_json_parse(&json, page->body, strlen(page->body), NULL), SB_OK);
    char *content = sb_json_text(json, "choices.0.message.content");
    assert_non_null(content);
    sb_json_destroy(json);
    return content;
}

static void llm__gives_a_json_object_when_asked(void **state)
{
    static const char *const fields[] = { "text", "topic", "angle", "tone", "format" };
    struct sb_json *json = NULL;
    struct page page = complete(*state, ",\"response_format\":{\"type\":\"json_object\"}");
    char *content = content_of(&page);
    assert_int_equal(sb_json_parse(&json, content, strlen(content), NULL), SB_OK);
    for (size_t i = 0; i < SB_LEN(fields); i++) {
        assert_int_equal(sb_json_type(json, fields[i]), SB_JSON_STRING);
    }
    sb_json_destroy(json);
    free(content);
    free(page.text);
}

static void llm__never_repeats_a_text_and_keeps_to_280_characters(void **state)
{
    enum { CALLS = 300 };
    char *texts[CALLS];
    for (size_t i = 0; i < CALLS; i++) {
        struct page page = complete(*state, "");
        texts[i] = content_of(&page);
        assert_in_range(strlen(texts[i]), 40, 280);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(texts[i], texts[j]);
        }
        free(page.text);
    }
    for (size_t i = 0; i < CALLS; i++) {
        free(texts[i]);
    }
}

static void llm__cuts_at_the_output_cap_under_both_names(void **state)
{
    static const char *const caps[] = { ",\"max_completion_tokens\":5", ",\"max_tokens\":5" };
    for (size_t i = 0; i < SB_LEN(caps); i++) {
        struct page page = complete(*state, caps[i]);
        assert_non_null(strstr(page.body, "\"finish_reason\":\"length\""));
        assert_non_null(strstr(page.body, "\"completion_tokens\":5,"));
        free(page.text);
    }
}

static void llm__counts_what_it_charges(void **state)
{
    struct sb_practice_stats stats;
    struct page page = complete(*state, ",\"max_completion_tokens\":10");
    /* "write a post": 3 tokens, 4 for the message, 3 for the frame; economy prices. */
    assert_non_null(strstr(page.body, "\"prompt_tokens\":10,\"completion_tokens\":10,\"total_tokens\":20"));
    sb_practice_stats(*state, &stats);
    assert_int_equal(stats.llm_calls, 1);
    assert_int_equal(stats.llm_cost.nano, 10 * 150 + 10 * 600);
    free(page.text);
    page = get(*state, "/v1/usage", "");
    assert_non_null(strstr(page.body, "\"calls\":1,\"cost_nano\":7500}"));
    free(page.text);
}

static void llm__wants_its_key_and_its_models(void **state)
{
    struct page page = ask(*state, "POST", "/v1/chat/completions", "Authorization: Bearer other\r\n", "{}");
    assert_int_equal(page.status, 401);
    assert_non_null(strstr(page.body, "invalid_api_key"));
    free(page.text);
    page = ask(*state, "POST", "/v1/chat/completions", KEY, "{\"model\":\"gpt-9\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    assert_int_equal(page.status, 404);
    assert_non_null(strstr(page.body, "model_not_found"));
    free(page.text);
    page = ask(*state, "POST", "/v1/chat/completions", KEY, "{\"model\":\"practice-economy\",\"messages\":[]}");
    assert_int_equal(page.status, 400);
    free(page.text);
}

static void llm__charges_for_an_answer_that_is_cut(void **state)
{
    struct sb_practice_stats stats;
    struct sb_json *json = NULL;
    set_fault(*state, SB_PRACTICE_LLM, SB_PRACTICE_FAULT_BAD_JSON, "/v1/chat", 1);
    struct page page = complete(*state, "");
    assert_int_equal(page.status, 200);
    assert_int_not_equal(sb_json_parse(&json, page.body, strlen(page.body), NULL), SB_OK);
    sb_practice_stats(*state, &stats);
    assert_int_equal(stats.llm_calls, 1);
    free(page.text);
}

/* ---- what a site does to those who read it */

static struct page post_made(struct sb_practice *practice, const char *text)
{
    char cookie[96];
    log_in(practice, "signal_ops", cookie);
    return post(practice, cookie, text, NULL);
}

static void faults__a_late_post_is_in_no_list_and_not_counted_until_it_is_old_enough(void **state)
{
    const struct sb_practice_fault fault = { .target = SB_PRACTICE_SITE, .kind = SB_PRACTICE_FAULT_LATE_VISIBILITY, .path = "/@",
                                             .probability_pm = 1000, .delay_ms = 600000 };
    free(post_made(*state, "not to be seen yet").text);
    assert_int_equal(sb_practice_fault_add(*state, &fault, NULL, NULL), SB_OK);
    struct page page = get(*state, "/@signal_ops", "");
    assert_null(strstr(page.body, "not to be seen yet"));
    assert_non_null(strstr(page.body, "data-role=\"post-count\" data-value=\"12\""));
    free(page.text);
    sb_practice_faults_clear(*state);
    page = get(*state, "/@signal_ops", "");
    assert_non_null(strstr(page.body, "not to be seen yet"));
    assert_non_null(strstr(page.body, "data-role=\"post-count\" data-value=\"13\""));
    free(page.text);
}

static void faults__a_swapped_response_tells_of_somebody_elses_post(void **state)
{
    set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_SWAPPED_RESPONSE, "/api/posts", 1);
    struct page made = post_made(*state, "mine alone");
    assert_int_equal(made.status, 201);
    assert_null(strstr(made.body, "mine alone"));
    assert_null(strstr(made.body, "\"author\":\"signal_ops\""));
    free(made.text);
    struct page page = get(*state, "/@signal_ops", "");
    assert_non_null(strstr(page.body, "mine alone"));
    free(page.text);
}

static void faults__a_duplicate_makes_two_posts_of_one_request(void **state)
{
    const uint64_t before = sb_practice_post_count(*state, "signal_ops");
    set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_DUPLICATE, "/api/posts", 1);
    free(post_made(*state, "twice").text);
    assert_int_equal(sb_practice_post_count(*state, "signal_ops"), before + 2);
}

static void faults__a_wrong_author_answers_for_an_item(void **state)
{
    char path[64] = "/post/";
    struct page made = post_made(*state, "whose is it");
    const char *id = strstr(made.body, "\"id\":\"");
    assert_non_null(id);
    (void)snprintf(path + 6, sizeof path - 6, "%.*s", (int)strcspn(id + 6, "\""), id + 6);
    free(made.text);
    set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_WRONG_AUTHOR, "/post/", 1);
    struct page page = get(*state, path, "");
    assert_null(strstr(page.body, "whose is it"));
    assert_null(strstr(page.body, "data-role=\"item\" data-id=\"\""));
    free(page.text);
    page = get(*state, path, "");
    assert_non_null(strstr(page.body, "whose is it"));
    free(page.text);
}

static void faults__a_log_out_forgets_the_session(void **state)
{
    char cookie[96];
    log_in(*state, "signal_ops", cookie);
    set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_LOG_OUT, "/api/posts", 1);
    for (int i = 0; i < 2; i++) { /* by the fault, and still after it */
        struct page made = post(*state, cookie, "nobody says this", NULL);
        assert_int_equal(made.status, 401);
        free(made.text);
    }
}

static void faults__a_layout_change_takes_the_attributes_away(void **state)
{
    set_fault(*state, SB_PRACTICE_SITE, SB_PRACTICE_FAULT_LAYOUT_CHANGE, "/@", 1);
    struct page page = get(*state, "/@signal_ops", "");
    assert_int_equal(page.status, 200);
    assert_null(strstr(page.body, "data-role="));
    free(page.text);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(faults__lost_confirmation_keeps_the_post),
        WORLD_TEST(faults__lost_confirmation_meets_no_used_connection),
        WORLD_TEST(faults__error500_stores_nothing),
        WORLD_TEST(faults__are_spent_after_their_count),
        WORLD_TEST(faults__hit_only_their_path_and_target),
        WORLD_TEST(faults__delay_holds_one_request_and_nobody_else),
        cmocka_unit_test(faults__stop_does_not_wait_for_delays),
        cmocka_unit_test(faults__draw_by_the_seed),
        WORLD_TEST(faults__a_late_post_is_in_no_list_and_not_counted_until_it_is_old_enough),
        WORLD_TEST(faults__a_swapped_response_tells_of_somebody_elses_post),
        WORLD_TEST(faults__a_duplicate_makes_two_posts_of_one_request),
        WORLD_TEST(faults__a_wrong_author_answers_for_an_item),
        WORLD_TEST(faults__a_log_out_forgets_the_session),
        WORLD_TEST(faults__a_layout_change_takes_the_attributes_away),
        WORLD_TEST(faults__refuse_what_makes_no_sense),
        WORLD_TEST(control__sets_lists_and_clears_faults_by_json),
        WORLD_TEST(control__says_what_is_wrong_with_a_fault),
        WORLD_TEST(control__sets_faults_by_form),
        WORLD_TEST(llm__gives_a_json_object_when_asked),
        WORLD_TEST(llm__never_repeats_a_text_and_keeps_to_280_characters),
        WORLD_TEST(llm__cuts_at_the_output_cap_under_both_names),
        WORLD_TEST(llm__counts_what_it_charges),
        WORLD_TEST(llm__wants_its_key_and_its_models),
        WORLD_TEST(llm__charges_for_an_answer_that_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The control page of the practice world: shows, sets and clears faults, by form or by JSON. On the daemon's thread. */
#include "call.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_BYTES_MAX = 65536 };

static void add_fault(struct sb_json_out *out, const struct sb_fault_state *item)
{
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {
        { "id", item->id },
        { "probability_pm", item->fault.probability_pm },
        { "count", item->fault.count },
        { "left", item->left },
        { "delay_ms", item->fault.delay_ms },
        { "delay_max_ms", item->fault.delay_max_ms },
        { "hits", item->hits },
    };
    sb_json_object_begin(out);
    sb_json_key(out, "target");
    sb_json_string(out, sb_fault_target_text(item->fault.target));
    sb_json_key(out, "path");
    sb_json_string(out, item->fault.path);
    sb_json_key(out, "kind");
    sb_json_string(out, sb_fault_kind_text(item->fault.kind));
    for (size_t i = 0; i < SB_LEN(figures); i++) {
        sb_json_key(out, figures[i].key);
        sb_json_integer(out, (int64_t)figures[i].value);
    }
    sb_json_object_end(out);
}

void sb_control_list(struct sb_call *call, struct sb_answer *answer)
{
    struct sb_fault_state items[SB_PRACTICE_FAULTS_MAX];
    const uint32_t count = sb_faults_list(call->parts->faults, items);
    struct sb_json_out *out = sb_json_out_create(LIST_BYTES_MAX);
    if (out) {
        sb_json_object_begin(out);
        sb_json_key(out, "faults");
        sb_json_array_begin(out);
        for (uint32_t i = 0; i < count; i++) {
            add_fault(out, &items[i]);
        }
        sb_json_array_end(out);
        sb_json_object_end(out);
    }
    sb_answer_json(answer, 200, out);
}

/* A fault as text, from the form or from JSON; numbers become values in one place. */
struct fault_words {
    char target[16], path[64], kind[32], probability_pm[16], count[16], delay_ms[16], delay_max_ms[16];
};

static bool read_number(const char *text, uint64_t otherwise, uint64_t max, uint32_t *out)
{
    uint64_t value = otherwise;
    if ((text[0] && !sb_parse_u64(text, &value)) || value > max) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static enum sb_err add_words(struct sb_call *call, const struct fault_words *words, uint32_t *id, struct sb_error *err)
{
    struct sb_practice_fault fault = { 0 };
    uint32_t probability = 0;
    if (!read_number(words->probability_pm, 1000, 1000, &probability) || !read_number(words->count, 0, UINT32_MAX, &fault.count) ||
        !read_number(words->delay_ms, 0, UINT32_MAX, &fault.delay_ms) ||
        !read_number(words->delay_max_ms, 0, UINT32_MAX, &fault.delay_max_ms)) {
        return sb_error_set(err, SB_ERR_INVALID, "probability_pm (1 to 1000), count, delay_ms and delay_max_ms are whole numbers");
    }
    fault.probability_pm = (uint16_t)probability;
    fault.target = (uint8_t)sb_fault_target_find(words->target);
    fault.kind = (uint8_t)sb_fault_kind_find(words->kind);
    sb_copy(fault.path, sizeof fault.path, words->path);
    return sb_faults_add(call->parts->faults, &fault, id, err);
}

static void read_word(const struct sb_json *json, const char *key, char *out, size_t cap)
{
    char *text = sb_json_text(json, key);
    if (text) {
        sb_copy(out, cap, text);
    }
    free(text);
}

static void answer_added(struct sb_answer *answer, uint32_t id)
{
    struct sb_json_out *out = sb_json_out_create(256);
    if (out) {
        sb_json_object_begin(out);
        sb_json_key(out, "id");
        sb_json_integer(out, id);
        sb_json_object_end(out);
    }
    sb_answer_json(answer, 201, out);
}

void sb_control_set(struct sb_call *call, struct sb_answer *answer)
{
    struct sb_json *json = NULL;
    struct sb_error err = { 0 };
    struct fault_words words = { 0 };
    uint32_t id = 0;
    if (sb_json_parse(&json, call->body, call->body_size, &err) != SB_OK) {
        sb_answer_error(answer, 400, "bad_request", err.text);
        return;
    }
    if (sb_json_type(json, "clear") == SB_JSON_BOOL) {
        sb_faults_clear(call->parts->faults);
        sb_control_list(call, answer);
        goto out;
    }
    read_word(json, "target", words.target, sizeof words.target);
    read_word(json, "path", words.path, sizeof words.path);
    read_word(json, "kind", words.kind, sizeof words.kind);
    read_word(json, "probability_pm", words.probability_pm, sizeof words.probability_pm);
    read_word(json, "count", words.count, sizeof words.count);
    read_word(json, "delay_ms", words.delay_ms, sizeof words.delay_ms);
    read_word(json, "delay_max_ms", words.delay_max_ms, sizeof words.delay_max_ms);
    if (add_words(call, &words, &id, &err) == SB_OK) {
        answer_added(answer, id);
    } else {
        sb_answer_error(answer, 400, "bad_fault", err.text);
    }
out:
    sb_json_destroy(json);
}

static void write_table(struct sb_page *page, struct sb_call *call)
{
    struct sb_fault_state items[SB_PRACTICE_FAULTS_MAX];
    const uint32_t count = sb_faults_list(call->parts->faults, items);
    sb_page_add(page, "<table data-role=\"faults\">\n<tr><th>target</th><th>path</th><th>kind</th><th>per mille</th><th>left</th><th>delay"
                      " ms</th><th>hits</th></tr>\n");
    for (uint32_t i = 0; i < count; i++) {
        const struct sb_fault_state *item = &items[i];
        sb_page_addf(page, "<tr data-id=\"%u\"><td>%s</td><td>", item->id, sb_fault_target_text(item->fault.target));
        sb_page_escaped(page, item->fault.path);
        sb_page_addf(page, "</td><td>%s</td><td>%u</td><td>", sb_fault_kind_text(item->fault.kind), item->fault.probability_pm);
        if (item->fault.count > 0) {
            sb_page_addf(page, "%u", item->left);
        }
        sb_page_addf(page, "</td><td>%u</td><td>%llu</td></tr>\n", item->fault.delay_ms, (unsigned long long)item->hits);
    }
    sb_page_add(page, "</table>\n");
}

static void write_form(struct sb_page *page)
{
    sb_page_add(page, "<form method=\"post\" action=\"/control\" data-role=\"add-fault\">\n<label>Target <select name=\"target\">");
    for (unsigned i = 0; i < SB_PRACTICE_TARGET_COUNT; i++) {
        sb_page_addf(page, "<option>%s</option>", sb_fault_target_text(i));
    }
    sb_page_add(page, "</select></label>\n<label>Path begins with <input name=\"path\" placeholder=\"/api/posts\"></label>\n"
                      "<label>Kind <select name=\"kind\">");
    for (unsigned i = 0; i < SB_PRACTICE_FAULT_COUNT; i++) {
        sb_page_addf(page, "<option value=\"%s\">%s: %s</option>", sb_fault_kind_text(i), sb_fault_kind_text(i), sb_fault_kind_help(i));
    }
    sb_page_add(page, "</select></label>\n<label>Per mille <input name=\"probability_pm\" value=\"1000\"></label>\n"
                      "<label>How often (0: always) <input name=\"count\" value=\"1\"></label>\n"
                      "<label>Delay in ms, at least <input name=\"delay_ms\" value=\"0\"></label>\n"
                      "<label>Delay in ms, at most <input name=\"delay_max_ms\" value=\"0\"></label>\n"
                      "<button type=\"submit\" name=\"action\" value=\"add\">Set</button> "
                      "<button type=\"submit\" name=\"action\" value=\"clear\">Clear all</button>\n</form>\n");
}

static void write_page(struct sb_call *call, struct sb_answer *answer, unsigned status, const char *problem)
{
    struct sb_page page;
    if (!sb_page_begin(&page, call, "Control")) {
        sb_answer_error(answer, 500, "out_of_memory", "no memory for a page");
        return;
    }
    sb_page_add(&page, "<h1>Control</h1>\n");
    if (problem) {
        sb_page_add(&page, "<p class=\"error\" data-role=\"error\">");
        sb_page_escaped(&page, problem);
        sb_page_add(&page, "</p>\n");
    }
    write_table(&page, call);
    write_form(&page);
    sb_page_end(&page, answer, status);
}

void sb_control_page(struct sb_call *call, struct sb_answer *answer)
{
    write_page(call, answer, 200, NULL);
}

void sb_control_form(struct sb_call *call, struct sb_answer *answer)
{
    struct fault_words words = { 0 };
    struct sb_error err = { 0 };
    char action[16] = "";
    (void)sb_call_form(call, "action", action, sizeof action);
    if (sb_streq(action, "clear")) {
        sb_faults_clear(call->parts->faults);
        sb_answer_redirect(answer, "/control");
        return;
    }
    (void)sb_call_form(call, "target", words.target, sizeof words.target);
    (void)sb_call_form(call, "path", words.path, sizeof words.path);
    (void)sb_call_form(call, "kind", words.kind, sizeof words.kind);
    (void)sb_call_form(call, "probability_pm", words.probability_pm, sizeof words.probability_pm);
    (void)sb_call_form(call, "count", words.count, sizeof words.count);
    (void)sb_call_form(call, "delay_ms", words.delay_ms, sizeof words.delay_ms);
    (void)sb_call_form(call, "delay_max_ms", words.delay_max_ms, sizeof words.delay_max_ms);
    if (add_words(call, &words, NULL, &err) == SB_OK) {
        sb_answer_redirect(answer, "/control");
    } else {
        write_page(call, answer, 400, err.text);
    }
}

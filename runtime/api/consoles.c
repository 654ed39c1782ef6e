/* Consoles over the socket. One that opens its event stream as a console has a seat as long as the stream lives; what it sends besides carries
 * its number, and is refused while it is a viewer. */
#include "call.h"

#include "signalbox/ports/console.h"

#include <stdlib.h>

enum { CONSOLE_MAX_BITS = 53 };

bool console_wish(const struct call *call, struct console_wish *wish)
{
    const int64_t id = call_query_number(call, "console", 0);
    char words[8] = "";
    struct sb_text text;
    if (call->peer <= 0 || id <= 0 || id >= (int64_t)1 << CONSOLE_MAX_BITS) /* by TCP there are no consoles: nobody acts there */
        return false;
    wish->id = (uint64_t)id;
    wish->wants_to_write = call_query(call, "wish", words, sizeof(words)) && sb_streq(words, "write");
    sb_text_init(&text, wish->name, sizeof(wish->name));
    sb_text_add(&text, call->actor);
    sb_text_add(&text, " pid ");
    sb_text_add_i64(&text, call->peer);
    return true;
}

enum sb_err console_check(const struct call *call, const struct sb_json *json, struct sb_error *err)
{
    int64_t id = 0;
    if (sb_json_type(json, "console") <= SB_JSON_NULL)
        return SB_OK; /* a program, not a console */
    if (!sb_json_i64(json, "console", &id) || id <= 0)
        return sb_error_set(err, SB_ERR_INVALID, "console is the number that the event stream was opened with");
    return sb_console_check(call->setup->control, (uint64_t)id, err);
}

void handle_console(const struct call *call, struct answer *answer)
{
    uint64_t id = 0;
    char text[SEAT_MAX];
    struct sb_error err = { 0 };
    struct sb_seat seat;
    struct seat_node node;
    if (!sb_parse_u64(call->argument, &id)) {
        answer_error(answer, 400, "invalid", "a console has a number");
    } else if (sb_console_take_over(call->setup->control, id, &err) != SB_OK) {
        answer_failure(answer, &err);
    } else {
        struct sb_json_out *out = sb_json_out_create(BODY_MAX);
        sb_console_look(call->setup->control, id, &seat);
        seat_node(call->setup, &node);
        seat_write(&seat, &node, text, sizeof(text));
        if (out != NULL) {
            sb_json_object_begin(out);
            put_flag(out, "done", seat.writes); /* false: another one was quicker */
            sb_json_key(out, "seat");
            sb_json_raw(out, text[0] != '\0' ? text : "null");
            sb_json_object_end(out);
        }
        answer_json(answer, 200, out);
    }
}

void handle_consoles(const struct call *call, struct answer *answer)
{
    struct sb_console list[SB_CONSOLES_MAX];
    const size_t count = sb_console_list(call->setup->control, list);
    struct sb_json_out *out = sb_json_out_create(BODY_MAX);
    if (out != NULL) {
        const struct sb_catalogue *catalogue = call->setup->catalogue;
        sb_json_object_begin(out);
        put_text(out, "environment", catalogue->settings.is_practice ? "practice" : catalogue->name);
        sb_json_key(out, "consoles");
        sb_json_array_begin(out);
        for (size_t i = 0; i < count; i++) {
            sb_json_object_begin(out);
            put_text(out, "name", list[i].name);
            put_flag(out, "writes", list[i].writes);
            put_wall(out, "since", list[i].since);
            sb_json_object_end(out);
        }
        sb_json_array_end(out);
        sb_json_object_end(out);
    }
    answer_json(answer, 200, out);
}

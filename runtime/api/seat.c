/* A seat as JSON: for the event "console" and for answers. */
#include "call.h"

#include "signalbox/ports/console.h"

#include <stdlib.h>

void seat_write(const struct sb_seat *seat, char *out, size_t cap)
{
    struct sb_json_out *json = sb_json_out_create(cap - 1);
    char *text = NULL;
    if (json != NULL) {
        sb_json_object_begin(json);
        sb_json_key(json, "writes");
        sb_json_boolean(json, seat->writes);
        sb_json_key(json, "writer");
        sb_json_string(json, seat->writer[0] != '\0' ? seat->writer : NULL);
        sb_json_key(json, "consoles");
        sb_json_integer(json, seat->consoles);
        sb_json_object_end(json);
        text = sb_json_out_take(json);
    }
    (void)sb_copy(out, cap, text != NULL ? text : "{}"); /* no memory: nothing is known of the seat */
    sb_json_out_destroy(json);
    free(text);
}

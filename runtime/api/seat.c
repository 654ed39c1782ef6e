/* A seat as JSON: for the event "console" and for answers. It names the node too: one store, one writer, and several processes that may be it. */
#include "call.h"

#include "signalbox/ports/console.h"

#include <stdlib.h>
#include <string.h>

void seat_node(const struct sb_api_setup *setup, struct seat_node *out)
{
    struct sb_node_picture picture = { .count = 0 };
    memset(out, 0, sizeof(*out));
    if (setup->node != NULL)
        setup->look_at_node(setup->node, &picture);
    (void)sb_copy(out->name, sizeof(out->name), picture.name);
    out->count = picture.count;
}

void seat_write(const struct sb_seat *seat, const struct seat_node *node, char *out, size_t cap)
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
        sb_json_key(json, "node");
        sb_json_string(json, node->name[0] != '\0' ? node->name : NULL);
        sb_json_key(json, "nodes");
        sb_json_integer(json, node->count);
        sb_json_object_end(json);
        text = sb_json_out_take(json);
    }
    (void)sb_copy(out, cap, text != NULL ? text : "{}"); /* no memory: nothing is known of the seat */
    sb_json_out_destroy(json);
    free(text);
}

/* Parts of the describe stream: each says one event of an item, or that there is none. Core thread only; reads only. */
#ifndef SIGNALBOX_CORE_ANNOUNCE_H
#define SIGNALBOX_CORE_ANNOUNCE_H

#include "state.h"

/* EVENT: that was one. SKIP: this part has none, the next may. ITEM_OVER, SECTION_OVER: on to the next one. */
enum said { SAID_EVENT, SAID_SKIP, SAID_ITEM_OVER, SAID_SECTION_OVER };

/* announce_alerts.c */
enum said sb_say_channel(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event);
enum said sb_say_rule(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event);
enum said sb_say_channel_state(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event);
enum said sb_say_silence(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event);
enum said sb_say_alert(const struct sb_core *core, uint32_t item, unsigned part, struct sb_event *event);

#endif

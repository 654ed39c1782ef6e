/* Fields of the fixed-size values (inputs, events, orders, commands): one list per kind gives the C
 * struct, the reflection table, and with it the JSON codec, the log line and the documentation.
 *
 * A field list is a macro SB_XX_name(F, O) whose items are F(O, type, name) with a type of enum sb_field_type or
 * the name of an enumeration of enums.h; O is handed through (the owner's struct tag for the reflection tables). Values hold no
 * pointers and are zeroed before they are filled, so that equal values have equal bytes. Pure. */
#ifndef SIGNALBOX_MODEL_FIELDS_H
#define SIGNALBOX_MODEL_FIELDS_H

#include "signalbox/base/units.h"
#include "signalbox/model/enums.h"
#include "signalbox/model/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sb_field_type {
    SB_FIELD_u8,
    SB_FIELD_u16,
    SB_FIELD_u32,
    SB_FIELD_u64,
    SB_FIELD_i64,
    SB_FIELD_flag, /* bool */
    SB_FIELD_run,  /* uint64_t run id, 0 = none */
    SB_FIELD_job,  /* uint16_t index into the catalogue, SB_NO_JOB = none */
    SB_FIELD_step, /* uint8_t index into the job's steps, SB_NO_STEP = none */
    SB_FIELD_ctx,  /* uint16_t context number, SB_NO_CTX = none */
    SB_FIELD_ns,   /* sb_ns duration or monotonic time */
    SB_FIELD_wall, /* int64_t wall time in ns since 1970 */
    SB_FIELD_usd,  /* int64_t nano-dollars */
    SB_FIELD_name, /* char[SB_NAME_MAX] */
    SB_FIELD_note, /* char[SB_NOTE_MAX]; may hold untrusted text: clean before showing */
#define SB_FIELD_ENUM_MEMBER(lower, UPPER) SB_FIELD_##lower,
    SB_ENUMERATIONS(SB_FIELD_ENUM_MEMBER)
#undef SB_FIELD_ENUM_MEMBER
    SB_FIELD_TYPE_COUNT
};

#define SB_DECL_u8(n) uint8_t n;
#define SB_DECL_u16(n) uint16_t n;
#define SB_DECL_u32(n) uint32_t n;
#define SB_DECL_u64(n) uint64_t n;
#define SB_DECL_i64(n) int64_t n;
#define SB_DECL_flag(n) bool n;
#define SB_DECL_run(n) uint64_t n;
#define SB_DECL_job(n) uint16_t n;
#define SB_DECL_step(n) uint8_t n;
#define SB_DECL_ctx(n) uint16_t n;
#define SB_DECL_ns(n) sb_ns n;
#define SB_DECL_wall(n) int64_t n;
#define SB_DECL_usd(n) int64_t n;
#define SB_DECL_name(n) char n[SB_NAME_MAX];
#define SB_DECL_note(n) char n[SB_NOTE_MAX];
#define SB_DECL_category(n) uint8_t n;
#define SB_DECL_lane(n) uint8_t n;
#define SB_DECL_lane_policy(n) uint8_t n;
#define SB_DECL_cause(n) uint8_t n;
#define SB_DECL_run_state(n) uint8_t n;
#define SB_DECL_step_state(n) uint8_t n;
#define SB_DECL_class(n) uint8_t n;
#define SB_DECL_hold(n) uint8_t n;
#define SB_DECL_skip(n) uint8_t n;
#define SB_DECL_overlap(n) uint8_t n;
#define SB_DECL_misfire(n) uint8_t n;
#define SB_DECL_schedule(n) uint8_t n;
#define SB_DECL_gap(n) uint8_t n;
#define SB_DECL_overlap_hour(n) uint8_t n;
#define SB_DECL_jitter(n) uint8_t n;
#define SB_DECL_step_kind(n) uint8_t n;
#define SB_DECL_ctx_state(n) uint8_t n;
#define SB_DECL_component(n) uint8_t n;
#define SB_DECL_component_class(n) uint8_t n;
#define SB_DECL_component_state(n) uint8_t n;
#define SB_DECL_tier(n) uint8_t n;
#define SB_DECL_budget_policy(n) uint8_t n;
#define SB_DECL_llm_category(n) uint8_t n;
#define SB_DECL_breaker_state(n) uint8_t n;
#define SB_DECL_rule(n) uint8_t n;
#define SB_DECL_gauge(n) uint8_t n;
#define SB_DECL_alert_state(n) uint8_t n;
#define SB_DECL_notice_kind(n) uint8_t n;
#define SB_DECL_told(n) uint8_t n;
#define SB_DECL_severity(n) uint8_t n;

#define SB_FIELD_DECLARE(owner, type, name) SB_DECL_##type(name)

struct sb_field {
    const char *name;
    enum sb_field_type type;
    uint16_t offset; /* inside the payload struct */
};

/* Reflection of one kind of value. */
struct sb_kind_info {
    const char *name;   /* "run_queued" */
    const char *text;   /* log line with {field} places; "" where a kind has none */
    uint8_t severity;   /* enum sb_severity */
    uint8_t field_count;
    uint16_t size;      /* bytes of the payload struct */
    const struct sb_field *fields;
};

/* Names of an enumeration field: NULL when `type` is not an enumeration or the value is out of range. */
const char *sb_field_enum_text(enum sb_field_type type, unsigned value);
/* Value of a text of that enumeration, or -1. */
int sb_field_enum_parse(enum sb_field_type type, const char *text);
/* Bytes a field of this type takes. */
size_t sb_field_size(enum sb_field_type type);

#endif

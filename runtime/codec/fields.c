/* Shapes and widths of the field types. Owns nothing, any thread, pure. */
#include "fields.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <string.h>

/* Types which are not in the table are enumerations. */
static const struct {
    bool is_listed;
    enum sb_field_shape shape;
} shapes[SB_FIELD_TYPE_COUNT] = {
    [SB_FIELD_u8] = { true, SB_SHAPE_UNSIGNED },  [SB_FIELD_u16] = { true, SB_SHAPE_UNSIGNED },
    [SB_FIELD_u32] = { true, SB_SHAPE_UNSIGNED }, [SB_FIELD_u64] = { true, SB_SHAPE_UNSIGNED },
    [SB_FIELD_i64] = { true, SB_SHAPE_SIGNED },   [SB_FIELD_flag] = { true, SB_SHAPE_FLAG },
    [SB_FIELD_run] = { true, SB_SHAPE_UNSIGNED }, [SB_FIELD_job] = { true, SB_SHAPE_UNSIGNED },
    [SB_FIELD_step] = { true, SB_SHAPE_UNSIGNED }, [SB_FIELD_ctx] = { true, SB_SHAPE_UNSIGNED },
    [SB_FIELD_ns] = { true, SB_SHAPE_SIGNED },    [SB_FIELD_wall] = { true, SB_SHAPE_SIGNED },
    [SB_FIELD_usd] = { true, SB_SHAPE_SIGNED },   [SB_FIELD_name] = { true, SB_SHAPE_TEXT },
    [SB_FIELD_note] = { true, SB_SHAPE_TEXT },
};

enum sb_field_shape sb_field_shape(enum sb_field_type type)
{
    SB_ASSERT(type < SB_FIELD_TYPE_COUNT);
    return shapes[type].is_listed ? shapes[type].shape : SB_SHAPE_ENUM;
}

uint64_t sb_field_load(enum sb_field_type type, const void *at)
{
    size_t size = sb_field_size(type);
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    SB_ASSERT(size == sizeof u8 || size == sizeof u16 || size == sizeof u32 || size == sizeof u64);
    if (size == sizeof u8) {
        memcpy(&u8, at, size);
        return u8;
    }
    if (size == sizeof u16) {
        memcpy(&u16, at, size);
        return u16;
    }
    if (size == sizeof u32) {
        memcpy(&u32, at, size);
        return u32;
    }
    memcpy(&u64, at, size);
    return u64;
}

void sb_field_store(enum sb_field_type type, void *at, uint64_t value)
{
    size_t size = sb_field_size(type);
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;

    SB_ASSERT(value <= sb_field_max(type));
    if (size == sizeof u8)
        memcpy(at, &u8, size);
    else if (size == sizeof u16)
        memcpy(at, &u16, size);
    else if (size == sizeof u32)
        memcpy(at, &u32, size);
    else
        memcpy(at, &value, sizeof value);
}

uint64_t sb_field_max(enum sb_field_type type)
{
    return UINT64_MAX >> (64 - 8 * sb_field_size(type));
}

static const struct {
    enum sb_field_type type;
    uint64_t value;
} nones[] = {
    { SB_FIELD_run, 0 },
    { SB_FIELD_job, SB_NO_JOB },
    { SB_FIELD_step, SB_NO_STEP },
    { SB_FIELD_ctx, SB_NO_CTX },
};

bool sb_field_is_none(enum sb_field_type type, uint64_t value)
{
    for (size_t i = 0; i < sizeof nones / sizeof nones[0]; i++)
        if (nones[i].type == type)
            return nones[i].value == value;
    return false;
}

uint64_t sb_field_none(enum sb_field_type type)
{
    for (size_t i = 0; i < sizeof nones / sizeof nones[0]; i++)
        if (nones[i].type == type)
            return nones[i].value;
    return 0;
}

bool sb_envelope_has(const char *name)
{
    return sb_streq(name, "kind") || sb_streq(name, "seq") || sb_streq(name, "now") || sb_streq(name, "wall");
}

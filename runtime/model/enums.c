/* Texts of the closed word lists. Pure. */
#include "signalbox/base/text.h"
#include "signalbox/model/catalogue.h"
#include "signalbox/model/fields.h"

#define TEXT(code, text) text,
#define TEXTS(lower, UPPER)                                                               \
    static const char *const lower##_texts[] = { SB_LIST_##UPPER(TEXT) };                 \
    const char *sb_##lower##_text(unsigned value)                                         \
    {                                                                                     \
        return value < SB_##UPPER##_COUNT ? lower##_texts[value] : "?";                   \
    }
SB_ENUMERATIONS(TEXTS)

const char *sb_action_text(unsigned value)
{
    static const char *const texts[] = { SB_LIST_ACTION(TEXT) };
    return value < SB_ACTION_COUNT ? texts[value] : "?";
}

const char *sb_llm_cap_text(unsigned value)
{
    static const char *const texts[] = { SB_LIST_LLM_CAP(TEXT) };
    return value < SB_LLM_CAP_COUNT ? texts[value] : "?";
}

const char *sb_start_policy_text(unsigned value)
{
    static const char *const texts[] = { SB_LIST_START_POLICY(TEXT) };
    return value < SB_START_POLICY_COUNT ? texts[value] : "?";
}

const char *sb_bell_text(unsigned value)
{
    static const char *const texts[] = { SB_LIST_BELL(TEXT) };
    return value < SB_BELL_COUNT ? texts[value] : "?";
}

struct word_list {
    const char *const *texts;
    unsigned count;
};

static const struct word_list lists[SB_FIELD_TYPE_COUNT] = {
#define LIST(lower, UPPER) [SB_FIELD_##lower] = { lower##_texts, SB_##UPPER##_COUNT },
    SB_ENUMERATIONS(LIST)
};

const char *sb_field_enum_text(enum sb_field_type type, unsigned value)
{
    if ((unsigned)type >= SB_FIELD_TYPE_COUNT || value >= lists[type].count)
        return NULL;
    return lists[type].texts[value];
}

int sb_field_enum_parse(enum sb_field_type type, const char *text)
{
    if ((unsigned)type >= SB_FIELD_TYPE_COUNT)
        return -1;
    for (unsigned i = 0; i < lists[type].count; i++)
        if (sb_streq(lists[type].texts[i], text))
            return (int)i;
    return -1;
}

/* Look-ups in the immutable catalogue. Pure. */
#include "signalbox/model/catalogue.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

enum sb_lane sb_category_lane(enum sb_category category)
{
    switch (category) {
    case SB_CATEGORY_POSTING:
        return SB_LANE_POSTING;
    case SB_CATEGORY_METRICS:
    case SB_CATEGORY_HARVESTING:
        return SB_LANE_HIGH;
    case SB_CATEGORY_BACKGROUND:
        return SB_LANE_LOW;
    case SB_CATEGORY_NONE:
    case SB_CATEGORY_COUNT:
        break;
    }
    sb_assert_fail("a category with a lane", __FILE__, __LINE__);
}

const char *sb_catalogue_guarded(const struct sb_catalogue *catalogue, size_t index)
{
    static const enum sb_component further[] = { SB_COMPONENT_LLM, SB_COMPONENT_BROWSER, SB_COMPONENT_STORE };
    if (index >= SB_SITES_MAX || index >= catalogue->site_count + SB_LEN(further))
        return NULL;
    return index < catalogue->site_count ? catalogue->sites[index].name : sb_component_text(further[index - catalogue->site_count]);
}

static uint32_t number(const char *digits, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value = value * 10 + (uint32_t)(digits[i] - '0');
    return value;
}

/* Days from now to a date YYYY-MM-DD, whose form the configuration has checked. */
static int64_t days_until(const char *date, struct sb_wall now)
{
    return sb_civil_days((int32_t)number(date, 4), number(date + 5, 2), number(date + 8, 2)) - now.ns / SB_DAY(1);
}

const struct sb_model_alias *sb_catalogue_ending(const struct sb_catalogue *catalogue, struct sb_wall now, int64_t from, int64_t *days)
{
    const struct sb_model_alias *first = NULL;
    for (size_t i = 0; i < catalogue->llm.alias_count; i++) {
        const struct sb_model_alias *alias = &catalogue->llm.aliases[i];
        const int64_t left = alias->shutdown_date != NULL ? days_until(alias->shutdown_date, now) : INT64_MAX;
        if (left >= from && left < (first == NULL ? INT64_MAX : *days)) {
            first = alias;
            *days = left;
        }
    }
    return first;
}

const struct sb_site *sb_catalogue_site(const struct sb_catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->site_count; i++)
        if (sb_streq(catalogue->sites[i].name, name))
            return &catalogue->sites[i];
    return NULL;
}

const struct sb_flow *sb_site_flow(const struct sb_site *site, const char *name)
{
    for (size_t i = 0; i < site->flow_count; i++)
        if (sb_streq(site->flows[i].name, name))
            return &site->flows[i];
    return NULL;
}

uint16_t sb_catalogue_job(const struct sb_catalogue *catalogue, const char *name)
{
    for (uint32_t i = 0; i < catalogue->job_count; i++)
        if (sb_streq(catalogue->jobs[i].name, name))
            return (uint16_t)i;
    return SB_NO_JOB;
}

uint16_t sb_catalogue_resolve(const struct sb_catalogue *catalogue, const char *name, const struct sb_job_alias **alias)
{
    *alias = NULL;
    for (uint32_t i = 0; i < catalogue->job_alias_count; i++)
        if (sb_streq(catalogue->job_aliases[i].name, name))
            *alias = &catalogue->job_aliases[i];
    return *alias != NULL ? (*alias)->job : sb_catalogue_job(catalogue, name);
}

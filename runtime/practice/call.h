/* One request and its answer, as the handlers of the practice world see them. Private to practice; libmicrohttpd stays in practice.c. */
#ifndef SIGNALBOX_PRACTICE_CALL_H
#define SIGNALBOX_PRACTICE_CALL_H

#include "faults.h"
#include "llm_world.h"
#include "statefile.h"
#include "world.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

enum { SB_PAGE_BYTES_MAX = 1024 * 1024, SB_STATE_BYTES_MAX = 16 * 1024 * 1024 };

/* What the handlers work on; belongs to the daemon's thread but for what has a lock of its own. */
struct sb_practice_parts {
    struct sb_world *world;
    struct sb_faults *faults;
    struct sb_llm_world *llm;
    struct sb_statefile *file; /* or NULL */
    struct sb_mutex *stats_mutex;
    struct sb_practice_stats stats; /* under stats_mutex; llm figures are the LLM world's */
};

struct sb_call {
    struct sb_practice_parts *parts;
    void *connection;          /* for sb_call_query */
    const char *path;
    const char *argument;      /* what the route's pattern left open: an id, a handle; "" */
    char *body;                /* NUL-terminated; a handler may change it in place */
    size_t body_size;
    const char *session;       /* cookie, or NULL */
    const char *authorization; /* header, or NULL */
    const char *content_type;  /* header, or NULL */
    uint32_t account;          /* of the session, or SB_WORLD_NO_ACCOUNT */
    int64_t now_ms;
    enum sb_practice_fault_kind fault; /* SB_FAULT_NONE or one that the handler plays itself */
    uint32_t fault_age_ms;     /* LATE_VISIBILITY: lists hide what is younger */
};

/* Starts as all zero. A handler sets the status and at most one body. */
struct sb_answer {
    unsigned status;
    const char *type;
    char *body;                /* malloc'ed, taken by the answer */
    const char *fixed;         /* or a static text */
    char location[192], cookie[96];
    unsigned retry_after_s;
};

/* Query argument, NULL when absent. */
const char *sb_call_query(const struct sb_call *call, const char *name);
/* Value of a field of a form body, decoded into out (cut); false when absent. */
bool sb_call_form(const struct sb_call *call, const char *name, char *out, size_t cap);

/* Answers. Out of memory becomes status 500. */
void sb_answer_json(struct sb_answer *answer, unsigned status, struct sb_json_out *out); /* takes the text, destroys out; out may be NULL */
void sb_answer_error(struct sb_answer *answer, unsigned status, const char *code, const char *message); /* {"error":{..}} */
void sb_answer_redirect(struct sb_answer *answer, const char *location);

/* A page being written: head and navigation, then what the handler adds to `text`, then the end. */
struct sb_page {
    char *buf;
    struct sb_text text;
};
bool sb_page_begin(struct sb_page *page, const struct sb_call *call, const char *title);
void sb_page_end(struct sb_page *page, struct sb_answer *answer, unsigned status);
void sb_page_add(struct sb_page *page, const char *markup);       /* ours */
void sb_page_addf(struct sb_page *page, const char *format, ...) SB_PRINTF(2, 3); /* ours; no untrusted text among the values */
void sb_page_escaped(struct sb_page *page, const char *text);     /* anybody's */
void sb_page_post(struct sb_page *page, const struct sb_call *call, uint32_t index, const char *role);

/* Static files. */
extern const char sb_asset_css[], sb_asset_compose_js[];

typedef void sb_handler(struct sb_call *call, struct sb_answer *answer);
sb_handler sb_site_login_page, sb_site_log_in, sb_site_log_out, sb_site_home, sb_site_profile, sb_site_item, sb_site_search,
    sb_site_compose, sb_site_root, sb_asset_serve_css, sb_asset_serve_js;
sb_handler sb_api_create_post, sb_api_state;
sb_handler sb_llm_models, sb_llm_completions, sb_llm_usage;
sb_handler sb_control_page, sb_control_form, sb_control_set, sb_control_list;

#endif

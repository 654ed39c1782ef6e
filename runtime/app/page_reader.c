/* Reads the texts of the console's polled panes. Owns one thread; the console's takes what is there. */
#include "pages.h"

#include "signalbox/os/os.h"

#include <stdlib.h>

static const sb_ns read_time = SB_S(2);   /* a database that is slower is told to be */
static const sb_ns read_every = SB_MS(900); /* somewhat less than it is asked for, so that each time is one */
static const sb_ns console_patience = SB_MS(10);

/* One text; guarded by the reader's mutex. */
struct source {
    enum sb_err (*read)(const struct installation *in, const struct sb_op *op, char **text, struct sb_error *err);
    bool is_wanted;
    sb_ns begun;      /* when the last reading began; 0 = read anew whenever it is asked for */
    uint64_t changes; /* known so far: what was read before the last one is not shown */
    char *text;       /* read and not taken yet */
    struct sb_error why; /* of the last reading; code SB_OK when it went well */
};

struct page_reader {
    const struct installation *in;
    struct sb_mutex *mutex;
    struct sb_cond *changed;
    struct sb_cancel *ending;
    struct sb_thread *thread;
    bool is_closing;
    struct source sources[SB_SCREEN_PAGE_COUNT];
};

static struct source *wanted(struct page_reader *reader)
{
    for (unsigned i = 0; i < SB_SCREEN_PAGE_COUNT; i++)
        if (reader->sources[i].is_wanted)
            return &reader->sources[i];
    return NULL;
}

static void reader_main(void *arg)
{
    struct page_reader *reader = arg;
    sb_mutex_lock(reader->mutex);
    while (!reader->is_closing) {
        struct source *const source = wanted(reader);
        if (source == NULL) {
            (void)sb_cond_wait(reader->changed, reader->mutex, SB_NEVER);
            continue;
        }
        source->is_wanted = false;
        source->begun = sb_now();
        const uint64_t changes = source->changes;
        sb_mutex_unlock(reader->mutex);
        const struct sb_op op = { .deadline = sb_now() + read_time, .cancel = reader->ending };
        struct sb_error why = { 0 };
        char *text = NULL;
        (void)source->read(reader->in, &op, &text, &why); /* `why` has the code; it is told to whoever asks */
        sb_mutex_lock(reader->mutex);
        source->why = why;
        if (why.code == SB_OK && changes == source->changes) {
            free(source->text);
            source->text = text;
        } else {
            free(text);
        }
        sb_cond_broadcast(reader->changed);
    }
    sb_mutex_unlock(reader->mutex);
}

enum sb_err page_reader_open(struct page_reader **out, const struct installation *in, struct sb_error *err)
{
    struct page_reader *reader = calloc(1, sizeof *reader);
    enum sb_err rc = reader != NULL ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for the console's pages");
    if (rc == SB_OK) {
        reader->in = in;
        reader->sources[SB_SCREEN_PAGE_CONTENT].read = pages_content;
        reader->sources[SB_SCREEN_PAGE_NODES].read = pages_nodes;
        reader->mutex = sb_mutex_create(SB_RANK_PAGES);
        reader->changed = sb_cond_create();
        reader->ending = sb_cancel_create(err);
        if (reader->mutex == NULL || reader->changed == NULL)
            rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the console's pages");
        else
            rc = reader->ending == NULL ? err->code : sb_thread_start(&reader->thread, "pages", reader_main, reader, err);
    }
    if (rc != SB_OK) {
        page_reader_close(reader);
        reader = NULL;
    }
    *out = reader;
    return rc;
}

void page_reader_close(struct page_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->thread != NULL) {
        sb_mutex_lock(reader->mutex);
        reader->is_closing = true;
        sb_mutex_unlock(reader->mutex);
        sb_cond_broadcast(reader->changed);
        sb_cancel_ask(reader->ending);
        sb_thread_join(reader->thread);
    }
    for (unsigned i = 0; i < SB_SCREEN_PAGE_COUNT; i++)
        free(reader->sources[i].text);
    sb_cancel_destroy(reader->ending);
    sb_cond_destroy(reader->changed);
    sb_mutex_destroy(reader->mutex);
    free(reader);
}

enum sb_err page_reader_take(struct page_reader *reader, enum sb_screen_page page, char **text, struct sb_error *err)
{
    struct source *const source = &reader->sources[page];
    const sb_ns now = sb_now();
    enum sb_err rc = SB_OK;
    if (source->read == NULL)
        return sb_error_set(err, SB_ERR_INVALID, "page %u is none that is read by itself", (unsigned)page);
    sb_mutex_lock(reader->mutex);
    if (source->begun == 0 || now - source->begun >= read_every) {
        source->is_wanted = true;
        sb_cond_broadcast(reader->changed);
    }
    while (source->text == NULL && sb_cond_wait(reader->changed, reader->mutex, now + console_patience))
        ;
    if (source->text != NULL) {
        *text = source->text;
        source->text = NULL;
    } else if (source->why.code != SB_OK) {
        rc = sb_error_set(err, source->why.code, "%s", source->why.text);
    } else {
        rc = sb_error_set(err, SB_ERR_TIMEOUT, "being read");
    }
    sb_mutex_unlock(reader->mutex);
    return rc;
}

void page_reader_hurry(struct page_reader *reader)
{
    sb_mutex_lock(reader->mutex);
    for (unsigned i = 0; i < SB_SCREEN_PAGE_COUNT; i++) {
        reader->sources[i].begun = 0;
        reader->sources[i].changes++;
        free(reader->sources[i].text);
        reader->sources[i].text = NULL;
    }
    sb_mutex_unlock(reader->mutex);
}

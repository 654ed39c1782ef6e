/* What an operator decides on content rows, from the console and from programs alike. */
#ifndef SIGNALBOX_APP_VERDICTS_H
#define SIGNALBOX_APP_VERDICTS_H

#include "app.h"

#include "signalbox/api/api.h"

/* What decisions work on; borrowed. */
struct verdict_source {
    const struct installation *installation;
    struct sb_control *control;
    const struct options *options; /* for captures */
};

/* `source` is a struct verdict_source. Says in err->text what became of it, on success too; who decided goes into the journal. Any thread;
 * bounded time. */
enum sb_err verdict_carry_out(const void *source, const struct sb_api_verdict *verdict, struct sb_error *err);

#endif

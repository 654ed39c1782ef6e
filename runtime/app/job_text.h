/* What the catalogue says of a job, for people: each value with the place it comes from. */
#ifndef SIGNALBOX_APP_JOB_TEXT_H
#define SIGNALBOX_APP_JOB_TEXT_H

#include "signalbox/base/text.h"
#include "signalbox/model/catalogue.h"

/* Lines; headlines begin with "= ". Any thread, while the catalogue lives. */
void job_text_write(const struct sb_catalogue *catalogue, uint16_t job, struct sb_text *out);

#endif

/* Every maximum of the vocabulary in one place. */
#ifndef SIGNALBOX_MODEL_LIMITS_H
#define SIGNALBOX_MODEL_LIMITS_H

enum {
    SB_NAME_MAX = 40,          /* bytes of a name, NUL included */
    SB_NOTE_MAX = 128,         /* bytes of a free text inside an event, NUL included */
    SB_JOBS_MAX = 16384,       /* jobs of one catalogue */
    SB_JOB_STEPS_MAX = 16,     /* steps of one job */
    SB_CONTEXTS_MAX = 16,      /* contexts of one pool, burst included */
    SB_ZONES_MAX = 32,         /* different time zones of one catalogue */
    SB_ALERTS_MAX = 256,       /* alerts that can be active at once */
    SB_CHANNELS_MAX = 8,       /* notification channels of one catalogue */
    SB_RECOVERIES_MAX = 10,    /* recoveries of one component in a day */
    SB_SITES_MAX = 16,         /* sites of one catalogue, each with a breaker */
    SB_NO_CTX = 0xffff,        /* "no context" in a ctx field */
    SB_NO_JOB = 0xffff,        /* "no job" in a job field */
    SB_NO_STEP = 0xff,         /* "no step" in a step field */
};

#endif

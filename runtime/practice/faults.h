/* The faults that are set, and whether one hits a request. Private to practice. Any thread. */
#ifndef SIGNALBOX_PRACTICE_FAULTS_H
#define SIGNALBOX_PRACTICE_FAULTS_H

#include "signalbox/practice/practice.h"

#include <stdbool.h>

#define SB_FAULT_NONE SB_PRACTICE_FAULT_COUNT

struct sb_fault_state {
    struct sb_practice_fault fault;
    uint32_t id, left;      /* left: of a bounded fault */
    uint64_t hits;
    uint64_t rng;
};

struct sb_fault_draw {
    enum sb_practice_fault_kind kind; /* SB_FAULT_NONE: all goes well */
    uint32_t delay_ms;                /* 0 = at once */
    uint32_t age_ms;                  /* LATE_VISIBILITY */
};

struct sb_faults;
struct sb_faults *sb_faults_create(uint64_t seed); /* NULL when out of memory */
void sb_faults_destroy(struct sb_faults *faults);
enum sb_err sb_faults_add(struct sb_faults *faults, const struct sb_practice_fault *fault, uint32_t *id, struct sb_error *err) SB_MUST_USE;
void sb_faults_clear(struct sb_faults *faults);
/* Decides about one request and counts the hits. */
struct sb_fault_draw sb_faults_draw(struct sb_faults *faults, enum sb_practice_target target, const char *path);
/* Copies the faults; returns how many. */
uint32_t sb_faults_list(struct sb_faults *faults, struct sb_fault_state out[SB_PRACTICE_FAULTS_MAX]);

/* Names for the control page. NULL and COUNT for what is not there. */
const char *sb_fault_target_text(unsigned target);
const char *sb_fault_kind_text(unsigned kind);
const char *sb_fault_kind_help(unsigned kind);
unsigned sb_fault_target_find(const char *text);
unsigned sb_fault_kind_find(const char *text);

#endif

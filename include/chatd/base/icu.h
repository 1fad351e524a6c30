/*
 * ICU's memory.
 *
 * ICU 72, Debian 12's, does not check all of its allocations: when memory runs out, it crashes or deadlocks.
 */
#ifndef CHATD_BASE_ICU_H
#define CHATD_BASE_ICU_H

/* Makes ICU allocate with mem_alloc (base/bytes.h), which ends the program with a message when memory runs
 * out. Call it before any other function of ICU. */
void icu_begin(void);

#endif

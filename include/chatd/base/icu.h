/*
 * ICU's memory.
 *
 * Version 72 of ICU, Debian 12's, does not check each allocation of its own: where there is no
 * memory, it crashes or waits for itself for ever.
 */
#ifndef CHATD_BASE_ICU_H
#define CHATD_BASE_ICU_H

/* Lets ICU ask mem_alloc (base/bytes.h), which ends the program with a message when memory runs
 * out. Call it before anything else of ICU is. */
void icu_begin(void);

#endif

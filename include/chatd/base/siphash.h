/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012): a hash that nobody can make collide without its key,
 * so nobody can slow a table of names down by choosing the names.
 */
#ifndef CHATD_BASE_SIPHASH_H
#define CHATD_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* Makes a key from the system's random source for all later hashes. Call it once, before there are
 * any tables. Until then the key is 0, as in tests and the simulation. */
void siphash_begin(void);

/* The hash of n bytes. */
uint64_t siphash(const void *p, size_t n);

#endif

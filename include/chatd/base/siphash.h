/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012): a hash that nobody can make collide without its key,
 * so no table of names becomes a list because somebody chose the names for it.
 */
#ifndef CHATD_BASE_SIPHASH_H
#define CHATD_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* Makes a key from the system's random source, for all that is hashed from then on: once, before there is
 * any table. Until then the key is 0, as in tests and the simulation. */
void siphash_begin(void);

/* The hash of n bytes. */
uint64_t siphash(const void *p, size_t n);

#endif

/*
 * uthash, with a keyed hash (siphash.h), and allocating through bytes.h: on its own it would end
 * the program without a message when memory runs out.
 */
#ifndef CHATD_BASE_HASH_H
#define CHATD_BASE_HASH_H

#include "chatd/base/bytes.h"
#include "chatd/base/siphash.h"

#define uthash_malloc(n) mem_alloc(n)
#define HASH_FUNCTION(keyptr, keylen, hashv) ((hashv) = (unsigned)siphash(keyptr, keylen))

#include <uthash.h>

#endif

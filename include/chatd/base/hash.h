/*
 * uthash, whose memory must be had like any other of ours (bytes.h): on its own it would end
 * the program without a word.
 */
#ifndef CHATD_BASE_HASH_H
#define CHATD_BASE_HASH_H

#include "chatd/base/bytes.h"

#define uthash_malloc(n) mem_alloc(n)

#include <uthash.h>

#endif

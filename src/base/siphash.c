/* SipHash. Owns its key, which is made once. */
#include "chatd/base/siphash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	ROUNDS_OF_WORD = 1, /* the authors' faster variant, for tables: 1-3 */
	ROUNDS_OF_END = 3,
};

static uint64_t siphash_key[2];

static uint64_t rotated(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void mix(uint64_t v[4], int rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotated(v[1], 13) ^ v[0];
		v[3] = rotated(v[3], 16) ^ v[2];
		v[0] = rotated(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = rotated(v[3], 21) ^ v[0];
		v[1] = rotated(v[1], 17) ^ v[2];
		v[2] = rotated(v[2], 32);
	}
}

static inline uint64_t word_of(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static inline uint64_t siphash_by(const uint64_t key[2], int of_word, int of_end, const void *p, size_t n)
{
	uint64_t v[4] = {
		key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573),
	};
	const unsigned char *at = p, *end = at + n / 8 * 8;
	uint64_t last = (uint64_t)n << 56;

	for (; at < end; at += 8) {
		uint64_t w = word_of(at);

		v[3] ^= w;
		mix(v, of_word);
		v[0] ^= w;
	}
	for (size_t i = 0; i < n % 8; i++)
		last |= (uint64_t)end[i] << (8 * i);
	v[3] ^= last;
	mix(v, of_word);
	v[0] ^= last;
	v[2] ^= 0xff;
	mix(v, of_end);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t siphash(const void *p, size_t n)
{
	return siphash_by(siphash_key, ROUNDS_OF_WORD, ROUNDS_OF_END, p, n);
}

void siphash_begin(void)
{
	/* So few bytes are never cut short, but a signal may interrupt the wait for them. */
	while (getrandom(siphash_key, sizeof siphash_key, 0) != sizeof siphash_key)
		if (errno != EINTR)
			abort();
}

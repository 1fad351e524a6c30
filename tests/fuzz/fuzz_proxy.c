/*
 * A proxy's header (PROXY protocol), with anything in it.
 *
 * Each beginning of a header is no more than that, however it is cut; what is taken names an address that can
 * be shown and read again, and fields that lie within the header.
 *
 *	clang -fsanitize=fuzzer,...   a libFuzzer target
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/net/proxy_header.h"

#define CHECK(is) do { if (!(is)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #is); abort(); } } while (0)

enum { BEGINNINGS_MAX = 128 }; /* beginnings that are tried */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly that size, so that a sanitizer sees what is read behind it. */
static enum proxy_answer parse(const uint8_t *data, size_t size, struct proxy_header *h)
{
	char *copy = malloc(size + !size);
	const char *why = NULL, *tlvs;
	enum proxy_answer answer;

	CHECK(copy != NULL);
	memcpy(copy, data, size);
	answer = proxy_header_parse(copy, size, h, &why);
	CHECK((answer == PROXY_BAD) == (why != NULL));
	tlvs = h->tlvs;
	if (answer == PROXY_OK && tlvs != NULL) {
		CHECK(tlvs >= copy && tlvs + h->tlvs_len == copy + h->len);
		for (int type = 0; type < 256; type++) {
			size_t len;
			const char *value = proxy_header_tlv(h, (uint8_t)type, &len);

			CHECK(value == NULL || (value >= tlvs && len <= (size_t)(tlvs + h->tlvs_len - value)));
		}
	}
	free(copy);
	return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char shown[ADDRESS_BYTES_MAX];
	struct proxy_header h, cut;
	enum proxy_answer answer = parse(data, size, &h);
	struct address again;

	if (answer == PROXY_OK) {
		CHECK(h.len <= size && h.len > 0);
		CHECK(h.from.kind == ADDRESS_UNKNOWN || address_is_network(&h.from));
		if (address_is_network(&h.from))
			CHECK(address_parse_one(address_show(&h.from, shown), &again) &&
			      memcmp(&again, &h.from, sizeof again) == 0);
	}
	/* Nobody waits for more than there can be. */
	CHECK(answer != PROXY_MORE || size < PROXY_HEADER_BYTES_MAX);
	for (size_t n = 0; n < size && n < BEGINNINGS_MAX; n++) {
		enum proxy_answer early = parse(data, n, &cut);

		CHECK(early == PROXY_MORE || (early == answer && (answer == PROXY_BAD || cut.len == h.len)));
		CHECK(answer != PROXY_MORE || early == PROXY_MORE);
	}
	return 0;
}

/* What a client's certificates are, as far as it matters before they are decoded. Owns nothing; pure. */

#include "chatd/tls/client_certs.h"

#include <string.h>

#include "chatd/base/bounds.h"

enum {
	/* Tags (X.690, 8.1.2). */
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_VERSION = 0xa0,       /* [0], in a certificate */
	DER_LONG = 0x80,          /* in a length: more bytes follow */
	UNCOMPRESSED = 0x04,      /* a point with both coordinates: SEC 1, 2.3.3 */
};

struct span {
	const uint8_t *p;
	size_t n;
};

/* Cuts n bytes off the front. False: there are fewer. */
static bool cut(struct span *in, size_t n, struct span *front)
{
	if (in->n < n)
		return false;
	*front = (struct span){in->p, n};
	in->p += n;
	in->n -= n;
	return true;
}

static size_t number(const struct span *s)
{
	size_t value = 0;

	for (size_t i = 0; i < s->n; i++)
		value = value << 8 | s->p[i];
	return value;
}

/* Cuts off a vector, which begins with its length in that many bytes (RFC 8446, 3.4). */
static bool cut_counted(struct span *in, size_t bytes, struct span *content)
{
	struct span len;

	return cut(in, bytes, &len) && cut(in, number(&len), content);
}

/* Cuts off an element with that tag and a definite length (X.690, 8.1.3). */
static bool cut_element(struct span *in, uint8_t tag, struct span *content)
{
	struct span head, more;

	if (!cut(in, 2, &head) || head.p[0] != tag)
		return false;
	if (head.p[1] < DER_LONG)
		return cut(in, head.p[1], content);
	/* Two bytes of length are enough for TLS_CERTS_BYTES_MAX. */
	return head.p[1] <= DER_LONG + 2 && head.p[1] > DER_LONG && cut(in, head.p[1] - DER_LONG, &more) &&
	       cut(in, number(&more), content);
}

static bool is(const struct span *s, const void *bytes, size_t n)
{
	return s->n == n && memcmp(s->p, bytes, n) == 0;
}

#define OID(s, bytes) is(s, bytes, sizeof bytes - 1)

/* parameters: those of the algorithm; point: the content of a bit string. */
static bool is_named_curve(struct span parameters, const struct span *point)
{
	static const struct {
		const char *oid;
		size_t oid_bytes, bytes; /* of a coordinate */
	} curves[] = {
		{"\x2a\x86\x48\xce\x3d\x03\x01\x07", 8, 32}, /* P-256: 1.2.840.10045.3.1.7 */
		{"\x2b\x81\x04\x00\x22", 5, 48},             /* P-384: 1.3.132.0.34 */
		{"\x2b\x81\x04\x00\x23", 5, 66},             /* P-521: 1.3.132.0.35 */
	};
	struct span oid;

	if (!cut_element(&parameters, DER_OID, &oid) || parameters.n > 0)
		return false;
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
		if (is(&oid, curves[i].oid, curves[i].oid_bytes))
			return point->n == 2 + 2 * curves[i].bytes && point->p[0] == 0 && point->p[1] == UNCOMPRESSED;
	return false;
}

static bool is_cheap_key(struct span info)
{
	struct span algorithm, oid, key, nothing;

	if (!cut_element(&info, DER_SEQUENCE, &algorithm) || !cut_element(&info, DER_BIT_STRING, &key) || info.n > 0 ||
	    !cut_element(&algorithm, DER_OID, &oid))
		return false;
	if (OID(&oid, "\x2a\x86\x48\xce\x3d\x02\x01")) /* 1.2.840.10045.2.1, RFC 5480 */
		return is_named_curve(algorithm, &key);
	if (OID(&oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")) /* 1.2.840.113549.1.1.1, RFC 3279 */
		return algorithm.n == 0 || (cut_element(&algorithm, DER_NULL, &nothing) && algorithm.n == 0);
	/* Ed25519 and Ed448: 1.3.101.112 and .113, RFC 8410. */
	return algorithm.n == 0 && ((OID(&oid, "\x2b\x65\x70") && key.n == 1 + 32) ||
	                            (OID(&oid, "\x2b\x65\x71") && key.n == 1 + 57));
}

/* RFC 5280, 4.1, as far as the key. */
static bool is_cheap_certificate(struct span der)
{
	static const uint8_t before_key[] = {DER_INTEGER, DER_SEQUENCE, DER_SEQUENCE, DER_SEQUENCE, DER_SEQUENCE};
	struct span certificate, body, passed, key;

	if (!cut_element(&der, DER_SEQUENCE, &certificate) || der.n > 0 ||
	    !cut_element(&certificate, DER_SEQUENCE, &body))
		return false;
	if (body.n > 0 && body.p[0] == DER_VERSION && !cut_element(&body, DER_VERSION, &passed))
		return false;
	/* serialNumber, signature, issuer, validity, subject. */
	for (size_t i = 0; i < sizeof before_key; i++)
		if (!cut_element(&body, before_key[i], &passed))
			return false;
	return cut_element(&body, DER_SEQUENCE, &key) && is_cheap_key(key);
}

bool client_certs_are_cheap(const uint8_t *message, size_t len, bool tls13)
{
	struct span in = {message, len}, list, passed, der;
	int n = 0;

	if (!cut(&in, HANDSHAKE_HEADER, &passed) || (tls13 && !cut_counted(&in, 1, &passed)) ||
	    !cut_counted(&in, 3, &list) || in.n > 0)
		return false;
	while (list.n > 0) {
		if (n++ == TLS_CERTS_MAX || !cut_counted(&list, 3, &der) || !is_cheap_certificate(der) ||
		    (tls13 && !cut_counted(&list, 2, &passed)))
			return false;
	}
	return true;
}

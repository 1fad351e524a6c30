/*
 * Secrets: hashing them, comparing them, making new ones.
 *
 * The only file that includes crypt.h and liboath. Secrets here are on the stack, and are cleared
 * before the function returns.
 */
#include "chatd/store/secret.h"

#include "chatd/base/bounds.h"
#include "chatd/store/db/store.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <liboath/oath.h>

enum {
	CODE_CHARS = 12,        /* of five bits each: 60 bits that nobody can guess */
	CODE_GROUP = 4,         /* characters between two dashes */
	CODE_ROUNDS = 1000,     /* the minimum: codes are random, so no dictionary has them */
	TOTP_BYTES = 20,        /* bytes of a new secret: 160 bits, as RFC 4226 recommends */
	TOTP_DIGITS = 6,        /* as authenticator apps show them */
	TOTP_WINDOW = 1,        /* steps accepted before and after the present one, because clocks
	                         * differ */
};

_Static_assert(SECRET_HASH_BYTES == CRYPT_OUTPUT_SIZE, "every hash fits");
_Static_assert(PASSWORD_BYTES_MAX == CRYPT_MAX_PASSPHRASE_SIZE - 1, "libcrypt takes a password");
_Static_assert(SECRET_CODE_BYTES == CODE_CHARS + CODE_CHARS / CODE_GROUP, "a code fits");

/* Base32 without i, l, o and u: characters that nobody mistakes for one another. */
static const char code_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* -- passwords -------------------------------------------------------------------- */

/* False: libcrypt refuses the phrase or the setting, or is out of memory (ENOMEM). */
static bool hash_make(const char *phrase, const char *setting, char hash[SECRET_HASH_BYTES])
{
	struct crypt_data data;
	memset(&data, 0, sizeof(data));
	errno = 0;
	crypt_r(phrase, setting, &data);
	bool ok = data.output[0] != '*';
	strcpy(hash, ok ? data.output : "");
	explicit_bzero(&data, sizeof(data));
	return ok;
}

bool secret_hash(const char *password, char hash[SECRET_HASH_BYTES])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	hash[0] = '\0';
	return crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) &&
	       hash_make(password, setting, hash);
}

/* Reduces what was typed to the characters of a code; false if it is not one. Letters that codes
 * never have are read as the digits they look like. */
static bool code_normalise(const char *typed, char code[CODE_CHARS + 1])
{
	size_t n = 0;
	for (const char *p = typed; *p; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
		if (c == '-' || c == ' ')
			continue;
		c = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
		if (n == CODE_CHARS || !strchr(code_alphabet, c))
			n = CODE_CHARS + 1;
		if (n > CODE_CHARS)
			break;
		code[n++] = c;
	}
	bool ok = n == CODE_CHARS;
	code[ok ? n : 0] = '\0';
	return ok;
}

/* The state of one check from line to line. */
struct check {
	const char *given;                 /* as typed */
	char code[CODE_CHARS + 1];         /* the same as a code; "": it is none */
	char setting[SECRET_HASH_BYTES];   /* the setting that hash was made with; "": not made
	                                    * yet */
	char hash[SECRET_HASH_BYTES];      /* hash of given, or of code; "": it has none */
	bool unknown;                      /* memory ran out for a hash */
};

/* Compares in the same time, wherever they differ. */
static bool hash_same(const char *a, const char *b)
{
	size_t n = strlen(a);
	unsigned char differ = 0;
	if (strlen(b) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return n > 0 && differ == 0;
}

/* The codes of one account share a setting, so one hash is compared with them all. */
static bool check_line(struct check *c, const char *line, size_t n)
{
	char hash[SECRET_HASH_BYTES], setting[SECRET_HASH_BYTES];
	if (n == 1 && *line == '*') {
		/* The same answer as for an account that exists. */
		c->unknown |= !secret_hash(c->given, hash) && errno == ENOMEM;
		explicit_bzero(hash, sizeof(hash));
		return false;
	}
	bool code = n > 3 && strncmp(line, "$5$", 3) == 0;
	bool password = n > 3 && strncmp(line, "$y$", 3) == 0;
	if (n >= sizeof(hash) || (code ? !c->code[0] : !password))
		return false;
	memcpy(hash, line, n);
	hash[n] = '\0';
	strcpy(setting, hash);
	strrchr(setting, '$')[1] = '\0';
	if (strcmp(setting, c->setting) != 0) {
		strcpy(c->setting, setting);
		c->unknown |= !hash_make(code ? c->code : c->given, setting, c->hash) &&
		              errno == ENOMEM;
	}
	return hash_same(c->hash, hash);
}

enum secret_match secret_check(const char *given, const char *hashes, uint64_t *which)
{
	struct check c = { .given = given };
	enum secret_match match;
	bool found = false;
	code_normalise(given, c.code);
	*which = 0;
	for (const char *p = hashes; !found; (*which)++) {
		size_t n = strcspn(p, "\n");
		found = check_line(&c, p, n);
		if (found || !p[n])
			break;
		p += n + 1;
	}
	match = found ? SECRET_YES : c.unknown ? SECRET_UNKNOWN : SECRET_NO;
	explicit_bzero(&c, sizeof(c));
	return match;
}

/* -- one-time codes ----------------------------------------------------------------- */

static bool random_bytes(void *to, size_t n)
{
	return getrandom(to, n, 0) == (ssize_t)n; /* so few bytes come all at once or not at all */
}

/* Writes a new code as it is shown. */
static bool code_make(char shown[SECRET_CODE_BYTES])
{
	unsigned char random[CODE_CHARS];
	bool ok = random_bytes(random, sizeof(random));
	for (int i = 0; i < CODE_CHARS; i++) {
		if (i && i % CODE_GROUP == 0)
			*shown++ = '-';
		*shown++ = code_alphabet[random[i] % 32];
	}
	*shown = '\0';
	explicit_bzero(random, sizeof(random));
	return ok;
}

bool secret_codes(struct secret_codes *codes)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], code[CODE_CHARS + 1];
	char *text = codes->text, *hash = codes->hashes;
	bool ok = crypt_gensalt_rn("$5$", CODE_ROUNDS, NULL, 0, setting, sizeof(setting)) != NULL;
	for (int i = 0; ok && i < SECRET_CODES; i++) {
		ok = code_make(text) && code_normalise(text, code) && hash_make(code, setting, hash);
		text += strlen(text);
		hash += strlen(hash);
		if (i + 1 < SECRET_CODES) {
			*text++ = ' ';
			*hash++ = '\n';
		}
	}
	explicit_bzero(code, sizeof(code));
	if (!ok)
		explicit_bzero(codes, sizeof(*codes));
	return ok;
}

/* -- time-based codes ----------------------------------------------------------------- */

/* Clears and frees what liboath allocated. */
static void oath_release(char *p, size_t n)
{
	if (p)
		explicit_bzero(p, n);
	free(p);
}

bool secret_totp(char text[SECRET_TOTP_BYTES])
{
	char secret[TOTP_BYTES], *base32 = NULL;
	size_t n = 0;
	bool ok = oath_init() == OATH_OK && random_bytes(secret, sizeof(secret)) &&
	          oath_base32_encode(secret, sizeof(secret), &base32, &n) == OATH_OK &&
	          n < SECRET_TOTP_BYTES;
	strcpy(text, ok ? base32 : "");
	explicit_bzero(secret, sizeof(secret));
	oath_release(base32, n);
	return ok;
}

/* liboath's error for being out of memory. */
static bool oath_has_none(int rc)
{
	return rc == OATH_MALLOC_ERROR || rc == OATH_CRYPTO_ERROR;
}

enum secret_match secret_totp_check(const char *secret, const char *digits, int64_t time_ms,
                                    uint64_t *step)
{
	char *key = NULL;
	size_t n = 0;
	int rc;
	*step = 0;
	/* There is no step before the first. */
	if (time_ms / 1000 < SECRET_TOTP_STEP_S || strspn(digits, "0123456789") != TOTP_DIGITS ||
	    digits[TOTP_DIGITS])
		return SECRET_NO;
	rc = oath_init();
	if (rc == OATH_OK)
		rc = oath_base32_decode(secret, strlen(secret), &key, &n);
	if (rc == OATH_OK)
		rc = n == 0 ? OATH_INVALID_BASE32
		            : oath_totp_validate3(key, n, (time_t)(time_ms / 1000), SECRET_TOTP_STEP_S,
		                                  0, TOTP_WINDOW, NULL, step, digits);
	if (rc < 0)
		*step = 0;
	oath_release(key, n);
	return rc >= 0 ? SECRET_YES : oath_has_none(rc) ? SECRET_UNKNOWN : SECRET_NO;
}

/* -- answers ---------------------------------------------------------------------------- */

static const char no_secret[] = "The server is out of memory right now. Try again later.";

static struct rows *answer_hash(const struct query *q)
{
	char hash[SECRET_HASH_BYTES];
	if (strlen(q->hash.password) > PASSWORD_BYTES_MAX)
		return rows_sorry(q, "That password is too long.");
	if (!secret_hash(q->hash.password, hash))
		return rows_sorry(q, no_secret);
	struct rows *rows = rows_of(q, &(struct rows){ .hash.text = hash });
	explicit_bzero(hash, sizeof(hash));
	return rows;
}

static struct rows *answer_codes(const struct query *q)
{
	struct secret_codes codes;
	struct rows *rows = secret_codes(&codes)
		? rows_of(q, &(struct rows){ .codes = { codes.text, codes.hashes } })
		: rows_sorry(q, no_secret);
	explicit_bzero(&codes, sizeof(codes));
	return rows;
}

static struct rows *answer_totp(const struct query *q)
{
	char text[SECRET_TOTP_BYTES];
	struct rows *rows = secret_totp(text) ? rows_of(q, &(struct rows){ .totp.secret = text })
	                                      : rows_sorry(q, no_secret);
	explicit_bzero(text, sizeof(text));
	return rows;
}

static struct rows *answer_check(const struct query *q)
{
	uint64_t which = 0;
	enum secret_match match = secret_check(q->check.secret, q->check.hashes, &which);
	bool matches = match == SECRET_YES;
	return match == SECRET_UNKNOWN
	       ? rows_sorry(q, no_secret)
	       : rows_of(q, &(struct rows){ .check = { matches, matches ? which : 0 } });
}

static struct rows *answer_check_totp(const struct query *q)
{
	uint64_t step = 0;
	enum secret_match match = secret_totp_check(q->totp.secret, q->totp.digits, q->totp.now_ms,
	                                            &step);
	bool matches = match == SECRET_YES;
	return match == SECRET_UNKNOWN
	       ? rows_sorry(q, no_secret)
	       : rows_of(q, &(struct rows){ .check_totp = { matches, matches ? step : 0 } });
}

struct rows *secret_answer(const struct query *q)
{
	switch (q->kind) {
	case QUERY_HASH:
		return answer_hash(q);
	case QUERY_CODES:
		return answer_codes(q);
	case QUERY_TOTP:
		return answer_totp(q);
	case QUERY_CHECK:
		return answer_check(q);
	default:
		return answer_check_totp(q);
	}
}

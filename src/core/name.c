/*
 * Names of people and rooms: what is allowed, and when two are the same.
 *
 * Pure: it knows no room and no person, so whether a name is taken is for those
 * to say who keep them by their keys.
 */
#include "chatd/core/name.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "chatd/base/address.h"
#include "chatd/core/text.h"

/* How many code points one may fold to: U+FDFA, with 18, has the most. */
enum { FOLD_MAX = 32 };

/* What a code point is in a name. */
enum name_class {
	CLASS_LETTER,           /* or a digit */
	CLASS_MARK,             /* belongs to the letter before it */
	CLASS_SIGN,             /* one of _ - . | ^ */
	CLASS_SPACE,
	CLASS_CONTROL,
	CLASS_INVISIBLE,
	CLASS_OTHER,
};

static const struct {
	const char *noun;       /* begins a sentence */
	size_t chars_max;
	const char *spare;      /* the name of what has none */
} kinds[] = {
	[NAME_NICK] = { "a nick", NICK_CHARS_MAX, "guest" },
	[NAME_ROOM] = { "a room's name", ROOM_CHARS_MAX, "room" },
};

/* Keys of nicks that would speak for the server, its operators or everybody. */
static const char *const reserved[] = {
	"admin", "administrator", "all", "chatd", "console", "everyone", "here", "me", "mod",
	"moderator", "nobody", "op", "oper", "operator", "root", "server", "service", "staff",
	"support", "system", "you",
};

static enum name_class class_of_category(int32_t cp)
{
	const utf8proc_property_t *p = utf8proc_get_property(cp);

	if (p->ignorable)
		return CLASS_INVISIBLE;
	switch (p->category) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_ND:
		return CLASS_LETTER;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
		return CLASS_MARK;
	case UTF8PROC_CATEGORY_ZS:
		return CLASS_SPACE;
	case UTF8PROC_CATEGORY_CC:
		return CLASS_CONTROL;
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return CLASS_INVISIBLE;
	default:
		return cp != 0 && cp < 0x80 && strchr("_-.|^", cp) ? CLASS_SIGN : CLASS_OTHER;
	}
}

/*
 * A letter has to be one when folded, too: U+FDFA becomes three words with
 * spaces between them, and U+FF9E a mark.
 */
static enum name_class name_class(int32_t cp)
{
	const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
	                              UTF8PROC_IGNORE | UTF8PROC_DECOMPOSE;
	enum name_class class = class_of_category(cp), part;
	utf8proc_int32_t fold[FOLD_MAX];
	utf8proc_ssize_t i, n;
	int last = 0;

	if (cp < 0x80 || (class != CLASS_LETTER && class != CLASS_MARK))
		return class;
	n = utf8proc_decompose_char(cp, fold, FOLD_MAX, how, &last);
	if (n < 1 || n > FOLD_MAX)
		return CLASS_INVISIBLE;
	for (i = 0; i < n; i++) {
		part = class_of_category(fold[i]);
		if (part != CLASS_LETTER && part != CLASS_MARK)
			return CLASS_OTHER;
		if (i == 0)
			class = part;
	}
	return class;
}

/* The code point at s in *cp and its bytes; 0 if it is none. */
static size_t name_decode(const char *s, size_t len, int32_t *cp)
{
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)len,
	                                      cp);

	return n > 0 ? (size_t)n : 0;
}

__attribute__((format(printf, 3, 4)))
static bool refuse(char *why, size_t why_size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, why_size, fmt, ap);
	va_end(ap);
	return false;
}

/* Scripts whose letters look alike; 0: none of them. */
static int script_of(int32_t cp)
{
	if ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z')
		return 1;
	if ((cp >= 0xC0 && cp <= 0x24F) || (cp >= 0x1E00 && cp <= 0x1EFF))
		return 1;
	if ((cp >= 0x370 && cp <= 0x3FF) || (cp >= 0x1F00 && cp <= 0x1FFF))
		return 2;
	return (cp >= 0x400 && cp <= 0x52F) || (cp >= 0xA640 && cp <= 0xA69F) ? 3 : 0;
}

/* True if a key has letters of several of them, as a forged name would. */
static bool key_mixes_scripts(const char *key, size_t len)
{
	int script, first = 0;
	size_t i, n;
	int32_t cp;

	for (i = 0; i < len; i += n) {
		n = name_decode(key + i, len - i, &cp);
		script = script_of(cp);
		if (script != 0 && first != 0 && script != first)
			return true;
		if (script != 0)
			first = script;
	}
	return false;
}

/* The reserved word that a key is but for signs round it; NULL: none. */
static const char *key_reserved(const char *key)
{
	size_t len, i;

	key += strspn(key, "_-.|^");
	len = strlen(key);
	while (len > 0 && strchr("_-.|^", key[len - 1]) != NULL)
		len--;
	for (i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strlen(reserved[i]) == len && memcmp(key, reserved[i], len) == 0)
			return reserved[i];
	return NULL;
}

/* All code points, one after the other. */
static bool check_chars(enum name_kind kind, const char *name, size_t len, char *why,
                        size_t why_size)
{
	const char *noun = kinds[kind].noun;
	enum name_class class, before = CLASS_SIGN;
	size_t i, n, marks = 0, letters = 0;
	int32_t cp;

	for (i = 0; i < len; i += n, before = class) {
		n = name_decode(name + i, len - i, &cp);
		if (n == 0)
			return refuse(why, why_size, "%s has to be UTF-8; this is not", noun);
		class = name_class(cp);
		marks = class == CLASS_MARK ? marks + 1 : 0;
		switch (class) {
		case CLASS_LETTER:
			letters++;
			break;
		case CLASS_SIGN:
			break;
		case CLASS_MARK:
			if (before == CLASS_SIGN)
				return refuse(why, why_size,
				              "%s has accents only on letters and digits", noun);
			if (marks > NAME_MARKS_MAX)
				return refuse(why, why_size,
				              "%s has at most %d accents on one letter", noun,
				              NAME_MARKS_MAX);
			break;
		case CLASS_SPACE:
			return refuse(why, why_size, "%s has no spaces; use _ instead", noun);
		case CLASS_CONTROL:
			return refuse(why, why_size, "%s has no control characters", noun);
		case CLASS_INVISIBLE:
			return refuse(why, why_size, "%s has no invisible characters", noun);
		case CLASS_OTHER:
			if (cp == '#' && kind == NAME_ROOM)
				return refuse(why, why_size, "%s has no #; leave it out", noun);
			return refuse(why, why_size, "%s has only letters, digits and _ - . | ^",
			              noun);
		}
	}
	if (letters == 0)
		return refuse(why, why_size, "%s has at least one letter or digit", noun);
	return true;
}

bool name_check(enum name_kind kind, const char *name, size_t len,
                char key[NAME_KEY_BYTES_MAX + 1], char *why, size_t why_size)
{
	const char *noun = kinds[kind].noun;
	char copy[NAME_BYTES_MAX + 1], *folded;
	struct address address;
	const char *word;
	size_t chars, n;

	key[0] = '\0';
	if (len == 0)
		return refuse(why, why_size, "%s has at least one letter or digit", noun);
	chars = text_chars(name, len);
	if (chars > kinds[kind].chars_max)
		return refuse(why, why_size, "%s has at most %zu characters; this has %zu", noun,
		              kinds[kind].chars_max, chars);
	if (len > NAME_BYTES_MAX)
		return refuse(why, why_size, "%s has to be UTF-8; this is not", noun);
	if (!check_chars(kind, name, len, why, why_size))
		return false;
	memcpy(copy, name, len);
	copy[len] = '\0';
	folded = text_form(copy, FORM_NAME);
	n = folded ? strlen(folded) : 0;
	if (n > 0 && n <= NAME_KEY_BYTES_MAX)
		memcpy(key, folded, n + 1);
	free(folded);
	if (n > NAME_KEY_BYTES_MAX)
		return refuse(why, why_size, "%s is shorter when its ligatures are written out",
		              noun);
	if (n == 0)
		return refuse(why, why_size, "%s has at least one letter or digit", noun);
	/* Commands would take them for flags, and for whom an address is of. */
	if (kind == NAME_NICK && strncmp(key, "--", 2) == 0)
		return refuse(why, why_size, "%s does not begin with --", noun);
	if (kind == NAME_NICK && address_parse(key, &address))
		return refuse(why, why_size, "%s is no address", noun);
	if (key_mixes_scripts(key, n))
		return refuse(why, why_size, "%s has letters of one script; Latin, Greek and Cyrillic "
		              "ones look alike", noun);
	word = kind == NAME_NICK ? key_reserved(key) : NULL;
	if (word != NULL)
		return refuse(why, why_size, "the nick \"%s\" is reserved; choose another", word);
	return true;
}

bool name_kept(const char *name, size_t bytes_max)
{
	size_t len = strnlen(name, bytes_max + 1);

	return len > 0 && len <= bytes_max && strchr(name, ' ') == NULL && text_is_shown(name, len);
}

/*
 * Copies what a name may have; a run of anything else between two letters
 * becomes one _. Returns the bytes.
 */
static size_t mend_chars(const char *typed, size_t len, size_t max_chars, char *out)
{
	enum name_class class, before = CLASS_SIGN;
	size_t i, n, at = 0, chars = 0, marks = 0;
	bool gap = false;  /* true while something was left out behind the last character */
	int32_t cp;

	for (i = 0; i < len && chars < max_chars; i += n) {
		n = name_decode(typed + i, len - i, &cp);
		class = n ? name_class(cp) : CLASS_OTHER;
		n = n ? n : 1;
		if (class == CLASS_MARK) {
			if (gap || before == CLASS_SIGN || ++marks > NAME_MARKS_MAX)
				continue;
		} else if (class == CLASS_LETTER || class == CLASS_SIGN) {
			marks = 0;
		} else {
			gap = true;
			continue;
		}
		if (gap && at > 0 && class == CLASS_LETTER && before != CLASS_SIGN) {
			if (chars + 2 > max_chars)
				break;
			out[at++] = '_';
			chars++;
		}
		memcpy(out + at, typed + i, n);
		at += n;
		chars++;
		gap = false;
		before = class;
	}
	return at;
}

void name_mend(enum name_kind kind, const char *typed, size_t len, size_t max_chars,
               char out[NAME_BYTES_MAX + 1])
{
	char key[NAME_KEY_BYTES_MAX + 1], why[128];
	size_t n;

	if (max_chars > kinds[kind].chars_max)
		max_chars = kinds[kind].chars_max;
	if (max_chars == 0)
		max_chars = 1;
	n = mend_chars(typed, len, max_chars, out);
	out[n] = '\0';
	if (name_check(kind, out, n, key, why, sizeof why))
		return;
	/* Reserved, of several scripts, a flag: there is no name like it. */
	n = text_prefix(kinds[kind].spare, strlen(kinds[kind].spare), max_chars);
	memcpy(out, kinds[kind].spare, n);
	out[n] = '\0';
}

/*
 * Names of people and rooms: what is allowed, and when two are the same.
 *
 * Pure functions, which know no rooms and no people. Whether a name is taken is decided by the
 * modules that keep names by their keys.
 */
#include "chatd/core/people/name.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "chatd/base/address.h"
#include "chatd/base/text.h"
#include "chatd/core/people/confusable.h"

/* The most code points that one may fold to. U+FDFA has the most, 18. */
enum { FOLD_MAX = 32 };

enum {
	/* A reserved word with at least this many letters is also found with signs and foreign letters
	 * in between. Shorter ones are not, because m.e and o-p are people's initials. */
	WORD_LONG = 5,
	/* A reserved word with at least this many letters is also found after "the", and if its last
	 * letter is written as a digit and more digits follow. Shorter ones are not: theme is not "me",
	 * and al12 is not "all". */
	WORD_MIDDLE = 4,
};

#define SIGNS "_-.|^"

/* What a code point counts as in a name. */
enum name_class {
	CLASS_LETTER,           /* a letter or a digit */
	CLASS_MARK,             /* an accent or other mark on the letter before it */
	CLASS_SIGN,             /* one of _ - . | ^ */
	CLASS_SPACE,
	CLASS_CONTROL,
	CLASS_INVISIBLE,
	CLASS_OLD,              /* a letter or mark that no script in use today has */
	CLASS_OTHER,
};

static const struct {
	const char *noun;       /* what refusals call it, at the beginning of a sentence */
	size_t chars_max;       /* the most characters that it can have */
	const char *spare;      /* the name to use if nothing valid can be made of what was typed */
} kinds[] = {
	[NAME_NICK] = { "a name", NICK_CHARS_MAX, "guest" },
	[NAME_ROOM] = { "a room's name", ROOM_CHARS_MAX, "room" },
};

/* Keys of nicks that would seem to speak for the server, its operators or everyone. */
static const char *const reserved[] = {
	"admin", "administrator", "administrators", "admins", "all", "chatd", "console",
	"everybody", "everyone", "exit", "help", "here", "host", "me", "mod", "moderator", "moderators", "mods", "nobody",
	"op", "oper", "operator", "operators", "opers", "ops", "quit", "root", "server", "service", "staff",
	"support", "sysadmin", "sysop", "system", "you",
};

/* Characters that can stand for a letter of a reserved word, besides those with the same skeleton:
 * the first of each pair for the second. */
static const char stand_ins[][2] = {
	{'0', 'o'}, {'1', 'i'}, {'1', 'l'}, {'l', 'i'}, {'2', 'z'}, {'3', 'e'}, {'4', 'a'}, {'5', 's'},
	{'6', 'b'}, {'7', 't'}, {'8', 'b'}, {'9', 'g'},
};

/* Pairs of letters that can stand for one: the first two for the third. */
static const char *const pairs[] = { "rnm", "cld", "vvw" };

/* Which part of a name is compared with the reserved words, with and without the digits at its
 * end. */
enum view {
	VIEW_ALL,               /* all of it */
	VIEW_TRIMMED,           /* without the signs at both ends */
	VIEW_JOINED,            /* only its letters and digits; compared with long words only */
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
		return cp != 0 && cp < 0x80 && strchr(SIGNS, cp) ? CLASS_SIGN : CLASS_OTHER;
	}
}

/*
 * The class of a code point. A letter must still be one when it is folded: U+FDFA
 * becomes three words with spaces between them, and U+FF9E becomes a mark. Either it or
 * everything that it folds to must belong to a script in use today.
 */
static enum name_class name_class(int32_t cp)
{
	const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
	                              UTF8PROC_IGNORE | UTF8PROC_DECOMPOSE;
	enum name_class class = class_of_category(cp), part;
	utf8proc_int32_t fold[FOLD_MAX];
	utf8proc_ssize_t i, n;
	bool today = true;
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
		today = today && confusable_is_of_today(fold[i]);
	}
	return today || confusable_is_of_today(cp) ? class : CLASS_OLD;
}

/* Sets *cp to the code point at s and returns how many bytes it has; 0: there is no valid one. */
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

/* -- what is reserved -------------------------------------------------------------- */

/* The reserved word that a key is, apart from signs at both ends; NULL: none. */
static const char *key_reserved(const char *key)
{
	size_t len, i;

	key += strspn(key, SIGNS);
	len = strlen(key);
	while (len > 0 && strchr(SIGNS, key[len - 1]) != NULL)
		len--;
	for (i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strlen(reserved[i]) == len && memcmp(key, reserved[i], len) == 0)
			return reserved[i];
	return NULL;
}

static bool stands_for(char written, char letter)
{
	size_t i;

	if (written == letter || (written > '9' && written != 'l'))
		return written == letter;
	for (i = 0; i < sizeof stand_ins / sizeof *stand_ins; i++)
		if (stand_ins[i][0] == written && stand_ins[i][1] == letter)
			return true;
	return false;
}

/* How many characters at the start of a skeleton stand for the letter; 0: none do. */
static size_t letter_at(const char *skeleton, char letter)
{
	size_t i;

	for (i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (letter == pairs[i][2] && strncmp(skeleton, pairs[i], 2) == 0)
			return 2;
	return *skeleton != '\0' && stands_for(*skeleton, letter);
}

static bool skeleton_is_word(const char *skeleton, const char *word)
{
	size_t n = 1;

	for (; *word != '\0' && n > 0; word++) {
		n = letter_at(skeleton, *word);
		skeleton += n;
	}
	return n > 0 && *skeleton == '\0';
}

/* Writes the name without what the view leaves out. False: it leaves nothing out. */
static bool name_cut(const char *name, enum view view, char out[NAME_KEY_BYTES_MAX + 1])
{
	size_t n = 0, len = strlen(name);

	if (view == VIEW_TRIMMED)
		name += strspn(name, SIGNS);
	for (; *name != '\0' && n < NAME_KEY_BYTES_MAX; name++)
		if (view != VIEW_JOINED || strchr(SIGNS, *name) == NULL)
			out[n++] = *name;
	while (view == VIEW_TRIMMED && n > 0 && strchr(SIGNS, out[n - 1]) != NULL)
		n--;
	out[n] = '\0';
	return n < len;
}

static const char *find_word(const char *skeleton, size_t least)
{
	const char *behind = strncmp(skeleton, "the", 3) == 0 ? skeleton + 3 : NULL;
	size_t i, len;

	if (behind != NULL)
		behind += strspn(behind, SIGNS);
	for (i = 0; i < sizeof reserved / sizeof *reserved; i++) {
		len = strlen(reserved[i]);
		if (len >= least && (skeleton_is_word(skeleton, reserved[i]) ||
		                     (behind != NULL && len >= WORD_MIDDLE && skeleton_is_word(behind, reserved[i]))))
			return reserved[i];
	}
	return NULL;
}

/* The reserved word, of at least `least` letters, that a skeleton spells; NULL: none. Long words
 * are also found with characters in between that are no ASCII letters or digits. */
static const char *skeleton_reserved(const char *skeleton, size_t least)
{
	const char *word = find_word(skeleton, least);
	char bare[NAME_SKELETON_BYTES_MAX + 1];
	size_t i, n = 0;

	for (i = 0; skeleton[i] != '\0'; i++)
		if ((skeleton[i] >= 'a' && skeleton[i] <= 'z') || (skeleton[i] >= '0' && skeleton[i] <= '9'))
			bare[n++] = skeleton[i];
	bare[n] = '\0';
	return word != NULL || n == i ? word : find_word(bare, WORD_LONG);
}

static bool has_small_letters(const char *name)
{
	size_t len = strlen(name), i, n;
	int32_t cp;

	for (i = 0; i < len; i += n) {
		n = name_decode(name + i, len - i, &cp);
		if (utf8proc_get_property(cp)->category == UTF8PROC_CATEGORY_LL)
			return true;
	}
	return false;
}

/* The skeletons of a name's stem, which is the name without the digits and signs at its end. ICU
 * takes long to make a skeleton, so these are made only once. The skeletons of the tail can simply
 * be appended, because the tail is ASCII and combines with nothing before it. */
struct stem {
	char key[NAME_SKELETON_BYTES_MAX + 1], capitals[NAME_SKELETON_BYTES_MAX + 1]; /* of the key */
	char written[NAME_SKELETON_BYTES_MAX + 1]; /* of the name as it is written */
};

static const char *stem_seems(const char *stem, const char *tail, size_t least)
{
	char skeleton[2 * NAME_SKELETON_BYTES_MAX + 1];

	snprintf(skeleton, sizeof skeleton, "%s%s", stem, tail);
	skeleton[NAME_SKELETON_BYTES_MAX] = '\0';
	return skeleton_reserved(skeleton, least);
}

/* The reserved word that the stem and this tail together look like; NULL: none. written: compare it
 * as it is written, too. */
static const char *cut_seems(const struct stem *s, const char *tail, bool written, size_t least)
{
	char skeleton[NAME_SKELETON_BYTES_MAX + 1];
	const char *word;

	skeleton_of(tail, false, skeleton);
	word = stem_seems(s->key, skeleton, least);
	if (word == NULL && written)
		word = stem_seems(s->written, skeleton, least);
	if (word == NULL) {
		skeleton_in_capitals(tail, skeleton);
		word = stem_seems(s->capitals, skeleton, least);
	}
	return word;
}

/* The position at which the digits and signs at the end of a name begin. */
static size_t tail_at(const char *s)
{
	size_t n = strlen(s);

	while (n > 1 && strchr(SIGNS "0123456789", s[n - 1]) != NULL)
		n--;
	return n;
}

static void stem_make(struct stem *s, const char *key, const char *written)
{
	char stem[NAME_KEY_BYTES_MAX + 1];

	snprintf(stem, sizeof stem, "%.*s", (int)tail_at(key), key);
	skeleton_of(stem, false, s->key);
	skeleton_in_capitals(stem, s->capitals);
	snprintf(stem, sizeof stem, "%.*s", (int)tail_at(written), written);
	skeleton_of(stem, true, s->written);
}

/*
 * The reserved word that a name looks like, perhaps without digits and signs at its end;
 * NULL: none. The name is compared without case, in capitals, and as it is written. The last
 * is not done for a name in capitals only, because there ALI is not ALl.
 */
static const char *name_seems(const char *name, const char *key)
{
	char cut[NAME_KEY_BYTES_MAX + 1], spelt[NAME_KEY_BYTES_MAX + 1];
	const char *word = NULL;
	bool small = has_small_letters(name);
	struct stem stem;

	for (enum view v = VIEW_ALL; v <= VIEW_JOINED && word == NULL; v++) {
		size_t least = v == VIEW_JOINED ? WORD_LONG : 0, begin, n;
		bool written;

		if (!name_cut(key, v, cut) && v != VIEW_ALL)
			continue;
		name_cut(name, v, spelt);
		stem_make(&stem, cut, spelt);
		begin = tail_at(cut);
		written = small && strcmp(spelt + tail_at(spelt), cut + begin) == 0;
		word = cut_seems(&stem, cut + begin, written, least);
		for (n = strlen(cut); word == NULL && n > begin; n--) {
			/* What is left may still end in digits, and these may stand for letters. */
			bool tail = n - 1 > begin;

			cut[n - 1] = '\0';
			word = cut_seems(&stem, cut + begin, written,
			                 tail && least < WORD_MIDDLE ? WORD_MIDDLE : least);
		}
	}
	return word;
}

/* -- what is allowed --------------------------------------------------------------- */

/* The marks since the last letter. */
struct marks {
	size_t accents;         /* those that can go on any letter, each above or below the one
	                         * before */
	size_t stacked;         /* all those that take no space of their own */
};

/* Counts a mark. False: it is one too many. */
static bool mark_fits(struct marks *m, int32_t cp)
{
	if (utf8proc_get_property(cp)->category != UTF8PROC_CATEGORY_MC) {
		m->stacked++;
		m->accents += confusable_is_accent(cp);
	}
	return m->accents <= NAME_ACCENTS_MAX && m->stacked <= NAME_MARKS_MAX;
}

static bool refuse_marks(const struct marks *m, const char *noun, char *why, size_t why_size)
{
	if (m->accents > NAME_ACCENTS_MAX)
		return refuse(why, why_size, "%s can have at most %d accents on one letter", noun,
		              NAME_ACCENTS_MAX);
	return refuse(why, why_size, "%s can have at most %d marks on one letter", noun, NAME_MARKS_MAX);
}

/* Whether a text begins with what control characters are shown as: ^ and one of A to Z, ^ or _.
 * (Others are shown with signs that no name can have.) */
static bool is_control_shown(const char *s, size_t len)
{
	return len >= 2 && s[0] == '^' && ((s[1] >= 'A' && s[1] <= 'Z') || s[1] == '^' || s[1] == '_');
}

/* Checks all code points of a name, one after the other. */
static bool check_chars(enum name_kind kind, const char *name, size_t len, char *why,
                        size_t why_size)
{
	const char *noun = kinds[kind].noun;
	enum name_class class, before = CLASS_SIGN;
	size_t i, n, letters = 0;
	struct marks marks = {0};
	bool control = false;
	int32_t cp;

	for (i = 0; i < len; i += n, before = class) {
		n = name_decode(name + i, len - i, &cp);
		if (n == 0)
			return refuse(why, why_size, "%s must be UTF-8, and this is not", noun);
		class = name_class(cp);
		if (class != CLASS_MARK)
			marks = (struct marks){0};
		switch (class) {
		case CLASS_LETTER:
			letters++;
			break;
		case CLASS_SIGN:
			control = control || is_control_shown(name + i, len - i);
			break;
		case CLASS_MARK:
			if (before == CLASS_SIGN)
				return refuse(why, why_size,
				              "%s can have accents only on letters and digits", noun);
			if (!mark_fits(&marks, cp))
				return refuse_marks(&marks, noun, why, why_size);
			break;
		case CLASS_SPACE:
			return refuse(why, why_size, "%s cannot have spaces; use _ instead", noun);
		case CLASS_CONTROL:
			return refuse(why, why_size, "%s cannot have control characters", noun);
		case CLASS_INVISIBLE:
			return refuse(why, why_size, "%s cannot have invisible characters", noun);
		case CLASS_OLD:
			return refuse(why, why_size, "%s can only have letters and digits in use today, "
			              "and U+%04X is not", noun, (unsigned)cp);
		case CLASS_OTHER:
			if (cp == '#' && kind == NAME_ROOM)
				return refuse(why, why_size, "%s cannot have a #; leave it out", noun);
			return refuse(why, why_size, "%s can only have letters, digits and _ - . | ^",
			              noun);
		}
	}
	if (letters == 0)
		return refuse(why, why_size, "%s needs at least one letter or digit", noun);
	if (control)
		return refuse(why, why_size, "%s cannot have control characters, or what looks like one (^H)",
		              noun);
	return true;
}

/* Checks a name as a whole, after each of its characters was found to be allowed. */
static bool check_whole(enum name_kind kind, const char *name, const char *key, char *why,
                        size_t why_size)
{
	const char *noun = kinds[kind].noun, *word;
	struct address address;

	/* Commands would take such names for flags, or for an address instead of a person. */
	if (strncmp(key, "--", 2) == 0)
		return refuse(why, why_size, "%s cannot begin with --", noun);
	if (kind == NAME_NICK && address_parse(key, &address))
		return refuse(why, why_size, "%s cannot be an address", noun);
	switch (confusable_fault(key)) {
	case CONFUSABLE_SCRIPTS:
		return refuse(why, why_size, "%s can only have letters of one script, or Latin with "
		              "Chinese, Japanese or Korean", noun);
	case CONFUSABLE_DIGITS:
		return refuse(why, why_size, "%s can only have digits of one kind", noun);
	case CONFUSABLE_MARKS:
		return refuse(why, why_size, "%s cannot have the same accent twice on one letter", noun);
	case CONFUSABLE_FINE:
		break;
	}
	if (kind != NAME_NICK)
		return true;
	word = key_reserved(key);
	if (word != NULL)
		return refuse(why, why_size, "\"%s\" is reserved", word);
	word = name_seems(name, key);
	if (word != NULL)
		return refuse(why, why_size, "it looks like \"%s\", which is reserved",
		              word);
	return true;
}

bool name_check(enum name_kind kind, const char *name, size_t len,
                char key[NAME_KEY_BYTES_MAX + 1], char *why, size_t why_size)
{
	const char *noun = kinds[kind].noun;
	char copy[NAME_BYTES_MAX + 1];
	size_t chars;

	key[0] = '\0';
	if (len == 0)
		return refuse(why, why_size, "%s needs at least one letter or digit", noun);
	chars = text_chars(name, len);
	if (chars > kinds[kind].chars_max)
		return refuse(why, why_size, "%s has at most %zu characters, and this has %zu", noun,
		              kinds[kind].chars_max, chars);
	if (len > NAME_BYTES_MAX)
		return refuse(why, why_size, "%s must be UTF-8, and this is not", noun);
	if (!check_chars(kind, name, len, why, why_size))
		return false;
	if (!name_key(name, len, key))
		return refuse(why, why_size, "%s is too long with its ligatures written out",
		              noun);
	memcpy(copy, name, len);
	copy[len] = '\0';
	return check_whole(kind, copy, key, why, why_size);
}

/* ASCII is its own form but for capitals. False: it is not all ASCII; key is unchanged. */
static bool key_of_ascii(const char *name, size_t len, char key[NAME_KEY_BYTES_MAX + 1])
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all |= (unsigned char)name[i];
	if (all >= 0x80)
		return false;
	for (size_t i = 0; i < len; i++)
		key[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
	key[len] = '\0';
	return true;
}

bool name_key(const char *name, size_t len, char key[NAME_KEY_BYTES_MAX + 1])
{
	char copy[NAME_BYTES_MAX + 1], *folded;
	size_t n;

	key[0] = '\0';
	if (len == 0 || len > NAME_BYTES_MAX || memchr(name, ' ', len) != NULL ||
	    memchr(name, '\0', len) != NULL)
		return false;
	if (key_of_ascii(name, len, key))
		return true;
	memcpy(copy, name, len);
	copy[len] = '\0';
	folded = text_form(copy, FORM_NAME);
	n = folded != NULL ? strlen(folded) : 0;
	if (n <= NAME_KEY_BYTES_MAX && n > 0)
		memcpy(key, folded, n + 1);
	free(folded);
	return key[0] != '\0';
}

bool name_is(const char *name, const char *key)
{
	char its[NAME_KEY_BYTES_MAX + 1];

	return name_key(name, strlen(name), its) && strcmp(its, key) == 0;
}

/* -- names in text ------------------------------------------------------------------- */

/* What the character at s is in a name, with its length in *n. */
static enum name_class class_at(const char *s, size_t len, size_t *n)
{
	unsigned char c = (unsigned char)*s;
	int32_t cp;

	*n = 1;
	if ((unsigned)(c | 0x20) - 'a' < 26 || (unsigned)c - '0' < 10)
		return CLASS_LETTER;
	if (c < 0x80)
		return c == '_' || c == '-' || c == '.' || c == '|' || c == '^' ? CLASS_SIGN : CLASS_OTHER;
	*n = name_decode(s, len, &cp);
	if (*n > 0)
		return class_of_category(cp);
	*n = 1;
	return CLASS_OTHER;
}

size_t name_next(const char *text, size_t len, size_t *at)
{
	size_t begin = *at, i = begin, n;
	bool letters = false;

	while (i < len) {
		enum name_class class = class_at(text + i, len - i, &n);

		i += n;
		if (class <= CLASS_SIGN) {
			letters |= class == CLASS_LETTER;
			continue;
		}
		if (letters) {
			*at = begin;
			return i - n - begin;
		}
		begin = i;
	}
	*at = begin;
	return letters ? i - begin : 0;
}

size_t name_signs_before(const char *piece, size_t len)
{
	size_t n = 0;

	while (n < len && strchr(SIGNS, piece[n]) != NULL)
		n++;
	return n;
}

size_t name_signs_behind(const char *piece, size_t len)
{
	size_t n = 0;

	while (n < len && strchr(SIGNS, piece[len - 1 - n]) != NULL)
		n++;
	return n;
}

bool name_kept(const char *name, size_t bytes_max)
{
	size_t len = strnlen(name, bytes_max + 1);

	return len > 0 && len <= bytes_max && strchr(name, ' ') == NULL && text_is_shown(name, len);
}

/*
 * Copies the characters that a name can have; a run of any others between two letters
 * becomes one _. Returns how many bytes were copied.
 */
static size_t mend_chars(const char *typed, size_t len, size_t max_chars, char *out)
{
	enum name_class class, before = CLASS_SIGN;
	size_t i, n, at = 0, chars = 0;
	struct marks marks = {0};
	bool gap = false;  /* something was left out after the last character */
	int32_t cp;

	for (i = 0; i < len && chars < max_chars; i += n) {
		n = name_decode(typed + i, len - i, &cp);
		class = n ? name_class(cp) : CLASS_OTHER;
		n = n ? n : 1;
		if (is_control_shown(typed + i, len - i)) {
			n = 2;
			class = CLASS_CONTROL;
		}
		if (class == CLASS_MARK) {
			if (gap || before == CLASS_SIGN || !mark_fits(&marks, cp))
				continue;
		} else if (class == CLASS_LETTER || class == CLASS_SIGN) {
			marks = (struct marks){0};
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
	/* It is reserved, mixes scripts or looks like a flag, so no valid name is close to it. */
	n = text_prefix(kinds[kind].spare, strlen(kinds[kind].spare), max_chars);
	memcpy(out, kinds[kind].spare, n);
	out[n] = '\0';
}

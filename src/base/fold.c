/*
 * The form in which words are compared.
 *
 * ICU is asked once what each code point becomes, for 256 of them at a time: the tables are made
 * when they are needed, and never change or are freed.
 */
#include "chatd/base/fold.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>

#include "chatd/base/bytes.h"

enum {
	FORM = 2,               /* must be raised when the code below folds differently */
	PAGE = 256,             /* code points in one table */
	PAGES = 0x110000 / PAGE,
	MAPPED_MAX = 64,        /* the most UTF-16 units that a code point may become; 18 is the
	                         * most that occur */
	MARKS_SORTED_MAX = 8,   /* marks in a row that are sorted */
};

/* What a piece of a folded code point is. */
enum kind {
	KIND_NONE,              /* separates */
	KIND_LEFT_OUT,
	KIND_LETTER,            /* or a digit */
	KIND_PLAIN,             /* a letter, Latin or Greek, whose marks are left out */
	KIND_CYRILLIC,          /* a letter that has some of the common marks */
	KIND_CYRILLIC_ACUTE,    /* the same, and the acute too: Macedonian */
	KIND_RUN,               /* a letter of a script without blanks */
	KIND_MARK,              /* of its script */
	KIND_COMMON,            /* a mark for any script: part of none but Cyrillic's letters, where it */
	KIND_COMMON_CYRILLIC,   /* is breve or diaeresis (short i, io), */
	KIND_COMMON_ACUTE,      /* or acute */
};

struct piece {
	char text[4];
	uint8_t len;
	uint8_t kind;
	uint8_t order;          /* of a mark: its combining class */
};

struct page {
	uint16_t first[PAGE + 1]; /* code point i is pieces first[i] to first[i + 1] */
	struct piece piece[];
};

static struct page *_Atomic pages[PAGES];

/* -- what ICU says ------------------------------------------------------------------------ */

static const UNormalizer2 *normalizer(bool decomposes)
{
	UErrorCode error = U_ZERO_ERROR;
	const UNormalizer2 *n = decomposes ? unorm2_getNFKDInstance(&error)
	                                   : unorm2_getNFKCCasefoldInstance(&error);
	if (U_FAILURE(error))
		mem_fail();
	return n;
}

/* Letters that people without the right keyboard type as others, and that no Unicode form
 * decomposes. NULL: it is not one. */
static const char *letters_like(UChar32 cp)
{
	static const struct {
		UChar32 cp;
		const char *as;
	} like[] = {
		{0xF8, "o"}, {0x142, "l"}, {0x111, "d"}, {0xF0, "d"}, {0x127, "h"}, {0x167, "t"},
		{0x131, "i"}, {0xE6, "ae"}, {0x153, "oe"}, {0xFE, "th"},
	};
	for (size_t i = 0; i < sizeof(like) / sizeof(like[0]); i++)
		if (like[i].cp == cp)
			return like[i].as;
	return NULL;
}

static bool is_left_out(UChar32 cp)
{
	/* Vowel signs and the like, and the stroke that only lengthens; not the hamza. */
	return (cp >= 0x610 && cp <= 0x61A) || cp == 0x640 || (cp >= 0x64B && cp <= 0x652) ||
	       (cp >= 0x656 && cp <= 0x65F) || cp == 0x670 || (cp >= 0x6D6 && cp <= 0x6DC) ||
	       (cp >= 0x6DF && cp <= 0x6E8) || (cp >= 0x6EA && cp <= 0x6ED) ||
	       /* points and accents of Hebrew */
	       (cp >= 0x591 && cp <= 0x5BD) || cp == 0x5BF || cp == 0x5C1 || cp == 0x5C2 ||
	       cp == 0x5C4 || cp == 0x5C5 || cp == 0x5C7 ||
	       u_hasBinaryProperty(cp, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

static bool is_of_run(UChar32 cp)
{
	static const UScriptCode scripts[] = {
		USCRIPT_HAN, USCRIPT_HIRAGANA, USCRIPT_KATAKANA, USCRIPT_THAI, USCRIPT_LAO,
		USCRIPT_KHMER, USCRIPT_MYANMAR,
	};
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (uscript_hasScript(cp, scripts[i]))
			return true;
	return false;
}

static enum kind kind_of_mark(UChar32 cp)
{
	if (cp == 0x306 || cp == 0x308)
		return KIND_COMMON_CYRILLIC;
	if (cp == 0x301)
		return KIND_COMMON_ACUTE;
	switch (ublock_getCode(cp)) {
	case UBLOCK_COMBINING_DIACRITICAL_MARKS:
	case UBLOCK_COMBINING_DIACRITICAL_MARKS_EXTENDED:
	case UBLOCK_COMBINING_DIACRITICAL_MARKS_SUPPLEMENT:
	case UBLOCK_COMBINING_MARKS_FOR_SYMBOLS:
	case UBLOCK_COMBINING_HALF_MARKS:
		return KIND_COMMON;
	default:
		return KIND_MARK;
	}
}

static enum kind kind_of(UChar32 cp)
{
	UErrorCode error = U_ZERO_ERROR;
	if (is_left_out(cp))
		return KIND_LEFT_OUT;
	uint32_t category = U_GET_GC_MASK(cp);
	if (category & U_GC_M_MASK)
		return kind_of_mark(cp);
	if (category & (U_GC_N_MASK | U_GC_CO_MASK))
		return KIND_LETTER;
	if (!(category & U_GC_L_MASK))
		return KIND_NONE;
	if (is_of_run(cp))
		return KIND_RUN;
	UScriptCode script = uscript_getScript(cp, &error);
	if (script == USCRIPT_CYRILLIC)
		return cp == 0x433 || cp == 0x43A ? KIND_CYRILLIC_ACUTE : KIND_CYRILLIC;
	return script == USCRIPT_LATIN || script == USCRIPT_GREEK ? KIND_PLAIN : KIND_LETTER;
}

static void piece_add(struct piece *pieces, size_t *n, UChar32 cp)
{
	struct piece *p = &pieces[(*n)++];
	uint8_t text[U8_MAX_LENGTH];
	uint32_t c = (uint32_t)cp;
	size_t len = 0;
	*p = (struct piece){ .kind = (uint8_t)kind_of(cp), .order = u_getCombiningClass(cp) };
	U8_APPEND_UNSAFE(text, len, c);
	memcpy(p->text, text, len);
	p->len = (uint8_t)len;
}

/* Adds the pieces that a code point becomes. */
static void pieces_add(struct piece *pieces, size_t *n, UChar32 cp)
{
	UChar one[2], folded[MAPPED_MAX], apart[MAPPED_MAX];
	UErrorCode error = U_ZERO_ERROR;
	int32_t len = 0;
	if (cp >= 0xD800 && cp <= 0xDFFF) {
		piece_add(pieces, n, 0xFFFD);
		return;
	}
	uint32_t whole = (uint32_t)cp;
	U16_APPEND_UNSAFE(one, len, whole);
	len = unorm2_normalize(normalizer(false), one, len, folded, MAPPED_MAX, &error);
	len = unorm2_normalize(normalizer(true), folded, len, apart, MAPPED_MAX, &error);
	if (U_FAILURE(error))
		mem_fail();
	for (int32_t i = 0; i < len; ) {
		UChar32 c = apart[i++];
		if (c >= 0xD800 && c < 0xDC00 && i < len)
			c = 0x10000 + ((c - 0xD800) << 10) + (apart[i++] - 0xDC00);
		const char *like = letters_like(c);
		if (!like)
			piece_add(pieces, n, c);
		for (; like && *like; like++)
			piece_add(pieces, n, (UChar32)*like);
	}
}

static struct page *page_make(uint32_t number)
{
	struct piece *pieces = mem_alloc(PAGE * MAPPED_MAX * sizeof(*pieces));
	uint16_t first[PAGE + 1];
	size_t n = 0;
	for (uint32_t i = 0; i < PAGE; i++) {
		first[i] = (uint16_t)n;
		pieces_add(pieces, &n, (UChar32)(number * PAGE + i));
	}
	first[PAGE] = (uint16_t)n;
	struct page *p = mem_alloc(sizeof(*p) + n * sizeof(*pieces));
	memcpy(p->first, first, sizeof(first));
	memcpy(p->piece, pieces, n * sizeof(*pieces));
	free(pieces);
	return p;
}

static const struct page *page_of(uint32_t cp)
{
	struct page *_Atomic *slot = &pages[cp / PAGE];
	struct page *p = __atomic_load_n((struct page **)slot, __ATOMIC_ACQUIRE), *made;
	if (p)
		return p;
	made = page_make(cp / PAGE);
	/* Another thread may have been faster. */
	if (__atomic_compare_exchange_n((struct page **)slot, &p, made, false, __ATOMIC_ACQ_REL,
	                                __ATOMIC_ACQUIRE))
		return made;
	free(made);
	return p;
}

int fold_version(void)
{
	UVersionInfo v;
	u_getVersion(v);
	return FORM << 16 | v[0] << 8 | v[1];
}

/* -- text to tokens -------------------------------------------------------------------------- */

struct fold {
	enum fold_mode mode;
	int (*each)(void *ctx, const struct fold_token *t);
	void *ctx;
	size_t at, next;        /* offsets in the text of the character being folded, and of the
	                         * next one */
	char small[2 * FOLD_TOKEN_BYTES_MAX]; /* the word, or the letter of a run and the one before it */
	struct bytes big;       /* used instead for FOLD_WORDS, if small is too small; owned */
	size_t len;             /* bytes of it */
	size_t begin, end;      /* where it is in the text */
	size_t before;          /* of a run: bytes of the letter before the last, at its beginning */
	size_t second;          /* where the last letter begins in the text */
	size_t letters;         /* of the run so far */
	bool run;               /* it is a run; otherwise a word, if len > 0 */
	enum kind letter;       /* the last letter, for the marks on it */
	size_t marks_at;        /* where the marks at its end begin */
	uint8_t order[MARKS_SORTED_MAX], width[MARKS_SORTED_MAX];
	int marks;              /* as many of them */
};

static int tell(struct fold *f, const char *text, size_t len, size_t begin, bool single, bool beside)
{
	struct fold_token t = {
		.text = text, .len = len, .begin = begin, .end = f->end, .run = f->run,
		.single = single, .beside = beside,
	};
	if (t.len > FOLD_TOKEN_BYTES_MAX && f->mode != FOLD_WORDS)
		t.len = FOLD_TOKEN_BYTES_MAX;
	return f->each(f->ctx, &t);
}

static const char *held(const struct fold *f)
{
	return f->big.len > 0 ? f->big.data : f->small;
}

static void put(struct fold *f, const char *p, size_t n)
{
	bool fits = f->big.len == 0 && f->len + n <= sizeof(f->small);
	if (fits)
		memcpy(f->small + f->len, p, n);
	else if (f->mode == FOLD_WORDS && f->big.len == 0)
		bytes_append(&f->big, f->small, f->len);
	if (!fits && f->mode == FOLD_WORDS)
		bytes_append(&f->big, p, n);
	/* The rest of a longer word does not count. */
	if (fits || f->mode == FOLD_WORDS)
		f->len += n;
}

/* The last letter of a run is complete: reports it with the one before it. */
static int pair(struct fold *f)
{
	int stop = 0;
	if (f->mode == FOLD_WORDS || f->letters == 0)
		return 0;
	if (f->letters > 1) {
		stop = tell(f, f->small, f->len, f->begin, false, false);
		memmove(f->small, f->small + f->before, f->len - f->before);
		f->len -= f->before;
		f->begin = f->second;
	}
	f->before = f->len;
	return stop;
}

/* The word or the run ends. */
static int finish(struct fold *f)
{
	int stop = 0;
	if (f->run && f->mode != FOLD_WORDS) {
		bool single = f->letters == 1;
		stop = pair(f);
		if (!stop && (single || f->mode == FOLD_INDEX))
			stop = tell(f, f->small, f->len, f->begin, single, !single);
	} else if (f->len > 0) {
		stop = tell(f, held(f), f->len, f->begin, false, false);
	}
	bytes_clear(&f->big);
	f->len = f->letters = f->before = 0;
	f->marks = 0;
	f->run = false;
	return stop;
}

/* Inserts a mark among those before it (UAX #15, canonical order). */
static void put_mark(struct fold *f, const struct piece *p)
{
	size_t at = f->len;
	int i = f->marks;
	char *text = f->big.len > 0 ? f->big.data : f->small;
	put(f, p->text, p->len);
	if (p->order == 0 || f->marks == MARKS_SORTED_MAX || f->len == at) {
		f->marks = p->order == 0 ? 0 : f->marks;
		return;
	}
	text = f->big.len > 0 ? f->big.data : f->small;
	for (; i > 0 && f->order[i - 1] > p->order; i--) {
		at -= f->width[i - 1];
		f->order[i] = f->order[i - 1];
		f->width[i] = f->width[i - 1];
	}
	memmove(text + at + p->len, text + at, f->len - p->len - at);
	memcpy(text + at, p->text, p->len);
	f->order[i] = p->order;
	f->width[i] = p->len;
	f->marks++;
}

/* True if such a mark is part of the letter before it. Others are only drawn onto it, for sound or
 * stress, or to get past a filter. */
static bool is_part(enum kind letter, enum kind mark)
{
	if (mark == KIND_COMMON_CYRILLIC)
		return letter == KIND_CYRILLIC || letter == KIND_CYRILLIC_ACUTE;
	if (mark == KIND_COMMON_ACUTE)
		return letter == KIND_CYRILLIC_ACUTE;
	return mark == KIND_MARK && letter != KIND_PLAIN;
}

static int piece(struct fold *f, const struct piece *p)
{
	enum kind kind = (enum kind)p->kind;
	int stop = 0;
	if (kind == KIND_LEFT_OUT)
		return 0;
	if (kind == KIND_NONE)
		return finish(f);
	if (kind >= KIND_MARK) {
		if (f->len > 0 && is_part(f->letter, kind)) {
			f->end = f->next;
			put_mark(f, p);
		}
		return 0;
	}
	if ((kind == KIND_RUN) != f->run && f->len > 0)
		stop = finish(f);
	else if (f->run)
		stop = pair(f);
	f->run = kind == KIND_RUN;
	f->begin = f->len == 0 ? f->at : f->begin;
	f->second = f->at;
	f->end = f->next;
	f->letters += f->run;
	f->letter = kind;
	f->marks = 0;
	put(f, p->text, p->len);
	return stop;
}

/* Takes a word of ASCII letters and digits from the text, up to something else. */
static int ascii(struct fold *f, const char *text, size_t len)
{
	size_t n = f->at;
	int stop = f->run ? finish(f) : 0;
	f->begin = f->len == 0 ? n : f->begin;
	for (; n < len; n++) {
		unsigned char c = (unsigned char)text[n];
		if ((unsigned)(c | 0x20) - 'a' < 26)
			c |= 0x20;
		else if ((unsigned)c - '0' >= 10)
			break;
		if (f->len < sizeof(f->small) && f->big.len == 0)
			f->small[f->len++] = (char)c;
		else
			put(f, (const char *)&c, 1);
	}
	f->end = f->next = n;
	f->letter = KIND_PLAIN;
	f->marks = 0;
	/* Nearly always it ends there. */
	if (!stop && n < len && (unsigned char)text[n] < 0x80)
		stop = finish(f);
	return stop;
}

static int wide(struct fold *f, const char *text, size_t len)
{
	static const struct piece none = { .kind = KIND_NONE };
	size_t i = f->at;
	UChar32 cp;
	int stop = 0;
	U8_NEXT((const uint8_t *)text, i, len, cp);
	f->next = i;
	if (cp < 0)
		return piece(f, &none);
	const struct page *p = page_of((uint32_t)cp);
	for (uint32_t k = p->first[cp % PAGE]; k < p->first[cp % PAGE + 1] && !stop; k++)
		stop = piece(f, &p->piece[k]);
	return stop;
}

int fold_text(const char *text, size_t len, enum fold_mode mode,
              int (*each)(void *ctx, const struct fold_token *t), void *ctx)
{
	struct fold f;
	int stop = 0;
	/* Not all of it: the buffer is large. */
	memset(&f, 0, offsetof(struct fold, small));
	memset((char *)&f + offsetof(struct fold, big), 0, sizeof(f) - offsetof(struct fold, big));
	f.mode = mode;
	f.each = each;
	f.ctx = ctx;
	while (f.at < len && !stop) {
		unsigned char c = (unsigned char)text[f.at];
		f.next = f.at + 1;
		if (c >= 0x80)
			stop = wide(&f, text, len);
		else if ((unsigned)(c | 0x20) - 'a' < 26 || (unsigned)c - '0' < 10)
			stop = ascii(&f, text, len);
		else
			stop = finish(&f);
		f.at = f.next;
	}
	if (!stop)
		stop = finish(&f);
	bytes_release(&f.big);
	return stop;
}

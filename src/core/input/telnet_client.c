/*
 * What telnet clients say of themselves. Owns nothing.
 */
#include "chatd/core/input/telnet_client.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* MTTS: the third answer to TTYPE is "MTTS " and the sum of these. */
enum {
	MTTS_ANSI = 1,
	MTTS_UTF8 = 4,
	MTTS_COLOURS256 = 8,
	MTTS_READER = 64,       /* a screen reader */
	MTTS_TRUECOLOUR = 256,
};

/* MUD clients keep a line of their own, and take WILL ECHO for "a password comes". These are the
 * beginnings of their names; those that speak MTTS need not be here. */
static const char *const muds[] = {
	"ATLANTIS", "AXMUD", "BEIP", "BLIGHTMUD", "BLOWTORCH", "CMUD", "GNOME-MUD", "KILDCLIENT",
	"KMUDDY", "MMAPPER", "MUDLET", "MUDRAMMER", "MUDPORTAL", "MUSHCLIENT", "POTATO", "SIMPLEMU",
	"TINTIN", "TINYFUGUE", "TREBUCHET", "VIPMUD", "VIP MUD", "ZMUD",
};

/* The beginnings of names of terminals that understand what xterm and the VT100 do. */
static const char *const terminals[] = {
	"ALACRITTY", "ANSI", "AIXTERM", "CONS25", "CONTOUR", "CYGWIN", "DTTERM", "ETERM", "FOOT",
	"GHOSTTY", "GNOME", "ITERM", "KITTY", "KONSOLE", "KTERM", "LINUX", "MINTTY", "MLTERM", "MSYS",
	"NSTERM", "PUTTY", "RXVT", "SCO", "SCREEN", "ST-", "TERATERM", "TERMINATOR", "TMUX",
	"VSCODE", "VT1", "VT2", "VT3", "VT4", "VTE", "WEZTERM", "XTERM",
};

static bool begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool begins_with_one(const char *name, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (begins(name, prefixes[i]))
			return true;
	return false;
}

void telnet_client_clean(char out[TELNET_NAME_BYTES_MAX + 1], const unsigned char *name, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len && n < TELNET_NAME_BYTES_MAX; i++)
		if (name[i] >= ' ' && name[i] <= '~')
			out[n++] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
	out[n] = '\0';
}

static uint32_t mtts_number(const char *digits)
{
	uint64_t n = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++) {
		n = n * 10 + (uint64_t)(*digits - '0');
		if (n > UINT32_MAX)
			return 0;
	}
	return (uint32_t)n;
}

static void take_mtts(struct telnet_facts *f, uint32_t mtts)
{
	f->mud = true;
	f->mtts = mtts;
	f->ansi |= (mtts & MTTS_ANSI) != 0;
	f->colours256 |= (mtts & (MTTS_COLOURS256 | MTTS_TRUECOLOUR)) != 0;
	f->reader |= (mtts & MTTS_READER) != 0;
	/* What CHARSET has settled stands. */
	if ((mtts & MTTS_UTF8) != 0 && !f->latin1)
		f->utf8 = true;
}

bool telnet_client_name(struct telnet_facts *f, const char *name, const char *before)
{
	bool mud = begins_with_one(name, muds, sizeof muds / sizeof *muds);
	bool terminal = !mud && begins_with_one(name, terminals, sizeof terminals / sizeof *terminals);

	if (begins(name, "MTTS ")) {
		take_mtts(f, mtts_number(name + 5));
		return false;
	}
	if (before == NULL)
		memcpy(f->terminal, name, strlen(name) + 1);
	f->mud |= mud;
	f->ansi |= terminal;
	f->colours256 |= strstr(name, "256COL") != NULL || strstr(name, "TRUECOLOR") != NULL ||
	                 strstr(name, "-DIRECT") != NULL;
	if (before != NULL && strcmp(name, before) == 0)
		return false;
	/* A MUD client's second answer names a terminal as well, and the third one counts. */
	return before != NULL || !terminal;
}

void telnet_client_size(struct telnet_facts *f, const unsigned char size[4])
{
	unsigned columns = (unsigned)size[0] << 8 | size[1], rows = (unsigned)size[2] << 8 | size[3];

	if (columns > 0 && columns < TELNET_COLUMNS_LEAST)
		columns = TELNET_COLUMNS_LEAST;
	if (columns > TELNET_COLUMNS_MAX)
		columns = TELNET_COLUMNS_MAX;
	if (rows > TELNET_ROWS_MAX)
		rows = TELNET_ROWS_MAX;
	f->columns = (uint16_t)columns;
	f->rows = (uint16_t)rows;
}

static bool is_name(const char *s, size_t len, const char *name)
{
	return len == strlen(name) && strncasecmp(s, name, len) == 0;
}

enum telnet_charset telnet_client_charset(const char *name, size_t len)
{
	for (; len > 0 && *name == ' '; name++)
		len--;
	while (len > 0 && name[len - 1] == ' ')
		len--;
	if (is_name(name, len, "UTF-8") || is_name(name, len, "UTF8"))
		return CHARSET_UTF8;
	if (is_name(name, len, "ISO-8859-1") || is_name(name, len, "ISO_8859-1") ||
	    is_name(name, len, "LATIN1"))
		return CHARSET_LATIN1;
	return CHARSET_UNKNOWN;
}

enum telnet_charset telnet_client_choose(const char *list, size_t len, const char **name,
                                         size_t *name_len)
{
	static const char ttable[] = "[TTABLE]";
	enum telnet_charset chosen = CHARSET_UNKNOWN, c;
	const char *end = list + len, *p, *next;

	*name = NULL;
	*name_len = 0;
	/* A byte with the version of the tables follows it, of which there are none here. */
	if (len > sizeof ttable && memcmp(list, ttable, sizeof ttable - 1) == 0)
		list += sizeof ttable;
	for (p = list < end ? list + 1 : end; p < end; p = next + 1) {
		next = memchr(p, *list, (size_t)(end - p));
		if (next == NULL)
			next = end;
		c = telnet_client_charset(p, (size_t)(next - p));
		if (c != CHARSET_UNKNOWN && chosen != CHARSET_UTF8 && c != chosen) {
			chosen = c;
			*name = p;
			*name_len = (size_t)(next - p);
		}
	}
	return chosen;
}

/* An entry of a list of modules, "Comm.Channel 1", names Comm.Channel, or Comm with all below it.
 * The version 0, as some clients send it, says that it is not supported. */
static bool names_channels(const char *entry, size_t len, bool *zero)
{
	size_t n = 0;

	while (n < len && entry[n] != ' ')
		n++;
	*zero = len == n + 2 && entry[n + 1] == '0';
	return is_name(entry, n, "Comm") || is_name(entry, n, "Comm.Channel") ||
	       is_name(entry, n, "Comm.Channel.Text");
}

bool telnet_client_supports(const char *message, size_t len, bool *channels)
{
	enum { SET, ADD, REMOVE, VERBS };
	static const char *const verbs[VERBS] = {
		"Core.Supports.Set", "Core.Supports.Add", "Core.Supports.Remove",
	};
	const char *end = message + len, *p = message, *entry;
	bool supported, zero;
	size_t verb = 0;

	while (p < end && *p != ' ' && *p != '[')
		p++;
	while (verb < VERBS && !is_name(message, (size_t)(p - message), verbs[verb]))
		verb++;
	while (p < end && *p == ' ')
		p++;
	if (verb == VERBS || p == end || *p != '[')
		return false;
	supported = verb != SET && *channels;
	/* The strings of a JSON array; a name with an escape in it is none that matters. */
	while ((p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		for (entry = ++p; p < end && *p != '"'; p++)
			if (*p == '\\' && p + 1 < end)
				p++;
		if (p == end)
			break;
		if (names_channels(entry, (size_t)(p - entry), &zero))
			supported = verb != REMOVE && !zero;
		p++;
	}
	*channels = supported;
	return true;
}

/*
 * What telnet clients say of themselves in sub-negotiations: names of terminals (TTYPE,
 * RFC 1091; MTTS), the size of the window (NAWS, RFC 1073), character sets (CHARSET, RFC 2066),
 * and the GMCP packages that they understand.
 *
 * Pure functions from bytes, which are hostile, to facts. Knows no state of the protocol.
 */
#ifndef CHATD_CORE_INPUT_TELNET_CLIENT_H
#define CHATD_CORE_INPUT_TELNET_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "chatd/base/bounds.h"
#include "chatd/core/input/telnet.h"

/* Writes a name to out as it is kept: upper case, the printable ASCII characters only, cut at
 * TELNET_NAME_BYTES_MAX bytes. */
void telnet_client_clean(char out[TELNET_NAME_BYTES_MAX + 1], const unsigned char *name,
                         size_t len);

/*
 * Adds to f what an answer to TTYPE says, as telnet_client_clean has written it; before is the
 * answer before it, or NULL. False: do not ask for the next one, because this is the last (MTTS, or
 * the same again) or a terminal's name. By RFC 1091, each SEND also makes the client emulate
 * the terminal that it names, and the list of Windows' telnet ends with VTNT, which is not
 * understood here.
 */
bool telnet_client_name(struct telnet_facts *f, const char *name, const char *before);

/*
 * Adds to f the size of the window, in the four bytes of NAWS. 0 stays 0: unknown. Otherwise,
 * columns outside of TELNET_COLUMNS_LEAST to TELNET_COLUMNS_MAX become the nearer one of these, and
 * rows over TELNET_ROWS_MAX become that many.
 */
void telnet_client_size(struct telnet_facts *f, const unsigned char size[4]);

enum telnet_charset { CHARSET_UNKNOWN, CHARSET_UTF8, CHARSET_LATIN1 };

/* The character set of that name, in upper or lower case. Blanks around it do not count: some
 * versions of tintin++ put one before it. */
enum telnet_charset telnet_client_charset(const char *name, size_t len);

/* Chooses UTF-8 or else ISO-8859-1 from a client's list: what follows REQUEST, with or without
 * [TTABLE]; its first byte is the separator. *name, within list, and *name_len are the name as the
 * client spells it; NULL and 0 for CHARSET_UNKNOWN. */
enum telnet_charset telnet_client_choose(const char *list, size_t len, const char **name,
                                         size_t *name_len);

/* Takes a GMCP message of a client. If it is Core.Supports.Set, Add or Remove with a list, sets
 * *channels, which is whether the client understands Comm.Channel, to what it is now. False: it is
 * another message, and *channels stays as it was. */
bool telnet_client_supports(const char *message, size_t len, bool *channels);

#endif

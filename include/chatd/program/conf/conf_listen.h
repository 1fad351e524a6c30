/*
 * What `listen` and --listen take: an address ("8989", "127.0.0.1:8989", "[::1]:8989",
 * "unix:/path"), then the listener's options, with blanks between: "2323 telnet".
 */
#ifndef CHATD_PROGRAM_CONF_CONF_LISTEN_H
#define CHATD_PROGRAM_CONF_CONF_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bytes.h"

/* A parsed address with its options. */
struct conf_listen {
	enum { LISTEN_DUAL, LISTEN_IP, LISTEN_UNIX } kind; /* every address of the host; one; none */
	char host[64];            /* LISTEN_IP: numeric, without brackets. LISTEN_DUAL: "::" if it was
	                           * given, "" if not */
	uint16_t port;            /* 0: the kernel chooses one */
	char path[108];           /* LISTEN_UNIX: as long as sun_path, with its NUL; no blanks */
	bool telnet;              /* telnet: chatd negotiates telnet at once (RFC 854) */
	bool tls;                 /* tls: connections are encrypted */
	bool proxy;               /* proxy: those who connect are proxies (PROXY protocol) */
};

/* False: problem (of size n) says what is wrong with it. The rule is in it however long s is. */
bool conf_listen_parse(const char *s, struct conf_listen *l, char *problem, size_t n);

/* Whether word is the name of an option. */
bool conf_listen_is_option(const char *word);

/* Adds one more option. False: there is none of that name, or l has it already; problem (of size n)
 * says so. */
bool conf_listen_add_option(struct conf_listen *l, const char *word, char *problem, size_t n);

/* Adds the names of all options to out, with commas between. */
void conf_listen_options(struct bytes *out);

/* Adds l to out in its one form, which is read as the same l: one blank between words, options in
 * their order, no zeros before the port. */
void conf_listen_show(const struct conf_listen *l, struct bytes *out);

/* Whether both mean the same port or path, whatever their options. Each listener on port 0 gets a
 * port of its own. */
bool conf_listen_same_address(const struct conf_listen *a, const struct conf_listen *b);

/* Whether both cannot be listened on at once: the same address, or the same port on all addresses and on
 * one of them. */
bool conf_listen_overlap(const struct conf_listen *a, const struct conf_listen *b);

#endif

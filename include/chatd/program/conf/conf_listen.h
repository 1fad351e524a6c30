/*
 * Listen addresses, as they are written in the configuration: "8989", "127.0.0.1:8989",
 * "[::1]:8989", "unix:/path".
 */
#ifndef CHATD_PROGRAM_CONF_CONF_LISTEN_H
#define CHATD_PROGRAM_CONF_CONF_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A parsed listen address. */
struct conf_listen {
	enum { LISTEN_DUAL, LISTEN_IP, LISTEN_UNIX } kind;
	char host[64];            /* LISTEN_IP: numeric, without brackets */
	uint16_t port;
	char path[108];           /* LISTEN_UNIX: as long as sun_path, with its NUL */
};

/* False: problem (of size n) says what is wrong with it. */
bool conf_listen_parse(const char *s, struct conf_listen *l, char *problem, size_t n);

#endif

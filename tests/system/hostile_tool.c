/*
 * For tests/system/hostile: types hostile strings into a chatd, and looks at what comes of it.
 *
 *	hostile_tool feed PORT          as people from the network, and those who are none
 *	hostile_tool feed PATH          over a unix socket, as whoever administers the host
 *	hostile_tool count              how many strings there are
 *	hostile_tool print N            one of them, for the command line
 *	hostile_tool check FILE...      whether there is anything in the files but text
 *
 * Exits with 1 where something came out that should not.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "chatd/base/bytes.h"
#include "hostile.h"
#include "shown.h"

enum { ANSWER_MS = 20000, IAC = 0xFF, WILL = 0xFB };

/* Each %s is the string. */
static const char *const network[] = {
	"bob\n%s\n/me %s\n/topic %s\n/away %s\n/nick %s\n/join %s %s\n/msg ann %s\n/search %s\n/whois %s\n"
	"/%s\n/report #1 %s\n/history %s\n/history 50\n/rooms\n/who\n/quit %s\n",
	"n%s\n%s\n/register %s\n%s\n/login %s %s\n/ignore %s\n/catchup\n",
	"\xff\xfb\x18\xff\xfa\x18%s\xff\xf0" "bob\r\n%s\r\n/me %s\r\n/history 20\r\n/topic\r\n/quit %s\r\n",
	"%s",
};
static const char *const host[] = {
	"%s\n/who %s\n/whois %s\n/kick --in=general bob %s\n/ban --everywhere %s\n/mute --in=general eve 1s %s\n"
	"/kick --in=%s bob\n/bans --everywhere\n/announce %s\n/filter add %s\n/backup %s\n"
	"/shutdown 5m %s\n/shutdown\n/shutdown off\n/role %s admin\n/code %s\n/reload\n/lockdown %s\n"
	"/audit %s\n/audit 50\n/reports resolve 1 %s\n/disconnect bob %s\n/undo %s\n/stats\n/quit %s\n",
};

static int connect_to(const char *where)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                          .sin_port = htons((uint16_t)atoi(where))};
	bool path = strchr(where, '/') != NULL;
	int fd = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path ? where : "");
	if (connect(fd, path ? (struct sockaddr *)&sun : (struct sockaddr *)&sin,
	            path ? sizeof sun : sizeof sin) == 0)
		return fd;
	perror(where);
	exit(2);
}

/* Says it all, and reads until chatd has no more to say. */
static void talk(const char *where, const struct bytes *said, struct bytes *heard)
{
	struct pollfd pfd = {.fd = connect_to(where), .events = POLLIN};
	char text[4096];
	ssize_t n = 1;

	/* A peer that is disconnected at once need not take it all. */
	if (send(pfd.fd, said->data, said->len, MSG_NOSIGNAL) > 0)
		shutdown(pfd.fd, SHUT_WR);
	while (n > 0 && poll(&pfd, 1, ANSWER_MS) == 1) {
		n = read(pfd.fd, text, sizeof text);
		if (n > 0)
			bytes_append(heard, text, (size_t)n);
	}
	close(pfd.fd);
	if (n > 0) {
		fprintf(stderr, "chatd does not end a connection\n");
		exit(2);
	}
}

/* False: there is something in it that is no text. Telnet's commands are for telnet's clients. */
static bool is_text(const char *what, struct bytes *b, bool telnet)
{
	const char *why;
	size_t n = 0, at;

	for (size_t i = 0; i < b->len; i++) {
		if (telnet && (unsigned char)b->data[i] == IAC && i + 2 < b->len &&
		    (unsigned char)b->data[i + 1] >= WILL) {
			i += 2;
			continue;
		}
		b->data[n++] = b->data[i];
	}
	why = shown_problem(b->data, n, &at);
	if (why != NULL)
		shown_tell(what, why, b->data, n, at);
	return why == NULL;
}

static bool feed_one(const char *where, const char *script, const struct hostile *h)
{
	struct bytes said = {0}, heard = {0};
	bool ok;

	for (const char *p = script; *p != '\0'; p++) {
		if (p[0] == '%' && p[1] == 's') {
			bytes_append(&said, h->s, h->len);
			p++;
		} else {
			bytes_append(&said, p, 1);
		}
	}
	talk(where, &said, &heard);
	ok = heard.len > 0 && is_text(h->name, &heard, true);
	if (heard.len == 0)
		fprintf(stderr, "%s: no answer\n", h->name);
	bytes_release(&said);
	bytes_release(&heard);
	return ok;
}

static bool feed(const char *where)
{
	bool local = strchr(where, '/') != NULL, ok = true;
	size_t n = local ? sizeof host / sizeof *host : sizeof network / sizeof *network;

	for (size_t i = 0; i < HOSTILES; i++)
		for (size_t k = 0; k < n; k++)
			ok &= feed_one(where, local ? host[k] : network[k], &hostiles[i]);
	return ok;
}

static bool check(const char *path)
{
	struct bytes b = {0};
	FILE *f = fopen(path, "re");
	char text[4096];
	size_t n;
	bool ok;

	if (f == NULL) {
		perror(path);
		return false;
	}
	while ((n = fread(text, 1, sizeof text, f)) > 0)
		bytes_append(&b, text, n);
	fclose(f);
	ok = b.len > 0 && is_text(path, &b, false);
	if (b.len == 0)
		fprintf(stderr, "%s: nothing is in it\n", path);
	bytes_release(&b);
	return ok;
}

int main(int argc, char **argv)
{
	const char *wish = argc > 1 ? argv[1] : "";
	bool ok = true;

	if (strcmp(wish, "feed") == 0 && argc == 3)
		return !feed(argv[2]);
	if (strcmp(wish, "count") == 0)
		return printf("%d\n", HOSTILES) < 0;
	if (strcmp(wish, "print") == 0 && argc == 3 && atoi(argv[2]) < HOSTILES)
		return fwrite(hostiles[atoi(argv[2])].s, hostiles[atoi(argv[2])].len, 1, stdout) != 1;
	if (strcmp(wish, "check") != 0)
		return 2;
	for (int i = 2; i < argc; i++)
		ok &= check(argv[i]);
	return !ok;
}

/*
 * The configuration, with anything in it: the file, the values of options, and what they feed (listen
 * addresses, blocks of addresses, a chat that is configured with them).
 *
 * What is refused is told in lines that name the file; what is taken can be shown, and read
 * again from what is shown; and a chat can be made of it.
 *
 *	clang -fsanitize=fuzzer,...   a libFuzzer target
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "chatd/base/address.h"
#include "chatd/program/conf/conf.h"
#include "chatd/program/conf/conf_cluster.h"
#include "chatd/program/conf/conf_file.h"
#include "chatd/program/conf/conf_listen.h"
#include "fuzz_world.h"

enum { FILE_BYTES_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *what, const struct bytes *b)
{
	size_t at;
	const char *why = b->len > 0 ? shown_problem(b->data, b->len, &at) : NULL;

	if (why != NULL) {
		shown_tell(what, why, b->data, b->len, at);
		abort();
	}
}

/* In a file that has no place on a disk. */
static void read_file(struct conf *c, const uint8_t *data, size_t size, struct bytes *problems)
{
	int fd = memfd_create("chatd.conf", MFD_CLOEXEC);
	char path[64];
	bool ok;

	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ok = conf_read(c, path, problems);
	CHECK(ok == (problems->len == 0));
	close(fd);
}

/* What was taken is within its bounds; shown, it is read as the same again. */
static void check_taken(struct conf *c)
{
	struct bytes shown = {0}, again = {0};
	char why[256];

	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		bytes_clear(&shown);
		bytes_printf(&shown, "%s", "");
		conf_value_show(c, k, &shown);
		if (k->type == CONF_NUMBER || k->type == CONF_NUMBER64) {
			int64_t n = strtoll(shown.data, NULL, 10);

			CHECK(n >= k->least && n <= k->most);
		}
		if (k->type == CONF_LISTEN || k->type == CONF_PATH || k->type == CONF_BLOCKS)
			continue;
		CHECK(conf_value_read(c, k, shown.data, why, sizeof why));
		bytes_clear(&again);
		conf_value_show(c, k, &again);
		CHECK(strcmp(shown.data, again.data) == 0);
	}
	if (c->cluster.engine != NULL) {
		struct conf_cluster e;

		CHECK(conf_cluster_parse(c->cluster.engine, &e, why, sizeof why));
		CHECK(e.db <= CLUSTER_DB_MAX);
		CHECK(e.kind == CLUSTER_UNIX ? e.path[0] == '/' : e.host[0] != '\0' && e.port != 0);
		bytes_clear(&shown);
		conf_cluster_show(&e, &shown);
		CHECK(strcmp(shown.data, c->cluster.engine) == 0);
	}
	for (uint32_t i = 0; i < c->nlisten; i++) {
		struct conf_listen l;

		CHECK(conf_listen_parse(c->listen[i], &l, why, sizeof why));
		CHECK(l.kind != LISTEN_IP || l.host[0] != '\0');
		bytes_clear(&shown);
		conf_listen_show(&l, &shown);
		CHECK(strcmp(shown.data, c->listen[i]) == 0);
	}
	bytes_release(&shown);
	bytes_release(&again);
}

/* It is what chatd would be run with; somebody comes, from one of the addresses that it names. */
static void use(const struct conf *c)
{
	static const char hello[] = "bob\nhello\n/limits\n/quit\n";
	struct chat_config config = {
		.connections_max = 2, .line_bytes_max = c->line_bytes_max, .history_replay = c->history.replay,
		.rate_burst = c->rate.burst, .rate_lines = c->rate.lines, .rate_bytes = c->rate.bytes,
		.rate_address = c->rate.address, .flood_mute_s = c->rate.mute_s,
		.rate_exempt = c->rate.exempt, .address_connections = c->address.connections,
		.address_connects = c->address.connects, .address_logins = c->address.logins,
		.address_exempt = c->address.exempt, .login_timeout_s = c->login_timeout_s,
		.command_prefix = c->face.command_prefix,
		.face = {.server_name = c->face.server_name, .lobby = c->face.lobby},
	};
	struct world w = {.now_ms = INT64_C(1795378445000), .chat = chat_new(&config, 0, 0)};

	world_connect(&w, 0, "127.0.0.1", false);
	if (w.here[0])
		world_step(&w, (struct event){.kind = EVENT_BYTES, .conn = world_conn(&w, 0),
		                              .bytes = {.data = hello, .len = sizeof hello - 1}});
	config.rate_burst = 1;
	chat_configure(w.chat, &config);
	world_step(&w, (struct event){.kind = EVENT_TICK});
	world_end(&w);
}

/* A value of its own for an option. */
static void set_one(struct conf *c, const uint8_t *data, size_t size, struct bytes *problems)
{
	size_t n = 0;
	char *value = malloc(size + 1);

	CHECK(value != NULL);
	memcpy(value, data, size);
	value[size] = '\0';
	while (conf_keys[n].name != NULL)
		n++;
	conf_set(c, conf_keys[size > 0 ? data[0] % n : 0].name, value + (size > 0), "--option", problems);
	free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes problems = {0}, said = {0};
	struct conf c, next;

	if (size > FILE_BYTES_MAX)
		return 0;
	conf_init(&c);
	conf_init(&next);
	read_file(&c, data, size, &problems);
	check_taken(&c);
	/* A chat takes long to make, so not for every one that is wrong. */
	if (problems.len == 0 || size % 16 == 0)
		use(&c);
	set_one(&next, data, size, &problems);
	check_taken(&next);
	check_text("problems", &problems);
	conf_take(&next, &c, &said);
	check_text("changes", &said);
	check_taken(&next);
	conf_release(&c);
	conf_release(&next);
	bytes_release(&problems);
	bytes_release(&said);
	return 0;
}

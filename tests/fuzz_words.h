/* What the people of fuzz_chat.c type: names, rooms, and other words of commands. */
#ifndef CHATD_TESTS_FUZZ_WORDS_H
#define CHATD_TESTS_FUZZ_WORDS_H

static const char *const names[] = {
	"ann", "bob", "cat", "dan", "Ann", "eve", "b0b", "mod", "zoe", "nobody_here", "--preview",
	"1.2.3.4",
};
static const char *const rooms[] = {"ops", "den", "general", "#ops", "hall", "x"};
static const char *const words[] = {
	"hello", "spam", "on", "off", "-", "5", "30m", "100000w", "999999999w", "now", "2h", "all",
	"claim", "resolve", "reopen", "add", "remove", "private", "moderated", "password",
	"permanent", "history", "slow", "topic-lock", "open-history", "days", "replay", "admin",
	"moderator", "account", "correct horse", "10.0.0.0/8", "192.0.2.1", "::/0", "2001:db8::1",
	"before", "\xc3\xa9\xcc\x81", "wor*",
};

#endif

/* The users of the host. Owns the table that the file was read into. */
#include "chatd/program/users.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

static int users_compare(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void users_release(struct users *u)
{
	while (u->n > 0)
		free(u->user[--u->n].name);
	free(u->user);
	u->user = NULL;
}

bool users_read(struct users *u, const char *path)
{
	struct users next = { 0 };
	uint32_t cap = 0;
	struct passwd *p;
	FILE *f = fopen(path, "re");
	int e;

	if (!f)
		return false;
	errno = 0;
	while (next.n < USERS_MAX && (p = fgetpwent(f))) {
		if (next.n == cap) {
			cap = cap == 0 ? 64 : cap * 2;
			next.user = mem_resize(next.user, cap * sizeof(*next.user));
		}
		next.user[next.n] = (struct user){ p->pw_uid, next.n, mem_strdup(p->pw_name) };
		next.n++;
	}
	e = ferror(f) || errno == ENOMEM ? errno : 0;
	fclose(f);
	if (e != 0) {
		users_release(&next);
		errno = e;
		return false;
	}
	if (next.n > 0)
		qsort(next.user, next.n, sizeof(*next.user), users_compare);
	users_release(u);
	*u = next;
	return true;
}

const char *users_name(const struct users *u, uint32_t uid)
{
	uint32_t low = 0, high = u->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (u->user[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < u->n && u->user[low].uid == uid ? u->user[low].name : NULL;
}

const char *user_shown(uint32_t uid, char shown[USER_SHOWN_BYTES])
{
	int e = errno;
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(shown, USER_SHOWN_BYTES, "%.60s", pw->pw_name);
	else
		snprintf(shown, USER_SHOWN_BYTES, "%u", uid);
	errno = e;
	return shown;
}

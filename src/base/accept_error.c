/*
 * Which errors of accept(2) are over once they were told.
 */
#include "chatd/base/accept_error.h"

#include <errno.h>
#include <stddef.h>

bool accept_error_is_over(int e)
{
	static const int over[] = {
		ECONNABORTED, EPROTO, EINTR, EAGAIN, ECANCELED, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
		EHOSTUNREACH, ENETUNREACH,
	};

	for (size_t i = 0; i < sizeof over / sizeof *over; i++)
		if (over[i] == e)
			return true;
	return false;
}

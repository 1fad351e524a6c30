/*
 * Errors of accept(2).
 */
#ifndef CHATD_BASE_ACCEPT_ERROR_H
#define CHATD_BASE_ACCEPT_ERROR_H

#include <stdbool.h>

/* True if e (an errno) is of the connection alone, so that another may be accepted at once: accept(2), "Error handling".
 * EOPNOTSUPP and EPERM, which stand there as well, may be the listener's or a filter's: then each accept fails, and the
 * connection stays where it is. */
bool accept_error_is_over(int e);

#endif

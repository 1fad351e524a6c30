/*
 * What systemd's unit says of how chatd is started, for a check by hand: root runs the check, but the unit
 * may start chatd as another user.
 */
#ifndef CHATD_PROGRAM_UNIT_H
#define CHATD_PROGRAM_UNIT_H

#include <stdbool.h>

/* Whether the chatd.service of this host starts chatd with the configuration at conf_path, as that user.
 * Reads the unit files beneath root ("": the host's own). False as well if a drop-in sets User= or
 * ExecStart=. */
bool unit_starts_as(const char *root, const char *conf_path, const char *user);

#endif

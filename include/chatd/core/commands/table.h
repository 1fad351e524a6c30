/*
 * The table of commands.
 */
#ifndef CHATD_CORE_COMMANDS_TABLE_H
#define CHATD_CORE_COMMANDS_TABLE_H

#include "chatd/core/commands/command.h"

extern const struct command commands[];  /* ends with name NULL */

#endif

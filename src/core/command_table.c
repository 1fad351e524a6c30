/*
 * The table of commands.
 *
 * A command is declared here and nowhere else; its handler is in one of the
 * cmd_*.c files.
 */

#include "chatd/core/command.h"

const struct command commands[] = {
	{"help", "commands", "[COMMAND]", 1, 0, false, false, cmd_help, ROLE_GUEST, 0,
	 "Lists the commands, or explains one.", "help join"},
	{"nick", "name", "NAME", 1, 1, false, false, cmd_nick, ROLE_GUEST, 0,
	 "Changes your name.", "nick alice"},
	{"join", "j", "ROOM", 1, 1, false, false, cmd_join, ROLE_GUEST, 0,
	 "Goes to another room; makes it if it is not there.", "join ops"},
	{"leave", "part", "", 0, 0, false, false, cmd_leave, ROLE_GUEST, 0,
	 "Goes back to the lobby.", "leave"},
	{"rooms", "list", "", 0, 0, false, false, cmd_rooms, ROLE_GUEST, 0,
	 "Lists the rooms: people, last line, topic.", "rooms"},
	{"who", "names chatters", "[ROOM]", 1, 0, false, false, cmd_who, ROLE_GUEST, 0,
	 "Lists the people in this room or another.", "who ops"},
	{"whois", "", "NICK", 1, 1, false, false, cmd_whois, ROLE_GUEST, 0,
	 "Tells about a person: room, since when, idle, away.", "whois bob"},
	{"me", "", "ACTION", 0, 0, true, true, cmd_me, ROLE_GUEST, 0,
	 "Says what you do, as \"* alice waves\".", "me waves"},
	{"msg", "tell w", "NICK TEXT", 1, 1, true, true, cmd_msg, ROLE_GUEST, 0,
	 "Says something to one person alone, in any room. It is kept only for the bearer of an "
	 "account who is not here, and until it is read.", "msg bob lunch?"},
	{"reply", "r", "[#N] TEXT", 0, 0, true, true, cmd_reply, ROLE_GUEST, 0,
	 "Answers the person who sent you the last private message; with a line's number, answers "
	 "that line, for the whole room.", "reply yes, at one"},
	{"topic", "", "[TEXT]", 0, 0, true, false, cmd_topic, ROLE_GUEST, 0,
	 "Shows the room's topic, or sets it; a single - takes it away.", "topic Release on Friday"},
	{"history", "", "[N | 2h | 2026-11-22 | before #ID]", 2, 0, false, false, cmd_history, ROLE_GUEST, 0,
	 "Shows earlier lines of this room: the last N, those of a time (s, m, h, d, w) or of a "
	 "day, or those before a line.", "history 2h"},
	{"search", "", "WORDS", 0, 0, true, true, cmd_search, ROLE_GUEST, 0,
	 "Finds the lines, in all rooms, that have all the words; wor* finds what begins with wor.",
	 "search backup failed"},
	{"catchup", "", "", 0, 0, false, false, cmd_catchup, ROLE_GUEST, 0,
	 "Shows what you missed in this room since you were last here, or while your connection "
	 "was slow.", "catchup"},
	{"delete", "", "#N [WHY]", 1, 1, true, false, cmd_delete, ROLE_GUEST, 0,
	 "Takes a line out of this room's history: one of your own for 10 minutes, any if you keep "
	 "order here.", "delete #1234"},
	{"report", "", "#N [WHY]", 1, 1, true, false, cmd_report, ROLE_GUEST, 0,
	 "Shows a line of this room to the moderators, who read it even when it is gone.",
	 "report #1234 spam"},
	{"ignore", "", "[NICK]", 1, 0, false, false, cmd_ignore, ROLE_GUEST, 0,
	 "Hides what a person says from you; alone, lists whom you ignore.", "ignore bob"},
	{"unignore", "", "NICK", 1, 1, false, false, cmd_unignore, ROLE_GUEST, 0,
	 "Shows a person's lines again.", "unignore bob"},
	{"away", "", "[TEXT]", 0, 0, true, false, cmd_away, ROLE_GUEST, 0,
	 "Marks you as away; who writes to you or looks for you reads the text.",
	 "away back at three"},
	{"back", "", "", 0, 0, false, false, cmd_back, ROLE_GUEST, 0,
	 "Ends /away.", "back"},
	{"register", "", "[PASSWORD]", 0, 0, true, false, cmd_register, ROLE_GUEST, 0,
	 "Makes your name yours: nobody else can bear it, and it asks for the password. Alone, asks "
	 "you for one.", "register"},
	{"login", "", "NAME [PASSWORD]", 1, 1, true, false, cmd_login, ROLE_GUEST, 0,
	 "Signs you in to your account, also in place of a connection of yours that hangs.",
	 "login alice"},
	{"passwd", "", "[OLD NEW]", 1, 0, true, false, cmd_passwd, ROLE_GUEST, 0,
	 "Changes your password. Alone, asks for both.", "passwd"},
	{"codes", "", "", 0, 0, false, false, cmd_codes, ROLE_GUEST, 0,
	 "Gives you ten codes, each good once in place of your password.", "codes"},
	{"totp", "", "[off]", 1, 0, false, false, cmd_totp, ROLE_GUEST, 0,
	 "Adds a second step to signing in: a code of an authenticator app.", "totp"},
	{"sessions", "", "", 0, 0, false, false, cmd_sessions, ROLE_GUEST, 0,
	 "Tells when and from where your account was signed in to.", "sessions"},
	{"drop", "", "[PASSWORD]", 0, 0, true, false, cmd_drop, ROLE_GUEST, 0,
	 "Takes your account away. Alone, asks for the password.", "drop"},
	{"resume", "", "CODE", 1, 1, false, false, cmd_resume, ROLE_GUEST, 0,
	 "Gives a guest back the name and room of a connection that broke; the code was in the "
	 "greeting.", "resume k3v9x-2p7qa"},
	{"reports", "", "[all | [claim | resolve | reopen] N [HOW]]", 2, 0, true, false, cmd_reports,
	 ROLE_MODERATOR, 0,
	 "Lists the reports that wait, shows one with its evidence, or says that you look at it, how "
	 "it was resolved, or that it is open again.", "reports claim 12"},
	{"role", "", "[NAME ROLE]", 2, 0, false, false, cmd_role, ROLE_ADMIN, 0,
	 "Makes an account's bearer an admin, a moderator, or no more than an account; where there is "
	 "no account, makes it. Alone, lists who has a role.", "role bob admin"},
	{"code", "", "NAME", 1, 1, false, false, cmd_code, ROLE_ADMIN, 0,
	 "Makes a code, good once in place of the password, for somebody who has lost theirs.",
	 "code bob"},
	{"audit", "", "[N | WHO]", 1, 0, false, false, cmd_audit, ROLE_ADMIN, 0,
	 "Shows what those who have a role did with it: the last N acts, or those by or about "
	 "somebody.", "audit bob"},
	{"reload", "", "", 0, 0, false, false, cmd_reload, ROLE_ADMIN, 0,
	 "Has the configuration read again, and tells what changed, what needs a restart and what is "
	 "wrong.", "reload"},
	{"stats", "", "", 0, 0, false, false, cmd_stats, ROLE_ADMIN, 0,
	 "Tells how the server is: people, rooms, what is saved, memory, the database.", "stats"},
	{"shutdown", "", "[5m | now | off] [WHY]", 1, 0, true, false, cmd_shutdown, ROLE_ADMIN, 0,
	 "Ends chatd after a time that is counted down, or calls that off. Alone, tells whether it is to "
	 "end.", "shutdown 5m a new version"},
	{"backup", "", "FILE", 1, 1, false, false, cmd_backup, ROLE_ADMIN, 0,
	 "Makes a copy of the database beside it, while all goes on.", "backup monday.db"},
	{"time", "date", "", 0, 0, false, false, cmd_time, ROLE_GUEST, 0,
	 "Tells the time at the server.", "time"},
	{"version", "", "", 0, 0, false, false, cmd_version, ROLE_GUEST, 0,
	 "Tells which chatd this is.", "version"},
	{"limits", "", "", 0, 0, false, false, cmd_limits, ROLE_GUEST, 0,
	 "Tells your limits and what is left of them.", "limits"},
	{"quit", "exit bye", "[TEXT]", 0, 0, true, false, cmd_quit, ROLE_GUEST, 0,
	 "Leaves the chat; the others read the text.", "quit see you tomorrow"},
	{0},
};

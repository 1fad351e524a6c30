/*
 * The table of commands.
 *
 * A command is declared here and nowhere else; its handler is in one of the
 * cmd_*.c files.
 */

#include "chatd/core/commands/table.h"

#include "chatd/core/commands/cmd_account.h"
#include "chatd/core/commands/cmd_ban.h"
#include "chatd/core/commands/cmd_filter.h"
#include "chatd/core/commands/cmd_history.h"
#include "chatd/core/commands/cmd_info.h"
#include "chatd/core/commands/cmd_lines.h"
#include "chatd/core/commands/cmd_lockdown.h"
#include "chatd/core/commands/cmd_maintenance.h"
#include "chatd/core/commands/cmd_membership.h"
#include "chatd/core/commands/cmd_people.h"
#include "chatd/core/commands/cmd_remove.h"
#include "chatd/core/commands/cmd_report.h"
#include "chatd/core/commands/cmd_role.h"
#include "chatd/core/commands/cmd_room.h"
#include "chatd/core/commands/cmd_setting.h"
#include "chatd/core/commands/cmd_shutdown.h"
#include "chatd/core/commands/cmd_talk.h"
#include "chatd/core/commands/cmd_unban.h"
#include "chatd/core/commands/cmd_undo.h"

const struct command commands[] = {
	{"help", "commands", "[COMMAND]", 1, 0, false, false, cmd_help, ROLE_GUEST, FLAG_HOST,
	 "Lists the commands, or explains one.", "help join"},
	{"nick", "name", "NAME", 1, 1, false, false, cmd_nick, ROLE_GUEST, FLAG_SAYS | FLAG_HOST,
	 "Changes your name.", "nick alice"},
	{"join", "j", "ROOM [PASSWORD]", 1, 1, true, false, cmd_join, ROLE_GUEST, 0,
	 "Goes to another room; makes it if it is not there.", "join ops"},
	{"leave", "part", "", 0, 0, false, false, cmd_leave, ROLE_GUEST, 0,
	 "Goes back to the lobby.", "leave"},
	{"rooms", "list", "", 0, 0, false, false, cmd_rooms, ROLE_GUEST, FLAG_HOST,
	 "Lists the rooms: people, last line, topic.", "rooms"},
	{"who", "names chatters", "[ROOM]", 1, 0, false, false, cmd_who, ROLE_GUEST, FLAG_HOST,
	 "Lists the people in this room or another.", "who ops"},
	{"whois", "", "NICK", 1, 1, false, false, cmd_whois, ROLE_GUEST, FLAG_HOST,
	 "Tells about a person: room, since when, idle, away.", "whois bob"},
	{"me", "", "ACTION", 0, 0, true, true, cmd_me, ROLE_GUEST, FLAG_SAYS,
	 "Says what you do, as \"* alice waves\".", "me waves"},
	{"msg", "tell w", "NICK TEXT", 1, 1, true, true, cmd_msg, ROLE_GUEST, FLAG_SAYS,
	 "Says something to one person alone, in any room. It is kept only for the bearer of an "
	 "account who is not here, and until it is read.", "msg bob lunch?"},
	{"reply", "r", "[#N] TEXT", 0, 0, true, true, cmd_reply, ROLE_GUEST, FLAG_SAYS,
	 "Answers the person who sent you the last private message; with a line's number, answers "
	 "that line, for the whole room.", "reply yes, at one"},
	{"topic", "", "[TEXT]", 0, 0, true, false, cmd_topic, ROLE_GUEST, FLAG_SAYS,
	 "Shows the room's topic, or sets it; a single - takes it away.", "topic Release on Friday"},
	{"room", "", "[SETTING [VALUE]]", 1, 0, true, false, cmd_room, ROLE_GUEST, FLAG_IN,
	 "Shows what the room is like, and who is what in it; or sets it: private, password, moderated, "
	 "slow, history and others.", "room private on"},
	{"slow", "", "[N | off]", 1, 0, false, false, cmd_slow, ROLE_ACCOUNT, FLAG_IN | FLAG_OPERATOR,
	 "Lets each person say one line in N seconds.", "slow 30"},
	{"invite", "", "NICK", 1, 1, false, false, cmd_invite, ROLE_ACCOUNT, FLAG_IN | FLAG_OPERATOR,
	 "Lets somebody come into the room where it is private or has a password.", "invite bob"},
	{"uninvite", "", "NICK", 1, 1, false, false, cmd_uninvite, ROLE_ACCOUNT, FLAG_IN | FLAG_OPERATOR,
	 "Takes an invitation back.", "uninvite bob"},
	{"voice", "", "NICK", 1, 1, false, false, cmd_voice, ROLE_ACCOUNT, FLAG_IN | FLAG_OPERATOR,
	 "Lets somebody speak where the room is moderated.", "voice bob"},
	{"devoice", "", "NICK", 1, 1, false, false, cmd_devoice, ROLE_ACCOUNT, FLAG_IN | FLAG_OPERATOR,
	 "Takes the voice from somebody.", "devoice bob"},
	{"op", "", "NICK", 1, 1, false, false, cmd_op, ROLE_ACCOUNT, FLAG_IN | FLAG_OWNER,
	 "Makes somebody an operator of your room, who keeps order there.", "op bob"},
	{"deop", "", "NICK", 1, 1, false, false, cmd_deop, ROLE_ACCOUNT, FLAG_IN | FLAG_OWNER,
	 "Takes the operator's role from somebody.", "deop bob"},
	{"transfer", "", "NICK | -", 1, 1, false, false, cmd_transfer, ROLE_ACCOUNT, FLAG_IN | FLAG_OWNER,
	 "Offers your room to somebody else, who owns it once they accept; you stay an operator of it. "
	 "A single - takes the offer back.", "transfer bob"},
	{"accept", "", "ROOM", 1, 1, false, false, cmd_accept, ROLE_ACCOUNT, 0,
	 "Makes you the owner of a room that was offered to you.", "accept ops"},
	{"decline", "", "ROOM", 1, 1, false, false, cmd_decline, ROLE_ACCOUNT, 0,
	 "Declines a room that was offered to you.", "decline ops"},
	{"history", "", "[N | 2h | 2026-11-22 | before #N]", 2, 0, false, false, cmd_history, ROLE_GUEST, 0,
	 "Shows earlier lines of this room: the last N, those of a time (s, m, h, d, w) or of a "
	 "day, or those before a line.", "history 2h"},
	{"search", "", "WORDS", 0, 0, true, true, cmd_search, ROLE_GUEST, 0,
	 "Finds the lines, in all rooms, that have all the words; wor* finds what begins with wor.",
	 "search backup failed"},
	{"catchup", "", "", 0, 0, false, false, cmd_catchup, ROLE_GUEST, 0,
	 "Shows what you have not read in this room: said since you were last here, or while your "
	 "connection was slow.", "catchup"},
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
	{"away", "", "[TEXT]", 0, 0, true, false, cmd_away, ROLE_GUEST, FLAG_SAYS,
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
	{"passwd", "", "[OLD NEW]", 1, 0, true, false, cmd_passwd, ROLE_ACCOUNT, 0,
	 "Changes your password. Alone, asks for both.", "passwd"},
	{"codes", "", "", 0, 0, false, false, cmd_codes, ROLE_ACCOUNT, 0,
	 "Gives you ten codes, each good once in place of your password, for which it asks.", "codes"},
	{"totp", "", "[off]", 1, 0, false, false, cmd_totp, ROLE_ACCOUNT, 0,
	 "Adds a second step to signing in: a code of an authenticator app.", "totp"},
	{"sessions", "", "", 0, 0, false, false, cmd_sessions, ROLE_ACCOUNT, 0,
	 "Tells when and from where your account was signed in to.", "sessions"},
	{"drop", "", "[--lines] [PASSWORD]", 0, 0, true, false, cmd_drop, ROLE_ACCOUNT, FLAG_LINES,
	 "Takes your account away; with --lines, all that you have said with it too. Asks for the password, "
	 "unless you give it.", "drop"},
	{"resume", "", "CODE", 1, 1, false, false, cmd_resume, ROLE_GUEST, 0,
	 "Gives a guest back the name and room of a connection that broke; the code was in the "
	 "greeting.", "resume k3v9x-2p7qa"},
	{"reports", "", "[all | [claim | resolve | reopen] N [HOW] | resolve all [of WHO]]", 2, 0, true,
	 false, cmd_reports, ROLE_MODERATOR, FLAG_HOST,
	 "Lists the reports that wait, shows one with its evidence, or says that you look at it, how "
	 "it was resolved, or that it is open again. All are resolved only with --yes. WHO is a name or an "
	 "address.", "reports claim 12"},
	{"role", "", "[NAME ROLE]", 2, 0, false, false, cmd_role, ROLE_ADMIN, FLAG_HOST,
	 "Makes an account's bearer an admin, a moderator, or no more than an account; where there is "
	 "no account, makes it. Alone, lists who has a role.", "role bob admin"},
	{"code", "", "NAME", 1, 1, false, false, cmd_code, ROLE_ADMIN, FLAG_HOST,
	 "Makes a code, good once in place of the password, for somebody who has lost theirs.",
	 "code bob"},
	{"kick", "", "NICK [WHY]", 1, 1, true, false, cmd_kick, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OPERATOR | FLAG_HOST,
	 "For operators: puts somebody out of the room; they may come back.", "kick bob calm down"},
	{"mute", "", "NICK [30m] [WHY]", 1, 1, true, false, cmd_mute, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_REACH | FLAG_HOST,
	 "For operators: lets somebody read but not speak in the room, for a time or until /unmute; "
	 "for moderators, with --everywhere, in no room.", "mute bob 30m shouting"},
	{"unmute", "", "NICK | #B12 | all [--yes]", 1, 1, false, false, cmd_unmute, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_HOST | FLAG_YES,
	 "Ends a mute, by name or by the number that /bans shows; or with --yes all of the room's.",
	 "unmute bob"},
	{"ban", "", "WHO [2d] [WHY]", 1, 1, true, false, cmd_ban, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_PREVIEW | FLAG_REACH | FLAG_HOST,
	 "For operators: keeps somebody out of the room, for a time or until /unban. WHO is a nick or an "
	 "account; for moderators also an address or a block of them, and --everywhere keeps them out "
	 "of the chat. --preview only tells whom it would hit.", "ban bob 2d spam"},
	{"unban", "", "WHO | #B12 | all [--yes]", 1, 1, false, false, cmd_unban, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_HOST | FLAG_YES,
	 "Ends a ban, by name or by the number that /bans shows; or with --yes all of the room's.",
	 "unban bob"},
	{"bans", "", "", 0, 0, false, false, cmd_bans, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_HOST,
	 "For operators: lists the bans and mutes of the room, and for moderators those everywhere.",
	 "bans"},
	{"disconnect", "", "NICK [WHY]", 1, 1, true, false, cmd_disconnect, ROLE_MODERATOR, FLAG_HOST,
	 "Ends somebody's connection; they may come back.", "disconnect bob flooding"},
	{"lockdown", "", "10m | off", 1, 0, false, false, cmd_lockdown, ROLE_MODERATOR, FLAG_HOST,
	 "For a time only people with an account may come in or speak.", "lockdown 30m"},
	{"filter", "", "[add WORD | remove WORD]", 2, 0, false, false, cmd_filter, ROLE_MODERATOR,
	 FLAG_HOST,
	 "Lists the words that may not be said, adds one or removes one; wor* stands for all that begin "
	 "with wor.", "filter add spamword"},
	{"remove", "", "room ROOM | account NAME [--lines] | address ADDR [--yes]", 2, 2, false, false,
	 cmd_remove, ROLE_MODERATOR, FLAG_PREVIEW | FLAG_HOST | FLAG_YES | FLAG_LINES,
	 "Takes away a room with its history, an account, with --lines all that it has said too, or what "
	 "was made from an address: rooms that "
	 "nobody owns, mail that was not read, reports that are not resolved. Tells first what that is, and "
	 "does it only with --yes.", "remove room spam --yes"},
	{"announce", "", "TEXT", 0, 0, true, true, cmd_announce, ROLE_MODERATOR, FLAG_HOST,
	 "Says something to everybody in all rooms.", "announce maintenance at 20:00"},
	{"undo", "", "#A12", 1, 1, false, false, cmd_undo, ROLE_ACCOUNT, FLAG_HOST,
	 "Takes back an act of power, by the number that was told or that /audit shows.", "undo #A12"},
	{"audit", "", "[N | WHO] [before #A12]", 3, 0, false, false, cmd_audit, ROLE_ACCOUNT, FLAG_HOST,
	 "Shows your own acts of power, with the numbers that /undo takes. For moderators: the last N by "
	 "those who have a role, or all by or about somebody.", "audit bob"},
	{"reload", "", "", 0, 0, false, false, cmd_reload, ROLE_ADMIN, FLAG_HOST,
	 "Has the configuration read again, and tells what changed, what needs a restart and what is "
	 "wrong.", "reload"},
	{"stats", "", "", 0, 0, false, false, cmd_stats, ROLE_ADMIN, FLAG_HOST,
	 "Tells how the server is: people, rooms, what is saved, memory, the database.", "stats"},
	{"shutdown", "", "[5m | now] [WHY] | off", 1, 0, true, false, cmd_shutdown, ROLE_ADMIN, FLAG_HOST,
	 "Ends chatd after a time that is counted down, or calls that off. Alone, tells whether it is to "
	 "end.", "shutdown 5m a new version"},
	{"backup", "", "FILE", 1, 1, false, false, cmd_backup, ROLE_ADMIN, FLAG_HOST,
	 "Makes a copy of the database beside it, while all goes on.", "backup monday.db"},
	{"prune", "", "[--yes]", 0, 0, false, false, cmd_prune, ROLE_ADMIN, FLAG_HOST | FLAG_YES,
	 "Deletes old lines that were held back because the clock jumped ahead or because too many would "
	 "go at once. Alone, tells why they wait; with --yes, deletes them.", "prune --yes"},
	{"time", "date", "", 0, 0, false, false, cmd_time, ROLE_GUEST, FLAG_HOST,
	 "Tells the time at the server.", "time"},
	{"version", "", "", 0, 0, false, false, cmd_version, ROLE_GUEST, FLAG_HOST,
	 "Tells which chatd this is.", "version"},
	{"limits", "", "", 0, 0, false, false, cmd_limits, ROLE_GUEST, 0,
	 "Tells your limits and what is left of them.", "limits"},
	{"quit", "exit bye", "[TEXT]", 0, 0, true, false, cmd_quit, ROLE_GUEST, FLAG_HOST,
	 "Leaves the chat; the others read the text.", "quit see you tomorrow"},
	{0},
};

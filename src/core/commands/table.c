/*
 * The table of commands.
 *
 * A command is declared here and nowhere else; its handler is in one of the
 * cmd_*.c files. The rows of a topic stand together, in the order in which
 * /help lists them.
 */

#include "chatd/core/commands/table.h"

#include "chatd/core/commands/cmd_account.h"
#include "chatd/core/commands/cmd_ban.h"
#include "chatd/core/commands/cmd_cert.h"
#include "chatd/core/commands/cmd_cluster.h"
#include "chatd/core/commands/cmd_connections.h"
#include "chatd/core/commands/cmd_filter.h"
#include "chatd/core/commands/cmd_history.h"
#include "chatd/core/commands/cmd_info.h"
#include "chatd/core/commands/cmd_lines.h"
#include "chatd/core/commands/cmd_lockdown.h"
#include "chatd/core/commands/cmd_maintenance.h"
#include "chatd/core/commands/cmd_membership.h"
#include "chatd/core/commands/cmd_mention.h"
#include "chatd/core/commands/cmd_people.h"
#include "chatd/core/commands/cmd_remove.h"
#include "chatd/core/commands/cmd_report.h"
#include "chatd/core/commands/cmd_role.h"
#include "chatd/core/commands/cmd_room.h"
#include "chatd/core/commands/cmd_set.h"
#include "chatd/core/commands/cmd_setting.h"
#include "chatd/core/commands/cmd_shutdown.h"
#include "chatd/core/commands/cmd_talk.h"
#include "chatd/core/commands/cmd_terminal.h"
#include "chatd/core/commands/cmd_unban.h"
#include "chatd/core/commands/cmd_undo.h"
#include "chatd/core/commands/cmd_watch.h"

const struct command commands[] = {
	/* talk */
	{"msg", "tell m w", "NAME TEXT", 1, 1, true, true, cmd_msg, ROLE_GUEST,
	 FLAG_SAYS | FLAG_EVERYDAY | FLAG_SPOKEN, TOPIC_TALK,
	 "Say something to one person alone",
	 "Says something to one person alone, in whatever room they are. If they have an "
	 "account and are not here, the message is kept until they read it.",
	 "msg bob lunch?"},
	{"reply", "r", "[#N] TEXT", 0, 0, true, true, cmd_reply, ROLE_GUEST,
	 FLAG_SAYS | FLAG_EVERYDAY | FLAG_SPOKEN | FLAG_SHARED_LINE, TOPIC_TALK,
	 "Answer the last private message, or a line",
	 "Answers the person who sent you the last private message. With the number of a line, "
	 "answers that line, for the whole room.",
	 "reply yes, at one"},
	{"say", "", "[--in=ROOM] TEXT", 0, 0, true, true, cmd_say, ROLE_GUEST,
	 FLAG_IN | FLAG_SAYS | FLAG_SPOKEN | FLAG_SHARED_ITSELF, TOPIC_TALK,
	 "Say something in a room that you watch",
	 "Says something in this room, or with --in=ROOM in one that you watch.",
	 "say --in=ops the disk is full"},
	{"me", "", "ACTION", 0, 0, true, true, cmd_me, ROLE_GUEST,
	 FLAG_SAYS | FLAG_EVERYDAY | FLAG_SPOKEN | FLAG_SHARED, TOPIC_TALK,
	 "Say what you do: \"* alice waves\"",
	 "Says what you do, as \"* alice waves\".",
	 "me waves"},
	{"who", "names chatters", "[ROOM]", 1, 0, false, false, cmd_who, ROLE_GUEST,
	 FLAG_HOST | FLAG_EVERYDAY, TOPIC_TALK,
	 "List the people here, or in another room",
	 "Lists the people in this room, or in another.",
	 "who ops"},
	{"whois", "", "NAME", 1, 1, false, false, cmd_whois, ROLE_GUEST, FLAG_HOST, TOPIC_TALK,
	 "Show where someone is, and since when",
	 "Shows which room someone is in, for how long, and whether they are idle or away.",
	 "whois bob"},
	{"nick", "name n", "NAME", 1, 1, false, false, cmd_nick, ROLE_GUEST,
	 FLAG_SAYS | FLAG_HOST | FLAG_EVERYDAY | FLAG_SHARED, TOPIC_TALK,
	 "Change your name",
	 "Changes your name.",
	 "nick alice"},
	{"away", "", "[TEXT]", 0, 0, true, false, cmd_away, ROLE_GUEST,
	 FLAG_SAYS | FLAG_EVERYDAY | FLAG_SHARED, TOPIC_TALK,
	 "Say that you are away",
	 "Marks you as away. The text is shown to anyone who messages you or looks you up.",
	 "away back at three"},
	{"back", "", "", 0, 0, false, false, cmd_back, ROLE_GUEST, FLAG_SHARED, TOPIC_TALK,
	 "Say that you are back",
	 "Ends /away.",
	 "back"},
	{"ignore", "", "[NAME]", 1, 0, false, false, cmd_ignore, ROLE_GUEST,
	 FLAG_EVERYDAY, TOPIC_TALK,
	 "Hide what someone says from you",
	 "Hides what someone says from you. Alone, lists the people you ignore.",
	 "ignore bob"},
	{"unignore", "", "NAME", 1, 1, false, false, cmd_unignore, ROLE_GUEST, 0, TOPIC_TALK,
	 "Show their lines again",
	 "Shows the lines of someone you ignored again.",
	 "unignore bob"},
	{"history", "", "[N | 2h | 2026-11-22 | before #N]",
	 2, 0, false, false, cmd_history, ROLE_GUEST, FLAG_EVERYDAY, TOPIC_TALK,
	 "Show earlier lines of this room",
	 "Shows earlier lines of this room: the last N, those of the last while (s, m, h, d, w) "
	 "or of a day, or those before a line.",
	 "history 2h"},
	{"search", "", "WORDS", 0, 0, true, true, cmd_search, ROLE_GUEST, FLAG_EVERYDAY, TOPIC_TALK,
	 "Find earlier lines, in all rooms",
	 "Finds the lines, in all rooms, that contain all the words. wor* finds words that "
	 "begin with wor.",
	 "search backup failed"},
	{"catchup", "", "", 0, 0, false, false, cmd_catchup, ROLE_GUEST, FLAG_EVERYDAY, TOPIC_TALK,
	 "Show what you have not read in this room",
	 "Shows what you have not read in this room: lines said since you were last here, or "
	 "while your connection was slow.",
	 "catchup"},
	{"mentions", "", "", 0, 0, false, false, cmd_mentions, ROLE_GUEST, 0, TOPIC_TALK,
	 "Show the last lines that mention you",
	 "Shows the last lines, in all rooms, that have your name or one of your words, also from "
	 "while you were away.",
	 "mentions"},
	{"highlight", "", "[WORD]", 1, 0, false, false, cmd_highlight, ROLE_GUEST, 0, TOPIC_TALK,
	 "Be told of lines with a word too",
	 "Tells you of lines with this word as of those with your name. Alone, lists your words.",
	 "highlight deploy"},
	{"unhighlight", "", "WORD", 1, 1, false, false, cmd_unhighlight, ROLE_GUEST, 0, TOPIC_TALK,
	 "End that",
	 "Takes back a /highlight.",
	 "unhighlight deploy"},
	{"delete", "", "#N [WHY]", 1, 1, true, false, cmd_delete, ROLE_GUEST, FLAG_SHARED, TOPIC_TALK,
	 "Delete a line of yours from the history",
	 "Deletes a line from this room's history: your own within 10 minutes, any line if you "
	 "are an operator here. Answers that quote it keep their quotes.",
	 "delete #1234"},
	{"report", "", "#N [WHY]", 1, 1, true, false, cmd_report, ROLE_GUEST,
	 FLAG_EVERYDAY | FLAG_SHARED, TOPIC_TALK,
	 "Show a line to the moderators",
	 "Shows a line of this room to the moderators. They can read it even after it is "
	 "deleted.",
	 "report #1234 spam"},
	{"help", "h ? commands", "[COMMAND | TOPIC]", 1, 0, false, false, cmd_help, ROLE_GUEST,
	 FLAG_HOST | FLAG_EVERYDAY, TOPIC_TALK,
	 "Explain a command",
	 "Lists the commands that everybody needs, or those of a topic, or explains one "
	 "command.",
	 "help join"},
	{"quit", "q exit bye", "[TEXT]", 0, 0, true, false, cmd_quit, ROLE_GUEST,
	 FLAG_HOST | FLAG_EVERYDAY, TOPIC_TALK,
	 "Leave the chat",
	 "Leaves the chat. The room sees the text.",
	 "quit see you tomorrow"},

	/* rooms */
	{"join", "j", "ROOM [PASSWORD]", 1, 1, true, false, cmd_join, ROLE_GUEST,
	 FLAG_EVERYDAY | FLAG_SECRET_REST | FLAG_SHARED, TOPIC_ROOMS,
	 "Go to another room, or make one",
	 "Goes to another room, and makes it if it does not exist.",
	 "join ops"},
	{"leave", "part", "", 0, 0, false, false, cmd_leave, ROLE_GUEST, FLAG_EVERYDAY | FLAG_SHARED, TOPIC_ROOMS,
	 "Go back to the lobby",
	 "Goes back to the lobby.",
	 "leave"},
	{"rooms", "list", "", 0, 0, false, false, cmd_rooms, ROLE_GUEST,
	 FLAG_HOST | FLAG_EVERYDAY, TOPIC_ROOMS,
	 "List the rooms",
	 "Lists the rooms: people, last line, topic.",
	 "rooms"},
	{"topic", "", "[TEXT]", 0, 0, true, false, cmd_topic, ROLE_GUEST, FLAG_SAYS | FLAG_SHARED_WORDS, TOPIC_ROOMS,
	 "Show or set the room's topic",
	 "Shows the room's topic, or sets it. A single - removes it.",
	 "topic Release on Friday"},
	{"room", "", "[SETTING [VALUE]]", 1, 0, true, false, cmd_room, ROLE_GUEST,
	 FLAG_IN | FLAG_SECRET_SETTING | FLAG_SHARED_WORDS, TOPIC_ROOMS,
	 "Show or change the room's settings",
	 "Shows the room's settings and who has which role in it, or changes a setting: "
	 "private, password, moderated, slow, history and others.",
	 "room private on"},
	{"slow", "", "[N | off]", 1, 0, false, false, cmd_slow, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OPERATOR | FLAG_SHARED_WORDS, TOPIC_ROOMS,
	 "One line per person every N seconds",
	 "Lets each person say one line every N seconds.",
	 "slow 30"},
	{"invite", "", "NAME", 1, 1, false, false, cmd_invite, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OPERATOR | FLAG_SHARED, TOPIC_ROOMS,
	 "Let someone into a closed room",
	 "Lets someone into a room that is private or has a password.",
	 "invite bob"},
	{"uninvite", "", "NAME", 1, 1, false, false, cmd_uninvite, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OPERATOR | FLAG_SHARED, TOPIC_ROOMS,
	 "Take an invitation back",
	 "Takes an invitation back.",
	 "uninvite bob"},
	{"voice", "", "NAME", 1, 1, false, false, cmd_voice, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OPERATOR | FLAG_SHARED, TOPIC_ROOMS,
	 "Let someone speak in a moderated room",
	 "Lets someone speak while the room is moderated.",
	 "voice bob"},
	{"devoice", "", "NAME", 1, 1, false, false, cmd_devoice, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OPERATOR | FLAG_SHARED, TOPIC_ROOMS,
	 "Take the right to speak away again",
	 "Takes the right to speak in a moderated room away again.",
	 "devoice bob"},
	{"op", "", "NAME", 1, 1, false, false, cmd_op, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OWNER | FLAG_SHARED, TOPIC_ROOMS,
	 "Make someone an operator of your room",
	 "Makes someone an operator of your room, who can invite, mute, kick and ban people there.",
	 "op bob"},
	{"deop", "", "NAME", 1, 1, false, false, cmd_deop, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OWNER | FLAG_SHARED, TOPIC_ROOMS,
	 "Make an operator an ordinary member",
	 "Takes the role of operator away again.",
	 "deop bob"},
	{"transfer", "", "NAME | -", 1, 1, false, false, cmd_transfer, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OWNER | FLAG_SHARED, TOPIC_ROOMS,
	 "Offer your room to someone else",
	 "Offers your room to someone else, who owns it once they accept. You stay an operator "
	 "of it. A single - takes the offer back.",
	 "transfer bob"},
	{"accept", "", "ROOM", 1, 1, false, false, cmd_accept, ROLE_ACCOUNT, FLAG_SHARED, TOPIC_ROOMS,
	 "Accept a room that you were offered",
	 "Makes you the owner of a room that was offered to you.",
	 "accept ops"},
	{"decline", "", "ROOM", 1, 1, false, false, cmd_decline, ROLE_ACCOUNT, FLAG_SHARED, TOPIC_ROOMS,
	 "Decline a room that was offered",
	 "Declines a room that was offered to you.",
	 "decline ops"},

	/* account */
	{"register", "", "[PASSWORD]", 0, 0, true, false, cmd_register, ROLE_GUEST,
	 FLAG_EVERYDAY | FLAG_SECRET, TOPIC_ACCOUNT,
	 "Make your name yours, with a password",
	 "Makes your name yours: nobody else can use it, and signing in needs your password. "
	 "Alone, asks you for one.",
	 "register"},
	{"login", "", "NAME [PASSWORD]", 1, 1, true, false, cmd_login, ROLE_GUEST,
	 FLAG_EVERYDAY | FLAG_SECRET_REST, TOPIC_ACCOUNT,
	 "Sign in to your account",
	 "Signs you in to your account. If another connection of yours is still signed in, it "
	 "ends.",
	 "login alice"},
	{"passwd", "", "[OLD NEW]", 1, 0, true, false, cmd_passwd, ROLE_ACCOUNT, FLAG_SECRET, TOPIC_ACCOUNT,
	 "Change your password",
	 "Changes your password. Alone, asks for the old one and the new one.",
	 "passwd"},
	{"codes", "", "", 0, 0, false, false, cmd_codes, ROLE_ACCOUNT, 0, TOPIC_ACCOUNT,
	 "Get one-time codes",
	 "Gives you ten codes, each good once in place of your password. Asks for the password "
	 "first.",
	 "codes"},
	{"totp", "", "[off]", 1, 0, false, false, cmd_totp, ROLE_ACCOUNT, 0, TOPIC_ACCOUNT,
	 "Sign in with an authenticator app too",
	 "Adds a second step to signing in: a code from an authenticator app.",
	 "totp"},
	{"cert", "", "[list | add | remove N]", 2, 0, false, false, cmd_cert, ROLE_ACCOUNT, 0, TOPIC_ACCOUNT,
	 "Sign in by a certificate, without a password",
	 "Lists the certificates that sign in to your account; add makes the one that you are "
	 "connected with (over TLS) one of them, and asks for the password; remove takes one back, by "
	 "its number or the beginning of its fingerprint.",
	 "cert add"},
	{"sessions", "", "", 0, 0, false, false, cmd_sessions, ROLE_ACCOUNT, 0, TOPIC_ACCOUNT,
	 "Show when and from where you signed in",
	 "Shows when and from where your account was signed in to.",
	 "sessions"},
	{"drop", "", "[--lines] [PASSWORD]", 0, 0, true, false, cmd_drop, ROLE_ACCOUNT,
	 FLAG_LINES | FLAG_SECRET, TOPIC_ACCOUNT,
	 "Delete your account",
	 "Deletes your account; with --lines, also everything you said with it. Asks for the "
	 "password unless you give it.",
	 "drop"},
	{"resume", "", "CODE", 1, 1, false, false, cmd_resume, ROLE_GUEST, FLAG_SECRET, TOPIC_ACCOUNT,
	 "Come back after a broken connection",
	 "Gives a guest back the name and room of a connection that broke. The code was in the "
	 "greeting.",
	 "resume k3v9x-2p7qa"},

	/* terminal */
	{"set", "", "[SETTING [VALUE]]", 2, 0, false, false, cmd_set, ROLE_GUEST, 0, TOPIC_TERMINAL,
	 "Show or change how lines are shown to you",
	 "Shows how lines are shown to you, or changes it: time, colour, bell, joins, mentions, "
	 "width, zone, more, reader. Your account keeps it.",
	 "set time short"},
	{"watch", "", "[ROOM...]", 0, 0, true, false, cmd_watch, ROLE_GUEST, 0, TOPIC_TERMINAL,
	 "Read other rooms too, from where you are",
	 "Shows you the lines of other rooms too, each after the room's name. Alone, lists the "
	 "rooms that you watch.",
	 "watch ops dev"},
	{"unwatch", "", "ROOM... | all", 0, 0, true, true, cmd_unwatch, ROLE_GUEST, 0, TOPIC_TERMINAL,
	 "Stop reading another room",
	 "Ends /watch for a room, or for all.",
	 "unwatch ops"},
	{"hold", "", "[off]", 1, 0, false, false, cmd_hold, ROLE_GUEST, 0, TOPIC_TERMINAL,
	 "Let lines wait until you press Enter",
	 "Lets the lines that come wait until you press Enter, so that they do not tear apart "
	 "what you are typing.",
	 "hold"},
	{"more", "", "[on | off]", 1, 0, false, false, cmd_more, ROLE_GUEST, 0, TOPIC_TERMINAL,
	 "Show long answers a screen at a time",
	 "Shows long answers a screen at a time, where chatd knows how high your screen is; off "
	 "shows them at once.",
	 "more off"},
	{"tty", "", "[off]", 1, 0, false, false, cmd_tty, ROLE_GUEST, 0, TOPIC_TERMINAL,
	 "Let chatd edit the line you are typing",
	 "Lets chatd edit the line that you are typing: arrow keys, Tab and an input line below "
	 "the others. For telnet, and for nc in a raw terminal (stty raw -echo).",
	 "tty"},

	/* moderation */
	{"kick", "", "NAME [WHY]", 1, 1, true, false, cmd_kick, ROLE_ACCOUNT,
	 FLAG_IN | FLAG_OPERATOR | FLAG_HOST | FLAG_SHARED, TOPIC_MODERATION,
	 "Remove someone from the room",
	 "Removes someone from the room. They may come back.",
	 "kick bob calm down"},
	{"mute", "", "NAME [30m] [WHY]", 1, 1, true, false, cmd_mute, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_REACH | FLAG_HOST | FLAG_SHARED, TOPIC_MODERATION,
	 "Let someone read but not speak",
	 "Lets someone read but not speak in the room, for a time or until /unmute. With "
	 "--everywhere, in all rooms (for moderators).",
	 "mute bob 30m shouting"},
	{"unmute", "", "NAME | #B12 | all [--yes]", 1, 1, false, false, cmd_unmute, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_HOST | FLAG_YES | FLAG_SHARED, TOPIC_MODERATION,
	 "Lift a mute",
	 "Lifts a mute, by name or by the number that /bans shows; or with --yes all of the "
	 "room's.",
	 "unmute bob"},
	{"ban", "", "WHO [2d] [WHY]", 1, 1, true, false, cmd_ban, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_PREVIEW | FLAG_REACH | FLAG_HOST | FLAG_SHARED, TOPIC_MODERATION,
	 "Keep someone out of the room",
	 "Keeps someone out of the room, for a time or until /unban. WHO is a name; for "
	 "moderators also an address or a block of addresses, and --everywhere keeps them out "
	 "of the chat. --preview only shows who would be affected.",
	 "ban bob 2d spam"},
	{"unban", "", "WHO | #B12 | all [--yes]", 1, 1, false, false, cmd_unban, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_HOST | FLAG_YES | FLAG_SHARED, TOPIC_MODERATION,
	 "Lift a ban",
	 "Lifts a ban, by name or by the number that /bans shows; or with --yes all of the "
	 "room's.",
	 "unban bob"},
	{"bans", "", "", 0, 0, false, false, cmd_bans, ROLE_ACCOUNT,
	 FLAG_OPERATOR | FLAG_IN | FLAG_EVERYWHERE | FLAG_HOST, TOPIC_MODERATION,
	 "List the bans and mutes",
	 "Lists the bans and mutes of the room; for moderators also those that hold everywhere.",
	 "bans"},
	{"reports", "", "[all | [claim | resolve | reopen] N [HOW] | resolve all [of WHO]]",
	 2, 0, true, false, cmd_reports, ROLE_MODERATOR, FLAG_HOST | FLAG_SHARED_WORDS, TOPIC_MODERATION,
	 "List the open reports, or work on one",
	 "Lists the open reports or all; shows one with its evidence; or claims, resolves or "
	 "reopens one. Resolving all, or all made by WHO (a name or an address), takes --yes.",
	 "reports claim #R12"},
	{"disconnect", "", "NAME [WHY]", 1, 1, true, false, cmd_disconnect, ROLE_MODERATOR,
	 FLAG_HOST | FLAG_SHARED, TOPIC_MODERATION,
	 "End someone's connection",
	 "Ends someone's connection. They may come back.",
	 "disconnect bob flooding"},
	{"announce", "", "TEXT", 0, 0, true, true, cmd_announce, ROLE_MODERATOR,
	 FLAG_HOST | FLAG_SHARED, TOPIC_MODERATION,
	 "Say something to everybody",
	 "Says something to everybody, in all rooms.",
	 "announce maintenance at 20:00"},
	{"lockdown", "", "[10m | off]", 1, 0, false, false, cmd_lockdown, ROLE_MODERATOR,
	 FLAG_HOST | FLAG_SHARED_WORDS, TOPIC_MODERATION,
	 "Let only accounts come in or speak",
	 "Lets only people with an account come in or speak, for a time. Alone it says whether there is "
	 "a lockdown.",
	 "lockdown 30m"},
	{"filter", "", "[add WORD | remove WORD]", 2, 0, false, false, cmd_filter, ROLE_MODERATOR,
	 FLAG_HOST | FLAG_SHARED_WORDS, TOPIC_MODERATION,
	 "List or change the blocked words",
	 "Lists the blocked words, adds one or removes one. wor* stands for all words that "
	 "begin with wor.",
	 "filter add spamword"},
	{"remove", "", "room ROOM | account NAME [--lines] | address ADDR [--yes]",
	 2, 2, false, false, cmd_remove, ROLE_MODERATOR,
	 FLAG_PREVIEW | FLAG_HOST | FLAG_YES | FLAG_LINES | FLAG_STATUS | FLAG_SHARED, TOPIC_MODERATION,
	 "Remove a room or an account for good",
	 "Removes a room with its history; an account, with --lines also all that it has said; "
	 "or what was made from an address: rooms that nobody owns, unread messages, open "
	 "reports. Shows first what that is, and removes it only with --yes.",
	 "remove room spam --yes"},
	{"undo", "", "#A12", 1, 1, false, false, cmd_undo, ROLE_ACCOUNT,
	 FLAG_HOST | FLAG_SHARED, TOPIC_MODERATION,
	 "Take back a moderation action",
	 "Takes back a moderation action, by the number that was shown with it or that /audit "
	 "shows.",
	 "undo #A12"},
	{"audit", "", "[N | WHO] [before #A12]", 3, 0, false, false, cmd_audit, ROLE_ACCOUNT,
	 FLAG_HOST, TOPIC_MODERATION,
	 "List the moderation actions",
	 "Lists your own moderation actions, with the numbers that /undo takes. For moderators: "
	 "the last N by everyone who has a role, or all by or about someone. Lines are numbered along "
	 "with the actions, so gaps between these are normal.",
	 "audit bob"},

	/* server */
	{"motd", "", "", 0, 0, false, false, cmd_motd, ROLE_GUEST, FLAG_HOST, TOPIC_SERVER,
	 "Show the message of the day",
	 "Shows the message of the day again, which people get when they come in.",
	 "motd"},
	{"rules", "", "", 0, 0, false, false, cmd_rules, ROLE_GUEST, FLAG_HOST, TOPIC_SERVER,
	 "Show the rules",
	 "Shows the rules of this chat, which newcomers get when they come in.",
	 "rules"},
	{"time", "date", "", 0, 0, false, false, cmd_time, ROLE_GUEST, FLAG_HOST, TOPIC_SERVER,
	 "Show the time at the server",
	 "Shows the time at the server.",
	 "time"},
	{"version", "", "", 0, 0, false, false, cmd_version, ROLE_GUEST, FLAG_HOST, TOPIC_SERVER,
	 "Show which chatd this is",
	 "Shows which version of chatd this is.",
	 "version"},
	{"limits", "", "", 0, 0, false, false, cmd_limits, ROLE_GUEST, 0, TOPIC_SERVER,
	 "Show your limits",
	 "Shows your limits and what is left of them.",
	 "limits"},
	{"role", "", "[NAME ROLE]", 2, 0, false, false, cmd_role, ROLE_ADMIN,
	 FLAG_HOST | FLAG_STATUS | FLAG_SHARED_WORDS, TOPIC_SERVER,
	 "Give someone a role, or list the roles",
	 "Makes someone an administrator, a moderator, or an ordinary account again; creates the "
	 "account if there is none. Alone, lists everyone who has a role.",
	 "role bob admin"},
	{"code", "", "NAME", 1, 1, false, false, cmd_code, ROLE_ADMIN, FLAG_HOST | FLAG_STATUS,
	 TOPIC_SERVER,
	 "Help someone who lost their password",
	 "Makes a code, good once in place of the password, for someone who has lost theirs.",
	 "code bob"},
	{"stats", "", "", 0, 0, false, false, cmd_stats, ROLE_ADMIN, FLAG_HOST, TOPIC_SERVER,
	 "Show how the server is doing",
	 "Shows how the server is doing: people, rooms, what is saved, memory, the database; in a cluster, "
	 "its engine and its nodes.",
	 "stats"},
	{"compare", "", "", 0, 0, false, false, cmd_compare, ROLE_ADMIN, FLAG_HOST | FLAG_STATUS, TOPIC_SERVER,
	 "Compare the nodes of the cluster",
	 "In a cluster, lets each node make a digest of what all of them share, as of the same act, and "
	 "shows whether these are the same.",
	 "compare"},
	{"connections", "", "[N]", 1, 0, false, false, cmd_connections, ROLE_ADMIN,
	 FLAG_HOST | FLAG_STATUS, TOPIC_SERVER,
	 "List everyone who is here",
	 "Lists everyone who is here, in all rooms, with their addresses and since when. A long "
	 "list comes in pages; N is where the next one begins.",
	 "connections"},
	{"reload", "", "", 0, 0, false, false, cmd_reload, ROLE_ADMIN, FLAG_HOST, TOPIC_SERVER,
	 "Read the configuration again",
	 "Reads the configuration again, and shows what changed, what needs a restart and what "
	 "is wrong.",
	 "reload"},
	{"backup", "", "FILE", 1, 1, false, false, cmd_backup, ROLE_ADMIN, FLAG_HOST | FLAG_STATUS, TOPIC_SERVER,
	 "Copy the database",
	 "Makes a copy of the database next to it, while the chat goes on.",
	 "backup monday.db"},
	{"prune", "", "[--yes]", 0, 0, false, false, cmd_prune, ROLE_ADMIN,
	 FLAG_HOST | FLAG_YES, TOPIC_SERVER,
	 "Delete old lines that were held back",
	 "Deletes old lines that were held back because the clock jumped ahead or because too "
	 "many would go at once. Alone, shows why they are held back.",
	 "prune --yes"},
	{"shutdown", "", "[5m | now] [WHY] | off", 1, 0, true, false, cmd_shutdown, ROLE_ADMIN,
	 FLAG_HOST, TOPIC_SERVER,
	 "Stop chatd, or call that off",
	 "Stops chatd after a time, with a countdown for everybody; off calls that off. Alone, "
	 "shows whether a shutdown is scheduled.",
	 "shutdown 5m a new version"},
	{0},
};

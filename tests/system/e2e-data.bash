# Parts of e2e: data out, data in, data gone: chatd export, import, and admin list, show, stats, erase,
# export and check. Sourced by e2e.
# shellcheck shell=bash disable=SC2154

# tool ARGUMENT...: a command on the database, as its user; its status is in $code, what it says on
# stderr in $work/said.
tool() {
	timeout $((30 * patience)) "${as[@]}" "$asan" -c "$conf" "$@" 2>"$work/said" </dev/null
	code=$?
}

# fails TITLE STATUS PATTERN ARGUMENT...: it ends with that status and says why.
fails() {
	local title=$1 expected=$2 pattern=$3 code said
	shift 3
	said=$(timeout $((30 * patience)) "${as[@]}" "$asan" -c "$conf" "$@" 2>&1 >/dev/null </dev/null)
	code=$?
	if [ "$code" -eq "$expected" ] && [[ $said =~ ^$pattern$ ]]; then
		ok "$title"
	else
		not_ok "$title" "expected: $pattern" "exit status $code, said:" "$said"
	fi
}

# table DATABASE: all that it has, but for what chatd notes about its own files and the machine's clock.
table() {
	sqlite3 -readonly "$1" 'SELECT * FROM rooms' 'SELECT * FROM messages' 'SELECT * FROM facts' \
		'SELECT * FROM audit' 'SELECT * FROM seen' \
		"SELECT * FROM meta WHERE key NOT IN ('wal', 'fold') AND key NOT GLOB 'clock*' AND
			key NOT GLOB 'old_*' ORDER BY key" | sed 's/\r$//'
}

# json FILTER: what python makes of the lines of standard input, each an object x.
json() { python3 -c "import json, sys
for line in sys.stdin:
    x = json.loads(line)
    $1"; }

# People with accounts, rooms, mail, a report and a ban; chatd runs.
data_talk() {
	printf 'alice\n/register correct horse\nfrom alice\n/join den\nin the den\n/me waves\n' |
		nc_bsd -N 127.0.0.1 "$port" >/dev/null
	printf 'bob\n/register battery staple\nfrom bob "quoted" \\ é\n/msg alice a private word\n/topic of bob\n' |
		nc_bsd -N 127.0.0.1 "$port" >/dev/null
	await eval '[ "$(bodies | wc -l)" -ge 3 ]'
	host '/role alice admin' '/ban --everywhere 192.0.2.0/24 2d spam' '/filter add spamword' >/dev/null
	printf 'guest\n/report #%s rude\n' "$(sqlite3 -readonly "$db" \
		"SELECT id FROM messages WHERE sender = 'bob' LIMIT 1")" | nc_bsd -N 127.0.0.1 "$port" >/dev/null
}

data() {
	local said code before
	configure "rate_lines = 0" "rate_bytes = 0"
	program=$asan up -c "$conf" || return
	data_talk
	tool export >"$work/running.jsonl"
	is "export of a running server is an export" "$(head -n 1 "$work/running.jsonl")" \
		'\{"kind":"header","format":"chatd-export","version":1,"schema":[0-9]+,.*"scope":"whole"\}'
	is "every line of it is JSON" "$(json 'print(x["kind"])' <"$work/running.jsonl" | sort | uniq -c)" \
		' *2 account' ' *3 audit' ' *1 ban' ' *1 end' ' *1 filter' ' *1 header' ' *4 line' ' *1 mail' \
		' *1 membership' ' *[0-9]+ meta' ' *1 report' ' *2 room' ' *1 room_settings' ' *[0-9]+ seen'
	tool export --format text >"$work/text"
	is "as text it is the chat log" "$(cat "$work/text")" "$stamp\\[alice\\]\\[general\\]:from alice" \
		"$stamp\\[alice\\]\\[den\\]:in the den" "$stamp\\[alice\\]\\[den\\]:\\* alice waves" \
		"$stamp\\[bob\\]\\[general\\]:from bob \"quoted\" \\\\ é"
	is "one room" "$(tool export --room DEN --format text | cut -d: -f4-)" 'in the den' '\* alice waves'
	is "and since a time" "$(tool export --since 1h --format text | wc -l; tool export --since 2000-01-01 |
		json 'print(x["kind"])' | sort -u)" "$(wc -l <"$work/text")" end header line room
	fails "a room that is not there" 1 'chatd: .*no room of that name has any lines' export --room nowhere
	fails "nothing is imported under a running one" 1 \
		"chatd: the database $db is already used by another chatd; stop it first, .*" \
		import "$work/running.jsonl"
	data_lists
	down "with data"
	if compgen -G "$db-*" >/dev/null; then
		not_ok "and nothing is left next to the database" "$(ls -la "$work")"
	else
		ok "and nothing is left next to the database"
	fi
	data_transfer
	data_node
	data_broken
	data_erase
}

data_lists() {
	local said
	is "admin list accounts" "$(tool admin list accounts)" 'ROLE +MADE +SIGNED IN +NAME' \
		'admin  .*  alice' 'account  .*  bob' '2 accounts'
	is "admin list rooms" "$(tool admin list rooms)" ' +LINES  LAST LINE +NAME' ' +2  .*  general' \
		' +2  .*  den, owned by alice' '2 rooms'
	is "admin list bans" "$(tool admin list bans)" 'KIND  UNTIL +WHO' \
		'ban   .*  192\.0\.2\.0/24 everywhere, by the host: spam' '1 ban'
	exec {eve}<>"/dev/tcp/127.0.0.1/$port"
	printf 'eve\n' >&"$eve"
	read -r -t $((5 * patience)) <&"$eve"
	named() { [[ $(tool admin list sessions) == *"eve in general"* ]]; }
	await named
	is "admin list sessions asks the running one" "$(tool admin list sessions)" \
		'guest  .*  eve in general, from 127\.0\.0\.1' '1 session'
	is "and for programs" "$(tool admin list sessions --json | json 'print(x["name"], x["room"], x["away"])')" \
		'eve general False'
	exec {eve}>&-
	is "lists are JSON for programs" "$(tool admin list accounts --json | json 'print(x["name"], x["role"])'
		tool admin list rooms --json | json 'print(x["name"], x["lines"], x.get("owner"))'
		tool admin list bans --json | json 'print(x["kind"], x["address"], x["why"])')" \
		'alice admin' 'bob account' 'general 2 None' 'den 2 alice' 'ban 192.0.2.0/24 spam'
	is "admin show" "$(tool admin show BOB)" 'Account: bob' 'Role: account' 'Signs in with: a password' \
		'Messages that wait: 0 for it, 1 by it' 'Reports: 0 by it, 1 of lines under its name'
	is "admin show --json tells no secret" "$(tool admin show alice --json |
		json 'print(x["name"], x["role"], x["mail"], sorted(x)[-1])')" 'alice admin 1 signed_in_ms'
	fails "of somebody who is not there" 1 'chatd: there is no account nobody' admin show nobody
	is "admin stats" "$(tool admin stats)" 'A chatd is running on it: yes' 'Lines: .*' \
		'Accounts: 2 \(1 administrator, 0 moderators\)' 'Reports: 1, 1 of them not resolved'
	is "and for programs" "$(tool admin stats --json | json 'print(x["running"], x["accounts"], x["mail"])')" \
		'True 2 1'
	is "admin check" "$(tool admin check)" 'The database and its full-text index are sound\.'
	is "admin export is about one person" "$(tool admin export bob | json 'print(x["kind"], x.get("text"), x.get("body"))')" \
		'account None None' 'sign_in None None' 'mail_sent a private word None' \
		'report_of_line from bob "quoted" \\ é None' 'read_mark .*' 'line None from bob "quoted" \\ é'
	if tool admin export bob | grep -qE 'yescrypt|\$y\$|correct|alice waves'; then
		not_ok "and has neither hashes nor other people's lines" "$(tool admin export bob)"
	else
		ok "and has neither hashes nor other people's lines"
	fi
}

# The stopped database, into a new one, and what that says.
data_transfer() {
	local said code
	tool export >"$work/stopped.jsonl"
	is "export of a stopped server" "$(tail -n 1 "$work/stopped.jsonl")" '\{"kind":"end","records":[0-9]+\}'
	said=$(tool -d "$work/chatd.db.new" import "$work/stopped.jsonl")
	is "import makes a database" "$said" "New database: $work/chatd.db.new" \
		'Imported: 4 lines, 2 rooms, 2 accounts; [0-9]+ records in all\.'
	is "which is its owner's alone" "$(stat -c %a "$work/chatd.db.new")" 600
	if [ "$(table "$db")" = "$(table "$work/chatd.db.new")" ]; then
		ok "and is the same, table by table"
	else
		not_ok "and is the same, table by table" "$(diff <(table "$db") <(table "$work/chatd.db.new"))"
	fi
	if diff <(tail -n +2 "$work/stopped.jsonl") <(tool -d "$work/chatd.db.new" export | tail -n +2) >/dev/null; then
		ok "and so is its export"
	else
		not_ok "and so is its export"
	fi
	program=$asan up -c "$conf" -d "$work/chatd.db.new" || return
	said=$(printf 'alice\ncorrect horse\n/search waves\n/audit\n' | nc_bsd -N 127.0.0.1 "$port")
	is "a chatd runs on it: accounts, mail, history, index, audit" "$said" \
		'.*-- You are alice, in general[.;].*' "$stamp\\[bob -> you\\]:a private word" '.*waves.*' '.*spamword.*'
	down "on what was imported"
	fails "import is for an empty database" 1 \
		'chatd: nothing was imported: the database is not empty; .*' import "$work/stopped.jsonl"
	rm -f "$work/chatd.db.new"
	# From a pipe, by a name relative to the folder.
	said=$("${as[@]}" "$asan" -d "$work/chatd.db.new" import - <"$work/stopped.jsonl" 2>&1)
	is "import reads a pipe" "$said" 'Imported: .*'
	rm -f "$work/chatd.db.new"
}

# A node of a cluster, whose database nobody changes but the cluster.
data_node() {
	local before code node=$work/node.db sorry
	sorry='chatd: this database belongs to a cluster; a change while chatd does not run would make this node'
	cp -p "$db" "$node"
	sqlite3 "$node" "INSERT INTO meta VALUES('cluster', CAST('c0ffee' AS BLOB)),
		('position', CAST('7-0' AS BLOB))"
	before=$(table "$node")
	tool export >"$work/single.jsonl"
	fails "admin add on a node without a chatd" 1 "$sorry.*" -d "$node" admin add carol
	fails "admin code" 1 "$sorry.*" -d "$node" admin code bob
	fails "admin erase" 1 "$sorry.*" -d "$node" admin erase bob --yes
	fails "import" 1 'chatd: nothing was imported: this database belongs to a cluster; import into a new one.*' \
		-d "$node" import "$work/stopped.jsonl"
	expect=78 refuses "a chatd without a cluster" 'this database belongs to a cluster' -c "$conf" -d "$node"
	same "nothing has changed" "$(table "$node")" "$before"
	same "its export has nothing of the cluster" \
		"$(diff <(tail -n +2 "$work/single.jsonl") <(tool -d "$node" export | tail -n +2))" ""
	tool -d "$node" admin backup node-copy.db >/dev/null
	same "its backup is that of its position" "$(sqlite3 -readonly "$work/node-copy.db" \
		"SELECT value FROM meta WHERE key IN ('cluster', 'position') ORDER BY key" | tr '\n' ' ')" 'c0ffee 7-0 '
	rm -f "$node"* "$work"/node-copy.db* "$work/single.jsonl"
}

# What is cut off, full, closed, or no export at all.
data_broken() {
	local code said
	head -n 20 "$work/stopped.jsonl" >"$work/cut.jsonl"
	fails "a file that is cut off" 65 \
		"chatd: nothing was imported: $work/cut.jsonl: line 20: the file ends here, without its end record.*" \
		-d "$work/chatd.db.cut" import "$work/cut.jsonl"
	if compgen -G "$work/chatd.db.cut*" >/dev/null; then
		not_ok "leaves no database" "$(ls -la "$work")"
	else
		ok "leaves no database"
	fi
	sed 's/"kind":"account"/"kind":"king"/' "$work/stopped.jsonl" >"$work/wrong.jsonl"
	fails "a line that is wrong" 65 \
		"chatd: nothing was imported: $work/wrong.jsonl: line [0-9]+: unknown kind \"king\"" \
		-d "$work/chatd.db.cut" import "$work/wrong.jsonl"
	fails "a file that is not there" 1 "chatd: cannot open $work/none: No such file or directory" \
		-d "$work/chatd.db.cut" import "$work/none"
	tool export --room den >"$work/part.jsonl"
	fails "a part is not imported" 65 'chatd: nothing was imported: .*this export has only some lines .*' \
		-d "$work/chatd.db.cut" import "$work/part.jsonl"
	"${as[@]}" "$asan" -c "$conf" export 2>"$work/said" >/dev/full
	is "a full disk is told" "status $? $(cat "$work/said")" \
		'status 1 chatd: the export is not complete: cannot write to standard output: No space left on device'
	"${as[@]}" "$asan" -c "$conf" export 2>"$work/said" >&-
	is "and a closed output" "status $? $(cat "$work/said")" \
		'status 1 chatd: nothing was exported: standard output is closed'
	said=$({ "${as[@]}" "$asan" -c "$conf" export 2>"$work/said"; echo "status $?" >"$work/code"; } | true)
	await test -s "$work/code"
	is "and a reader that goes away" "$(cat "$work/code" "$work/said")" 'status 1' \
		'chatd: the export is not complete: its reader closed the pipe'
	data_hidden
	data_killed
	data_late
	cp -p "$db" "$work/chatd.db.bad"
	printf 'damaged by a disk' | dd of="$work/chatd.db.bad" bs=1 seek=8192 conv=notrunc 2>/dev/null
	said=$(tool -d "$work/chatd.db.bad" admin check; echo "status $code")
	is "admin check finds damage" "$said" '.*' 'The database is damaged\.'
	same "each problem on its own line" "$(grep -c '\^J\|\*\*\*' <<<"$said")" 0
	tool -d "$work/chatd.db.bad" admin check --json | json 'assert x["problems"] and not [p for p in x["problems"] if "\\n" in p["problem"] or "^J" in p["problem"]]'
	same "and so in JSON" $? 0
	tool -d "$work/chatd.db.bad" admin check >/dev/null
	is "and says so with its status" "$code" 65
	rm -f "$work"/chatd.db.bad*
}

# An import that is killed in the middle of the file.
data_killed() {
	local importer said
	mkfifo "$work/half"
	"${as[@]}" "$asan" -d "$work/chatd.db.cut" import - <"$work/half" >/dev/null 2>&1 &
	importer=$!
	exec {half}>"$work/half"
	head -n 25 "$work/stopped.jsonl" >&"$half"
	begun() { [ -s "$work/chatd.db.cut" ] && [ -e "$work/chatd.db.cut-wal" ]; }
	await begun
	kill -9 "$importer"
	wait "$importer" 2>/dev/null
	exec {half}>&-
	said=$("${as[@]}" "$asan" -d "$work/chatd.db.cut" import "$work/stopped.jsonl" 2>&1)
	is "after an import that was killed there is nothing of it" "$said" 'Imported: 4 lines, .*'
	rm -f "$work"/chatd.db.cut* "$work/half"
}

# Text that turns other text around, or cannot be seen, is imported as it is and printed as escapes.
data_hidden() {
	local said code
	printf '%s\n' '{"kind":"header","format":"chatd-export","version":1,"schema":1,"by":"x","time_ms":1,"scope":"whole"}' \
		'{"kind":"ban","key":"00000000000000000030","value":{"target":"block","who":"\u202eevil\u2066","from":"203.0.113.7","by":"b\u200b","why":"\u202etxt\udb40\udc41"}}' \
		'{"kind":"end","records":1}' >"$work/hidden.jsonl"
	tool -d "$work/chatd.db.hidden" import "$work/hidden.jsonl" >/dev/null
	said=$(tool -d "$work/chatd.db.hidden" admin list bans --json; tool -d "$work/chatd.db.hidden" export)
	is "a list and an export escape what a terminal would not show" "$said" '.*"b\\u200b".*' \
		'.*"\\u202eevil\\u2066".*"\\u202etxt\\udb40\\udc41".*'
	same "and print nothing of it" "$(LC_ALL=C grep -c $'[\x80-\xff]' <<<"$said")" 0
	rm -f "$work"/chatd.db.hidden*
}

# A database that is made, by a chatd that has ended again, while an import waits for its file.
data_late() {
	local importer
	mkfifo "$work/late"
	chmod 644 "$work/late"
	"${as[@]}" "$asan" -d "$work/chatd.db.late" import "$work/late" >"$work/said" 2>&1 &
	importer=$!
	waits() { [[ $(<"/proc/$importer/stat") == *"(chatd) S"* ]]; }
	await waits
	cp -p "$db" "$work/chatd.db.late"
	: >"$work/late"
	wait "$importer"
	is "an import that fails" "status $? $(cat "$work/said")" \
		'status 1 chatd: nothing was imported: the database is not empty; .*'
	same "deletes no database that it has not made" "$(table "$work/chatd.db.late")" "$(table "$db")"
	rm -f "$work"/chatd.db.late* "$work/late"
}

data_erase() {
	local said code
	is "admin erase shows first what it would do" "$(tool admin erase bob; echo "status $code")" \
		'The account bob, made .*' '.*--yes does it; that cannot be undone\.'
	is "and has changed nothing" "$(tool admin show bob | head -n 1)" 'Account: bob'
	said=$(tool admin erase bob --lines --yes)
	is "admin erase removes an account where no chatd runs, and says what stays" "$said" \
		'Removed: the account bob, .*everything said from it\.' 'What stays:' \
		'  1 open report of lines under that name, with their text, until resolved' '  .*action.* that name.* it, .*' \
		'  topics that it set, .*' \
		'  the chat log file, backups and exports, .*'
	tool admin show bob >/dev/null
	is "the account is gone" "$code $(cat "$work/said")" '1 chatd: there is no account bob'
	if strings -a "$db" | grep -q 'a private word' || tool export --format text | grep -q '\[bob\]'; then
		not_ok "and so is what it said, from the file too" "$(strings -a "$db" | grep -E 'private word|from bob')"
	else
		ok "and so is what it said, from the file too"
	fi
	is "the topic that it set has stayed" "$(tool export | json 'print(x.get("topic"))')" 'of bob'
	is "what is left is sound" "$(tool admin check)" 'The database and its full-text index are sound\.'
	program=$asan up -c "$conf" || return
	printf 'bob\nas a guest\n/register battery staple\nback again\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	await eval '[[ $(bodies) == *"back again"* ]]'
	said=$(tool admin erase bob --lines --yes)
	is "admin erase asks a chatd that runs, and says what the account did not say" "$said" \
		'Removed: the account bob, everything said from it\.' 'What stays:' \
		'  1 line said under that name before the account was made' '    \("chatd export" has such lines, .*'
	gone() { ! bodies | grep -q 'back again'; }
	if await gone; then
		ok "which deletes what it said"
	else
		not_ok "which deletes what it said" "$(bodies)"
	fi
	same "and nothing else" "$(bodies | grep -c 'as a guest')" 1
	fails "admin erase without such an account says so on standard error" 1 'chatd: There is no account bob\..*' \
		admin erase bob --lines
	is "the last administrator goes with a warning" "$(tool admin erase alice)" 'The account alice, made .*' \
		"No other account is an administrator's: afterwards there is none\." '.*--yes does it; .*'
	is "and with a word on what to do then" "$(tool admin erase alice --yes)" 'Removed: the account alice.*' \
		'There is no administrator now; "chatd admin add NAME" makes one\.' 'What stays:' \
		'  what was said from it, because --lines was not given' '    \("chatd export" has such lines, .*'
	down "after an erasure"
}

# Parts of e2e: administrators, passwords, running the server from the chat, and users of the
# host. Sourced by e2e.
# shellcheck shell=bash disable=SC2154

# host LINE...: said over the control socket by whoever administers the host; no name is given. Each reply
# is one line: where a row ends depends on the length of our paths.
host() { printf '%s\n' "$@" | nc_bsd -N -U "$db-ctl" | rows_joined; }

serving() {
	local said
	configure "history_replay = 5"
	program=$asan up -c "$conf" || return
	printf 'bob\nkept for good\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	sed -i 's/history_replay = 5/history_replay = 1/' "$conf"
	echo 'max_connections = 7' >>"$conf"
	said=$(host /reload /quit)
	is "/reload tells what changed and what needs a restart" "$said" \
		'.*-- The configuration was read again:' '--   max_connections: 1024 -> 7 \(needs a restart\)' \
		'--   history_replay: 5 -> 1'
	if in_log 'max_connections: 1024 -> 7 (needs a restart)' && in_log '/reload by the host'; then
		ok "and so does the log"
	else
		not_ok "and so does the log" "$(tail -n 5 "$log")"
	fi
	echo 'nonsense = 3' >>"$conf"
	sed -i 's/history_replay = 1/history_replay = many/' "$conf"
	said=$(host /reload /quit)
	is "/reload tells what is wrong" "$said" '.*-- The configuration stays as it was, because of this:' \
		"--   $conf:3: history_replay: .*" "--   $conf:5: nonsense: unknown key"
	sed -i '/nonsense/d; s/history_replay = many/history_replay = 1/' "$conf"
	said=$(host /reload /quit)
	is "and nothing had changed" "$said" '--   max_connections: 1024 -> 7 \(needs a restart\)'
	said=$(host /stats)
	is "/stats tells how it is" "$said" '.*-- chatd [0-9.]+ has run for .*' '-- Saving: .*' \
		'-- Database: [0-9.]+ KB, and [0-9.]+ KB in its WAL; [0-9.]+ [MGT]B are free on its disk\.' \
		'-- Memory: [0-9.]+ MB of [0-9.]+ [MG]B at most\.' '-- Descriptors: .*' \
		'-- Input and output: (io_uring|epoll)\.'
	said=$(host '/backup copy.db')
	is "/backup makes a copy, and a script waits for it" "$said" '-- Backed up to copy.db: .* in [0-9.]+ seconds\.'
	is "the copy has what was said" "$(sqlite3 -readonly "$work/copy.db" \
		'SELECT body FROM messages' 'PRAGMA integrity_check')" 'kept for good' 'ok'
	is "and is for nobody else to read" "$(stat -c %a "$work/copy.db")" 600
	mkdir "$work/chatd.db-part"
	said=$(host '/backup other.db')
	is "where it cannot be made it is told why" "$said" '-- Not backed up to other.db: cannot remove an earlier copy that was not finished: .*'
	rmdir "$work/chatd.db-part"
	down "after a reload and a backup"
	if compgen -G "$db-*" >/dev/null || [ -e "$work/other.db" ]; then
		not_ok "and nothing is left next to the database" "$(ls -la "$work")"
	else
		ok "and nothing is left next to the database"
	fi
	mv "$work/copy.db" "$db"
	program=$asan up -c "$conf" || return
	said=$(printf 'eve\n' | nc_bsd -N 127.0.0.1 "$port")
	is "a copy in its place is a chatd's database" "$said" "$stamp\\[bob\\]:kept for good"
	ending
}

# The end that is ordered in the chat; a chatd runs.
ending() {
	local said eve start=$EPOCHREALTIME took
	exec {eve}<>"/dev/tcp/127.0.0.1/$port"
	printf 'eve\n' >&"$eve"
	host '/shutdown 2s a new version' /quit >/dev/null
	said=$(timeout $((10 * patience)) cat <&"$eve")
	is "/shutdown is counted down, and everybody reads it" "$said" \
		'-- chatd will go down in 2 seconds: a new version \(the host\)' \
		'-- chatd is going down: a new version'
	exec {eve}>&-
	chatd_wait
	took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	if [ "$status" -eq 0 ] && [ "$took" -lt $((7000 * patience)) ] &&
		in_log 'shutdown by the host: a new version: shutting down'; then
		ok "and ends it with status 0 in time"
	else
		not_ok "and ends it with status 0 in time" "status $status after $took ms" "$(tail -n 5 "$log")"
	fi
}

# user UID LINE...: said over the unix socket by that user of the host.
user() {
	local uid=$1
	shift
	printf '%s\n' "$@" | timeout $((10 * patience)) setpriv --reuid="$uid" --regid="$uid" --clear-groups \
		"$(command -v nc.openbsd || command -v nc)" -N -U "$work/chatd.sock"
}

host_users() {
	local said name
	name=$(awk -F: '$3 == 1 { print $1; exit }' /etc/passwd)
	if [ "$(id -u)" -ne 0 ] || [ -z "$name" ]; then
		skip "users of the host" "only root can try as somebody else, or there is no user 1"
		return
	fi
	chmod 711 "$work"
	configure "listen = unix:$work/chatd.sock" "host_accounts = yes"
	program=$asan up -c "$conf" || return
	said=$(user 1 /quit)
	is "a user of the host is signed in at once" "$said" "-- You are $name, in general[.;].*"
	said=$(user 1 /sessions)
	is "and a second time to the same account" "$said" "-- $name is signed in here, .*"
	is "and reads when that was" "$said" '-- You last signed in .*, from this host\.'
	said=$(printf '%s\n\nguest\n/quit\n' "$name" | nc_bsd -N 127.0.0.1 "$port")
	is "whose name is registered for others" "$said" ".*-- $name is registered\\..*"
	said=$(user 65534 someone /quit)
	is "nobody is no name, and gets the prompt" "$said" '-- You cannot use your login name here: .*' \
		'\[ENTER YOUR NAME\]: -- You are someone, .*'
	said=$(user 54321 someone /quit)
	is "and who is in no file gets it as well" "$said" '\[ENTER YOUR NAME\]: -- You are someone, .*'
	# A proxy in front of that socket may run as root, and passes strangers on.
	said=$(user 0 rooty /stats '/ban --everywhere 192.0.2.1' /quit)
	is "root is a guest there, and not who administers the host" "$said" '.*-- You are rooty, .*' \
		'-- Only administrators can use /stats\.' '-- /ban is for the operators of a room.*'
	sed -i 's/host_accounts = yes/host_accounts = no/' "$conf"
	said=$(host /reload /quit)
	is "a reload ends it" "$said" '--   host_accounts: yes -> no'
	said=$(user 1 someone /quit)
	is "then a user of the host is a guest" "$said" '\[ENTER YOUR NAME\]: -- You are someone, .*'
	sed -i 's/host_accounts = no/host_accounts = yes/' "$conf"
	said=$(host /reload /quit)
	is "and another begins it again" "$said" '--   host_accounts: no -> yes'
	said=$(user 1 /quit)
	is "as it was" "$said" "-- You are $name, in general[.;].*"
	down "with users of the host"
	configure "listen = unix:$work/chatd.sock"
	program=$asan up -c "$conf" || return
	echo "host_accounts = yes" >>"$conf"
	said=$(host /reload /quit)
	is "what was not so at the start needs a restart" "$said" \
		'--   host_accounts: no -> yes \(needs a restart\)'
	down "without users of the host"
}

# The first administrators, with the server running and not.
can_save() { grep -qF -- '-- Saving: everything' <(host /stats /quit); }

# A chatd that runs is asked, whatever is at its database's path by now; it may notice that.
file_gone() {
	local said
	mv "$db" "$work/away.db"
	"${as[@]}" cp "$work/own.db" "$db"
	said=$("${as[@]}" "$chatd" -c "$conf" admin backup third.db 2>&1; echo "status $?")
	is "a running chatd is asked, if another file is where its database was" "$said" '.*' 'Backed up to third\.db: .*' 'status 0'
	mv "$work/away.db" "$db"
	rm -f "$work/third.db"
	await can_save || not_ok "which goes on with its own" "$(host /stats /quit)"
	mv "$db" "$work/away.db"
	said=$("${as[@]}" "$chatd" -c "$conf" admin add dora 2>&1)
	is "and if nothing is there any more" "$said" 'dora is now an administrator\.' 'To sign in, connect, .*'
	await can_save || not_ok "and has it saved in a new one" "$(host /stats /quit)"
	rm "$work/away.db"
}

admins() {
	local said code k name
	configure "listen = unix:$work/chatd.sock"
	expect=2 refuses "admin without more is a usage error" 'followed by one of: add, ' admin
	refuses "a name that will not do is told so" 'cannot have spaces' -c "$conf" admin add 'a b'
	refuses "and so is one that is reserved" 'reserved' -c "$conf" admin add root
	said=$("${as[@]}" "$chatd" -c "$conf" admin add alice 2>&1)
	is "admin add makes an account where none was" "$said" 'alice is now an administrator\.' \
		'password\. It is good once: [0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}'
	code=${said##*good once: }
	program=$asan up -c "$conf" || return
	said=$(printf 'alice\n%s\n/role\n/quit\n' "$code" | nc_bsd -N 127.0.0.1 "$port")
	is "its code signs in, once" "$said" '.*-- alice is registered\..*' '-- You are alice, in .*' \
		'--   alice: admin, here'
	said=$(printf 'alice\n%s\n\nguest\n/quit\n' "$code" | nc_bsd -N 127.0.0.1 "$port")
	is "and no second time" "$said" '.*Wrong password\..*' '.*You are guest, .*'
	said=$("${as[@]}" "$chatd" -c "$conf" admin add bob 2>&1)
	is "admin add asks a chatd that runs" "$said" 'bob is now an administrator\.' 'To sign in, connect, .*'
	said=$("${as[@]}" "$chatd" -c "$conf" admin add bob 2>&1)
	is "and a second time changes nothing" "$said" 'bob is already an administrator\. .*'
	for k in add code erase; do
		for name in $'zz\r/role\tmallory\tadmin\r/x' $'zz\n/role mallory admin' $'bob\tadmin' $'z\x7fz' \
			$'bob\u00a0admin' --yes; do
			refuses "admin $k: a name that is more than a name is refused ($(printf %q "$name"))" \
				'^chatd: that name cannot be used: ' -c "$conf" -- admin "$k" "$name"
		done
	done
	is "and nothing in it was done" "$(host /role /quit)" '--   bob: admin'
	same "by nobody" "$(host /role /quit | grep -c mallory)" 0
	said=$("${as[@]}" "$chatd" -c "$conf" admin code bob 2>&1)
	is "a lost password is got over by a code" "$said" '.* good once: .*'
	said=$("${as[@]}" "$chatd" -c "$conf" admin backup own.db 2>&1; echo "status $?")
	is "admin backup waits until it is done" "$said" '.*' 'Backed up to own\.db: .*' 'status 0'
	said=$("${as[@]}" "$chatd" -c "$conf" admin backup own.db 2>&1 >"$work/quiet"; echo "status $?")
	same "and says on standard error why there is none" "$said" \
		'chatd: Not backed up to own.db: a file with that name already exists. Choose another name.'$'\nstatus 1'
	same "but nothing else, which is for a script to drop" "$(cat "$work/quiet")" "Database: $db"
	said=$("${as[@]}" "$chatd" -c "$conf" admin backup ../x.db 2>&1; echo "status $?")
	is "also for its name" "$said" 'chatd: A backup is made next to the database, .*' 'status 1'
	said=$("${as[@]}" "$chatd" -c "$conf" admin backup '' 2>&1; echo "status $?")
	is "or for none" "$said" 'chatd: A backup is made next to the database, .*' 'status 1'
	said=$(printf '/stats\n/quit\n' | timeout $((10 * patience)) "${as[@]}" "$chatd" -c "$conf" admin chat)
	is "admin chat is a conversation with it" "$said" '-- chatd [0-9.]* has run for .*' '-- People: .*' '-- Goodbye\.'
	said=$(printf '/stats\n' | timeout $((10 * patience)) "${as[@]}" "$chatd" -c "$conf" admin chat; echo "status $?")
	is "which ends with its input, when all is answered" "$said" '-- chatd [0-9.]* has run for .*' '-- People: .*' 'status 0'
	said=$(printf '/stats\n' | timeout $((10 * patience)) "${as[@]}" "$chatd" -c "$conf" admin chat 2>&1 >&-; echo "status $?")
	is "or when nobody reads it" "$said" 'status 1'
	said=$(printf 'someone\n/role bob account\n/quit\n' | nc_bsd -N -U "$work/chatd.sock")
	is "over the unix socket its own user is a guest" "$said" '-- Only administrators can use /role\.'
	said=$(host '/nick someone' '/role bob account' /quit)
	is "over the control socket an administrator" "$said" '-- bob has no role any more\. .undo #A[0-9]* takes it back\.'
	said=$(printf 'eve\n/role eve admin\n/help role\n/quit\n' | nc_bsd -N 127.0.0.1 "$port")
	is "others are not" "$said" '-- Only administrators can use /role\.' '-- Only administrators can use /role\.'
	if [ "$(id -u)" -eq 0 ]; then
		said=$("$chatd" -c "$conf" admin code bob 2>&1)
		is "root asks it too, without a user named" "$said" '.* good once: .*'
	fi
	file_gone
	down "with administrators"
	if [ "$(id -u)" -eq 0 ]; then
		said=$("$chatd" -c "$conf" admin code bob 2>&1)
		is "and where none runs, as the owner of the database" "$said" '.* good once: .*'
		is "whose the files stay" "$(stat -c %u "$db"* | sort -u)" 61000
	fi
	said=$("${as[@]}" "$chatd" -c "$conf" admin backup still.db 2>&1; echo "status $?")
	is "admin backup needs no chatd" "$said" 'Database: .*' 'Backed up to still\.db\.' 'status 0'
	said=$("${as[@]}" "$chatd" -c "$conf" admin backup still.db 2>&1; echo "status $?")
	is "and says why there is none" "$said" \
		'chatd: not backed up to still\.db: a file with that name already exists\. .*' 'status 1'
	same "once" "$(grep -c 'already exists' <<<"$said")" 1
	same "and makes a whole one" "$(sqlite3 -readonly "$work/still.db" 'PRAGMA integrity_check')" ok
	rm "$work/own.db" "$work/still.db"
	refuses "admin chat without a chatd is told so" 'cannot reach a chatd' -c "$conf" admin chat
	"${as[@]}" "$chatd" -c "$conf" admin add carol >&- 2>&-
	rm -f "$db-ctl"
	printf -- '-- carol is now an administrator.\033[2J\302\233\342\200\256\n' |
		timeout $((10 * patience)) "${as[@]}" flock "$db" \
			"$(command -v nc.openbsd || command -v nc)" -N -lU "$db-ctl" >/dev/null &
	await test -S "$db-ctl"
	said=$("${as[@]}" "$chatd" -c "$conf" admin add carol 2>&1)
	is "whoever answers, nothing reaches the terminal as more than text" "$said" \
		'chatd: carol is now an administrator\.\?\[2J\?\?\?\?\?'
	wait $!
	is "what is printed to a closed output is written over no database" "$(head -c 15 "$db")" 'SQLite format 3'
	if grep -qF "$code" "$log" || strings -a "$db" | grep -qF "$code"; then
		not_ok "the code is in no log and no file" "$(grep -F "$code" "$log")"
	else
		ok "the code is in no log and no file"
	fi
}

# says TITLE STATUS PATTERN ARGUMENT...: chatd ends with that status, and all that it says, its lines
# joined by a blank, matches.
says() {
	local title=$1 expected=$2 pattern=$3 said code
	shift 3
	said=$(timeout $((20 * patience)) "${as[@]}" "$chatd" "$@" 2>&1 </dev/null)
	code=$?
	if [ "$code" -eq "$expected" ] && [[ ${said//$'\n'/ } =~ ^$pattern$ ]]; then
		ok "$title"
	else
		not_ok "$title" "expected: $pattern" "exit status $code, said:" "$said"
	fi
}

# chatd admin where there is no database, no chatd, or neither can be used.
admin_alone() {
	local me=${as[0]:+61000} no_socket there folder=$work/alone
	me=${me:-$(id -un)}
	mkdir "$folder"
	[ "$(id -u)" -ne 0 ] || chown 61000 "$folder"
	there=$folder/chatd.db
	no_socket="the socket $there-ctl does not exist"
	says "admin code makes no database" 1 \
		"chatd: there is no database $there, so it has no accounts; \"chatd admin add NAME\" creates one" \
		-d "$there" admin code alice
	says "admin chat tells that there is neither a database nor a chatd" 1 \
		"chatd: there is no database $there, and no chatd is running on it; choose another with -c or -d" \
		-d "$there" admin chat
	says "admin add tells that the folder is missing" 1 \
		"chatd: database = $folder/none/chatd.db: the folder $folder/none does not exist" \
		-d "$folder/none/chatd.db" admin add alice
	is "none of them has made anything" "$(find "$folder" | wc -l)" 1
	says "admin add makes a database, and says where" 0 \
		"New database: $there alice is now an administrator\. .*good once: .*" -d "$there" admin add alice
	says "and names the one that is there" 0 "Database: $there alice is already an administrator\. .*" \
		-d "$there" admin add alice
	says "as admin code does" 1 "Database: $there chatd: There is no account bob\." -d "$there" admin code bob
	says "admin chat tells that no chatd runs" 1 \
		"chatd: cannot reach a chatd on the database $there: $no_socket; .*" -d "$there" admin chat
	echo "database = alone/chatd.db" >"$work/relative.conf"
	pushd "$work" >/dev/null || return
	says "a relative path is told as a whole one" 0 "Database: $there alice is already .*" \
		-c relative.conf admin add alice
	popd >/dev/null || return
	"${as[@]}" flock -F "$there" sleep 20 &
	locked() { ! flock -n "$there" true; }
	await locked
	says "a database that is in use by what cannot be reached" 1 \
		"chatd: another chatd uses the database $there but cannot be reached: $no_socket" \
		-d "$there" admin add bob
	kill $! && wait $! 2>/dev/null
	admin_alone_silent
	admin_alone_as_others
	rm -rf "$folder"
}

# Somebody listens at the control socket of the database $there who answers nothing, and then
# nobody does.
admin_alone_silent() {
	timeout $((30 * patience)) "${as[@]}" flock "$there" \
		"$(command -v nc.openbsd || command -v nc)" -lU "$there-ctl" >/dev/null &
	await test -S "$there-ctl"
	says "a chatd that does not answer" 1 \
		"chatd: the chatd running on the database $there did not answer within 10 seconds" \
		-d "$there" admin add bob
	wait $!
	says "a socket that nothing listens on any more" 1 \
		"chatd: cannot reach a chatd on the database $there: nothing listens on $there-ctl; .*" \
		-d "$there" admin chat
	rm -f "$there-ctl"
	timeout $((30 * patience)) "${as[@]}" flock "$there" \
		"$(command -v nc.openbsd || command -v nc)" -N -lU "$there-ctl" >/dev/null </dev/null &
	await test -S "$there-ctl"
	says "one that hangs up" 1 "chatd: the chatd running on the database $there hung up without answering" \
		-d "$there" admin add bob
	wait $!
	rm -f "$there-ctl"
}

admin_alone_as_others() {
	local owner=("${as[@]}")
	if [ "$(id -u)" -ne 0 ]; then
		skip "chatd admin as another user" "only root can try that"
		return
	fi
	chmod 711 "$work"
	local as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	says "a database of another user" 1 \
		"chatd: the database $there belongs to the user 61000; run this as 61000 or as root, not as nobody" \
		-d "$there" admin add bob
	"${owner[@]}" mkdir -m 700 "$folder/theirs"
	says "and one in a folder that is closed" 1 \
		"chatd: the user nobody cannot go to the database $folder/theirs/chatd.db, in a folder of the user 61000; run this as 61000 or as root" \
		-d "$folder/theirs/chatd.db" admin stats
	"${owner[@]}" "$chatd" -d "$there" "$("$load" port)" >/dev/null 2>&1 &
	await test -S "$there-ctl"
	says "and its socket, while chatd runs" 1 \
		"chatd: cannot reach a chatd on the database $there: only root and the user that chatd runs as may use $there-ctl" \
		-d "$there" admin chat
	kill $! && wait $! 2>/dev/null
	as=()
	admin_alone_service
	says "root needs no user where the database has an owner" 0 "Database: $there bob is now an administrator\..*" \
		-d "$there" admin add bob
	says "and is told so where another is named" 1 \
		"chatd: the database $there belongs to the user 61000; run this as 61000 or as root, not as nobody" \
		--user nobody -d "$there" admin add bob
	rm -f "$there"
	says "root makes none that chatd could not open" 1 \
		"chatd: there is no database $there; to create one as root, name the user that chatd runs as: --user NAME" \
		-d "$there" admin add bob
	says "and a missing folder is missing for root too" 1 \
		"chatd: database = $folder/none/chatd.db: the folder $folder/none does not exist" \
		-d "$folder/none/chatd.db" admin add bob
	touch "$there"
	says "nor uses one of its own" 1 \
		"chatd: the database $there belongs to root, but chatd does not run as root; give it to the user chatd runs as: chown USER $there" \
		-d "$there" admin add bob
	says "also where a user is named" 1 "chatd: the database $there belongs to root, .*: chown nobody $there" \
		-d "$there" --user nobody admin add bob
	says "and a folder is no database" 1 "chatd: database = $folder: this is a folder, not a database" \
		-d "$folder" admin add bob
}

# Where the service has its configuration: root gets a view of /etc in which there is one.
admin_alone_service() {
	local said
	if ! unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
		skip "the service's configuration is a hint" "no mounts here"
		return
	fi
	mv "$there" "$there.away"
	# shellcheck disable=SC2016
	said=$(cd "$folder" && unshare -m sh -c 'mount -t tmpfs none /mnt && cp -a /etc/passwd /etc/group /mnt/ &&
		mkdir /mnt/chatd && : >/mnt/chatd/chatd.conf && mount --move /mnt /etc
		"$1" admin stats; "$1" admin add bob; "$1" -d other.db admin stats' sh "$(realpath "$chatd")" 2>&1)
	mv "$there.away" "$there"
	same "a database that was not chosen: the service's configuration may have the right one" "$said" \
		"chatd: there is no database $there; try -c /etc/chatd/chatd.conf, or choose another with -c or -d
chatd: there is no database $there; try -c /etc/chatd/chatd.conf, or to create one as root, name the user that chatd runs as: --user NAME
chatd: there is no database $folder/other.db; choose another with -c or -d"
}

# jailed FILE [MODE]: the addresses that fail2ban's filter finds in its lines.
jailed() {
	fail2ban-regex --datepattern '{^LN-BEG}' -o ip "$1" "$here/../../docs/fail2ban/filter.conf[mode=${2:-normal}]" |
		sort | uniq -c | awk '{ print $1, $2 }'
}

# What the log says of who failed and of acts of power, and a jail that reads it.
jail() {
	local said forged='security: failed-sign-in address=198.51.100.7 name=x account=x: x'
	configure
	echo "listen = [::1]:$port" >>"$conf"
	up -c "$conf" || return
	host '/role alice admin' /quit >/dev/null
	printf 'alice\nwrong horse one\nwrong horse two\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	printf 'alice\nwrong horse three\n' | nc_bsd -N ::1 "$port" >/dev/null
	printf 'mallory\n%s\n/away %s\n/report #1 %s\n/x\r%s\n' "$forged" "$forged" "$forged" "$forged" |
		nc_bsd -N 127.0.0.1 "$port" >/dev/null
	printf '%s\n' "$forged" | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	said=$(host "/shutdown 9h $forged" '/shutdown off' /quit)
	is "an act of power is done" "$said" '.*-- chatd will go down in 9 hours: .*'
	is "acts of power are in the log" "$(cat "$log")" \
		"$day info: security: role address=host name=- account=-: made an account for alice, an administrator \\(#A[0-9]+\\)" \
		"$day info: security: shutdown address=host name=- account=-: .*"
	is "and so are failed sign-ins" "$(cat "$log")" \
		"$day info: security: failed-sign-in address=127\\.0\\.0\\.1 name=- account=alice: .*" \
		"$day info: security: failed-sign-in address=::1 name=- account=alice: .*"
	down "with a jail"
	if ! command -v fail2ban-regex >/dev/null; then
		skip "fail2ban reads its log" "there is no fail2ban-regex here"
		return
	fi
	same "fail2ban reads its log, and nothing that people typed" "$(jailed "$log")" $'2 127.0.0.1\n1 ::1'
	# As journald and rsyslog have them.
	sed -nE "s/^$day info: /Nov 28 01:12:17 host chatd[123]: /p" "$log" >"$work/syslog"
	same "and the journal's" "$(jailed "$work/syslog")" $'2 127.0.0.1\n1 ::1'
	sed -E 's/failed-sign-in/refused/' "$work/syslog" >"$work/refused"
	same "refused connections only where it is told to" \
		"$(jailed "$work/refused"; echo then; jailed "$work/refused" aggressive)" $'then\n2 127.0.0.1\n1 ::1'
	if jailed "$log" aggressive | grep -q 198.51; then
		not_ok "nobody is banned for what another typed" "$(grep 198.51 "$log")"
	else
		ok "nobody is banned for what another typed"
	fi
	jail_shipped
	jail_json
}

# The jail as it is shipped, as fail2ban understands it in its own configuration.
jail_shipped() {
	local said folder=$work/fail2ban
	cp -r /etc/fail2ban "$folder"
	cp "$here/../../docs/fail2ban/filter.conf" "$folder/filter.d/chatd.conf"
	cp "$here/../../docs/fail2ban/jail.conf" "$folder/jail.d/chatd.conf"
	said=$(fail2ban-client -c "$folder" -d 2>&1)
	is "the jail reads the journal, and bans with what a Debian 12 has" "$said" "\\['add', 'chatd', 'systemd'\\]" \
		"\\['set', 'chatd', 'addjournalmatch', '_SYSTEMD_UNIT=chatd\.service'\\]" \
		"\\['set', 'chatd', 'addaction', 'nftables-multiport'\\]" "\\['start', 'chatd'\\]"
}

# The same of a log in JSON, in which people try to end the message.
jail_json() {
	local forged='","message":"security: failed-sign-in address=198.51.100.7 name=x account=x: x' started
	rm -f "$log"
	configure "log_format = json"
	up -c "$conf" || return
	started=$said
	printf 'alice\nwrong horse one\nwrong horse two\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	printf '%s\n' "$forged" | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	host "/shutdown 9h $forged" '/shutdown off' /quit >/dev/null
	down "with a log in JSON"
	is "each line of the log is an object with time, level and message" "$(python3 -c '
import datetime, json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    o = json.loads(line)
    assert list(o) == ["time", "level", "message"] and o["time"][-1] == "Z", line
    datetime.datetime.fromisoformat(o["time"][:-1])
    print(o["level"], o["message"])' "$log" 2>&1; echo end)" 'info chatd [0-9.]+ has started, .*' \
		'info security: failed-sign-in address=127\.0\.0\.1 name=- account=alice: wrong password' \
		'info security: shutdown address=host .*","message":"security: .*' 'info chatd has ended' end
	same "fail2ban reads it, and nothing that people typed" "$(jailed "$log")" '2 127.0.0.1'
	sed -E "s/^/Nov 28 01:12:17 host chatd[123]: /" "$log" >"$work/syslog"
	same "and so in the journal" "$(jailed "$work/syslog")" '2 127.0.0.1'
	jail_json_answers
}

# What a start and a check say is an object as well.
jail_json_answers() {
	local shown='import json, sys
for line in sys.stdin:
    o = json.loads(line)
    assert list(o) == ["time", "level", "message"], line
    print(o["level"], o["message"])'
	is "so is what the start says on standard output" "$(python3 -c "$shown" <<<"$started" 2>&1)" \
		"info listening on 127\.0\.0\.1:$port, history in $db"
	is "and what a check says" "$("${as[@]}" "$chatd" -n -c "$conf" 2>&1 | python3 -c "$shown" 2>&1)" \
		'info configuration OK'
	is "but on a terminal" "$(script -qec "$chatd -n -c $conf" /dev/null </dev/null | tr -d '\r')" 'configuration OK'
	echo 'nonsense = "1"' >>"$conf"
	is "and what is wrong" "$("${as[@]}" "$chatd" -n -c "$conf" 2>&1 | python3 -c "$shown" 2>&1)" \
		"error $conf:4: nonsense: unknown key"
	is "to a start, too" "$("${as[@]}" "$chatd" -c "$conf" 2>&1 | python3 -c "$shown" 2>&1)" \
		"error $conf:4: nonsense: unknown key"
}

# What was typed for a password is nowhere once it was used: no log, no file, no memory.
secrets() {
	local said where
	configure "log_level = debug" "chat_log = $work/chat.log"
	up -c "$conf" || return
	said=$({
		printf 'alice\n/register horse-one-battery\n/passwd horse-one-battery horse-two-battery\n'
		printf '/drop horse-wrong-battery\n/login alice horse-wrong-battery\nhello\n/quit\n'
	} | nc_bsd -N 127.0.0.1 "$port")
	is "a password is set and changed" "$said" '-- alice is yours.*' '-- Your password has been changed\.' \
		'-- Wrong password; nothing has changed\.'
	said=$(printf 'alice\nhorse-wrong-battery\nhorse-two-battery\n/quit\n' | nc_bsd -N 127.0.0.1 "$port")
	is "and asked for" "$said" '\[PASSWORD\]: -- Wrong password\. 2 tries left\.' \
		'\[PASSWORD\]: -- You are alice, .*'
	said=$(printf 'alice\nhorse-two-battery\n/join den\n/room password horse-room-battery\n/quit\n' |
		nc_bsd -N 127.0.0.1 "$port")
	is "a room gets one" "$said" '-- den has a password now\..*'
	said=$({
		printf 'bob\n/join den horse-ajar-battery\n/join den\nhorse-room-battery\n/quit\n'
	} | nc_bsd -N 127.0.0.1 "$port")
	is "and asks for it" "$said" '-- Wrong password\.' '-- den has a password\. .*' \
		'\[PASSWORD\]: -- You are in den; .*'
	# Half a password, which is never finished, in a connection that is there no more.
	printf 'alice\nhorse-half-battery' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	where=$("$here/memory" "$pid" horse-one-battery horse-two-battery horse-wrong-battery \
		horse-half-battery horse-room-battery horse-ajar-battery)
	case $? in
	0) if [ -z "$where" ]; then
		ok "and none of them is left in memory"
	else
		not_ok "and none of them is left in memory" "$where"
	fi ;;
	*) skip "and none of them is left in memory" "other processes' memory cannot be read here" ;;
	esac
	if [ "$("$here/memory" "$pid" alice)" = alice ]; then
		ok "where it is looked for (the name is there)"
	else
		skip "where it is looked for (the name is there)" "memory cannot be read here"
	fi
	down "with secrets"
	if grep -aqE 'horse-[a-z]+-battery' "$log" "$db" "$work/chat.log"; then
		not_ok "nor in a log or a file" "$(grep -aoE 'horse-[a-z]+-battery' "$log" "$db" "$work/chat.log")"
	else
		ok "nor in a log or a file"
	fi
}

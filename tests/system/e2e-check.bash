# Parts of e2e: the check of a configuration (-n), and what a start refuses because of one.
# Sourced by e2e.
# shellcheck shell=bash disable=SC2154

# all_there FOLDER: what lies beneath it, with sizes, owners, modes and times of change.
all_there() { find "$1" -printf '%p %s %u %m %T@\n' | sort; }

# checks TITLE STATUS PATTERN... -- ARGUMENT...: `chatd -n` ends with that status, says lines that
# match the patterns and no others, and changes nothing.
checks() {
	local title=$1 status=$2 patterns=() said code before lines
	shift 2
	while [ "$1" != -- ]; do
		patterns+=("$1")
		shift
	done
	shift
	before=$(all_there "$work")
	said=$(timeout $((10 * patience)) "${as[@]}" "$chatd" -n "$@" 2>&1 </dev/null)
	code=$?
	lines=$(grep -c . <<<"$said")
	if [ "$code" -ne "$status" ] || [ "$lines" -ne "${#patterns[@]}" ]; then
		not_ok "$title" "exit status $code, $lines lines:" "$said"
	elif [ "$before" != "$(all_there "$work")" ]; then
		not_ok "$title" "it changed something:" "$(diff <(echo "$before") <(all_there "$work"))"
	else
		is "$title" "$said" "${patterns[@]}"
	fi
}

# What is known without being root.
checked() {
	configure "chat_log = $work/chat.log"
	checks "-n finds nothing wrong, and makes nothing" 0 'configuration OK' -- -c "$conf"
	echo "said before" >"$work/chat.log"
	chmod 666 "$work/chat.log"
	checks "nor does it cut off a chat log" 0 'configuration OK' -- -c "$conf"
	printf '%s\n' "database = $work/none/chatd.db" "chat_log = $work/nowhere/chat.log" \
		"listen = unix:$work/gone/sock" >"$conf"
	checks "-n finds all folders that are missing" 78 \
		"listen = unix:$work/gone/sock: the folder $work/gone does not exist" \
		"database = $work/none/chatd.db: the folder $work/none does not exist" \
		"chat_log = $work/nowhere/chat.log: the folder $work/nowhere does not exist" -- -c "$conf"
	echo "nonsense = 1" >>"$conf"
	checks "and what is wrong with the file itself, in the same run" 78 \
		"$conf:4: nonsense: unknown key" "listen = .*" "database = .*" "chat_log = .*" -- -c "$conf"
	printf '%s\n' "database = $work/log/chatd.db" "chat_log = $work" "listen = unix:$work/log" >"$conf"
	echo "no folder" >"$work/log"
	checks "-n finds what is no folder, no file and no socket" 78 \
		"listen = unix:$work/log: .* is not a socket" \
		"database = $work/log/chatd.db: $work/log is not a folder" \
		"chat_log = $work: this is a folder, not a file" -- -c "$conf"
	echo "a letter to my aunt" >"$work/letter"
	chmod 600 "$work/letter"
	[ "$(id -u)" -ne 0 ] || chown 61000 "$work/letter"
	configure
	checks "-n finds what is no database" 78 "$work/letter is not a database.*" -- -c "$conf" \
		-d "$work/letter"
	ln -s "$work/nothing" "$work/link"
	checks "and a link to nothing" 78 "database = $work/link: .*link.*does not exist" -- -c "$conf" \
		-d "$work/link"
	checks "a user that the host does not have" 78 "user = somebody-else: this host has no such user" -- \
		-c "$conf" --user somebody-else
	checks "a configuration that does not exist" 78 "$work/none: cannot be read: No such file or directory" -- -c "$work/none"
	configure
	echo "listen = $port" >>"$conf"
	checks "two listeners that cover each other" 78 \
		"$conf:3: listen: $port and 127.0.0.1:$port cover each other; leave one out, or choose another port" -- -c "$conf"
	rm -f "$work/letter" "$work/link" "$work/log" "$work/chat.log"
	checked_as_root
}

# What root can find out of another user, and others cannot.
checked_as_root() {
	if [ "$(id -u)" -ne 0 ]; then
		skip "what another user may do" "only root can find that out"
		return
	fi
	mkdir "$work/closed" "$work/open"
	chmod 755 "$work" "$work/closed" "$work/etc"
	chown nobody "$work/open"
	touch "$work/open/theirs"
	configure "user = nobody" "chat_log = $work/closed/chat.log"
	chmod 600 "$conf"
	chown 0 "$conf"
	checks "who is not root says what was not looked at" 0 \
		"chatd: not checked: what the user daemon may read and write, which only root can find out" \
		'configuration OK' -- -d "$work/chatd.db" --user daemon
	local as=()
	checks "root finds all that the user of chatd may not do" 78 \
		"database = $db: the user nobody cannot write to the folder $work: Permission denied" \
		"chat_log = $work/closed/chat.log: the user nobody cannot write to the folder $work/closed: Permission denied" \
		"$conf: the user nobody cannot read it, which a reload needs: Permission denied" -- -c "$conf"
	chmod 644 "$conf"
	echo "said before" >"$work/closed/chat.log"
	sed -i "s,^database = .*,database = $work/open/theirs," "$conf"
	checks "and files that are another's" 78 \
		"$work/open/theirs belongs to another user \\(uid 0\\).*" \
		"chat_log = $work/closed/chat.log: the user nobody cannot write to it: Permission denied" -- \
		-c "$conf"
	rm "$work/open/theirs"
	sed -i "s,^chat_log = .*,chat_log = $work/open/chat.log," "$conf"
	checks "and nothing where all is as it should be" 0 'configuration OK' -- -c "$conf"
	certificate check
	chmod 600 "$work/etc/key.pem"
	printf 'listen = 127.0.0.1:0 tls\ntls_certificate = %s\ntls_key = %s\n' "$work/etc/cert.pem" "$work/etc/key.pem" >>"$conf"
	checks "and a key that only root can read, which is right if root starts chatd" 0 \
		"chatd: tls_key = $work/etc/key\.pem: the user nobody cannot read it \\(Permission denied\\); that is fine if root starts chatd, .*" \
		'configuration OK' -- -c "$conf"
	sed -i '/tls/d' "$conf"
	checks "without a user it says that" 0 \
		'chatd: not checked: what chatd may read and write, for it gives root up and no user is set: give --user NAME, or set user in the configuration file' \
		'configuration OK' -- -d "$work/open/chatd.db"
	checks "root is no user for it" 78 "user = root: chatd does not run as root.*" -- \
		-d "$work/open/chatd.db" --user root
	sed -i "s,^user = .*,user = somebody-else," "$conf"
	expect=78 refuses "a start refuses the same, with the status of a bad configuration" 'no such user' \
		-c "$conf"
	rm -rf "$work/closed" "$work/open"
}

# A copy is put in the database's place, and the WAL of the old one is left next to it.
restored() {
	local said
	configure
	up -c "$conf" || return
	printf 'bob\nbefore the copy\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	said=$(host '/backup monday.db')
	is "a copy is made" "$said" '-- Backed up to monday\.db: .*'
	printf 'bob\nafter the copy\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	said_after() { [ "$(bodies | tail -n 1)" = 'after the copy' ]; }
	await said_after
	chatd_stop KILL
	cp "$db" "$work/old.db"
	cat "$work/monday.db" >"$db"
	expect=78 refuses "the WAL of another database is refused" "$db-wal does not belong" -c "$conf"
	cp "$db-wal" "$work/old.db-wal"
	is "nothing is lost: the old database has what was said" \
		"$(sqlite3 "$work/old.db" 'SELECT body FROM messages ORDER BY id')" 'before the copy' 'after the copy'
	rm "$db-wal" "$db-shm"
	up -c "$conf" || return
	said=$(printf 'eve\n' | nc_bsd -N 127.0.0.1 "$port")
	is "and the copy is gone on with once that is moved away" "$said" "$stamp\\[bob\\]:before the copy"
	down "with a restored copy"
	rm -f "$work/old.db"* "$work/monday.db"
}

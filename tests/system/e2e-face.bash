# A part of e2e: the server's own face, from files that a reload reads again, and what the start says of
# ports that others can reach. Sourced by e2e.
# shellcheck shell=bash disable=SC2154

# come NAME: what a guest of that name reads on coming in.
come() { printf '%s\n' "$1" | nc_bsd -N 127.0.0.1 "$port" | rows_joined; }

# ports_named: the log says which ports others can reach.
ports_named() {
	local local_too=()
	configure
	up -c "$conf" || return
	is "of a port for this machine alone nothing is said" "$(grep -c 'other machines can connect' "$log")" 0
	down "with a port of this machine"
	[ ! -s /proc/net/if_inet6 ] || local_too=(-l '[::1]:0')
	up -c "$conf" -l "unix:$work/chatd.sock" -l "0 telnet" -l 127.0.0.1:0 "${local_too[@]}" -l 0.0.0.0:0 || return
	is "of others the start says that nothing is encrypted" "$(grep 'other machines can connect' "$log")" \
		'.*warn: listen = 0 telnet, 0\.0\.0\.0:0: other machines can connect, and nothing is encrypted.*'
	down "with ports for others"
}

# A room that is not open to everybody does not become the lobby; one that is keeps what was said there.
lobbies() {
	configure "lobby = plaza"
	up -c "$conf" || return
	printf 'owner\nsaid in plaza\n/register correct horse\n/join ops\nsaid in ops\n/room private on\n/sync\n' |
		nc_bsd -N 127.0.0.1 "$port" >/dev/null
	down "with a lobby of another name"
	sed -i 's/^lobby = .*/lobby = ops/' "$conf"
	expect=78 refuses "a private room does not become the lobby" 'lobby = ops: that room is private' -c "$conf"
	sed -i '/^lobby = /d' "$conf"
	up -c "$conf" || return
	is "without the key general is the lobby, and nothing of the other is lost" \
		"$(printf 'eve\n/join plaza\n' | nc_bsd -N 127.0.0.1 "$port")" \
		'\[ENTER YOUR NAME\]: -- You are eve, in general; nobody else is here yet\..*' '-- You are in plaza\.' \
		"$stamp\\[owner\\]:said in plaza"
	down "with the lobby that was"
}

# What a reload makes of files that have changed.
texts_reloaded() {
	local folder=${conf%/*} elsewhere said
	printf 'Lunch at noon.\n' >"$folder/motd"
	said=$(host /reload)
	is "a reload reads a text again" "$said" '.*-- The configuration was read again:' \
		"--   motd: the text in $folder/motd has changed"
	is "and people read the new one" "$(come dora)" '-- Message of the day:' '--   Lunch at noon\.'
	printf 'Supper\tat six.\n' >"$folder/motd"
	printf '\n' >"$folder/rules"
	said=$(host /reload)
	is "a bad one is refused with its line" "$said" '.*-- The configuration stays as it was, because of this:' \
		"--   motd = $folder/motd: line 1 has a tab; write blanks instead"
	in_log "motd = $folder/motd: line 1 has a tab" || not_ok "in the log too" "$(tail -n 5 "$log")"
	is "and all that was stays" "$(come dora)" '--   Lunch at noon\.' '-- The rules here .*' '--   1\. Be kind\.'
	rm "$folder/motd"
	said=$(host /reload)
	is "one that is gone as well" "$said" "--   motd = $folder/motd: cannot be read: No such file or directory"
	elsewhere=$(mktemp -d "${TMPDIR:-/tmp}/chatd-sh.XXXXXX")
	chmod 755 "$elsewhere"
	printf 'Supper at six.\n' >"$elsewhere/motd"
	sed -i "s,^motd = .*,motd = $elsewhere/motd," "$conf"
	said=$(host /reload)
	if grep -q 'does not let chatd restrict its access to files' "$log"; then
		skip "one in a folder that the sandbox does not know" "no Landlock here"
	else
		is "one in a folder that the sandbox does not know is refused, with the reason" "$said" \
			"--   motd = $elsewhere/motd: cannot be read: Permission denied \\(in the sandbox, .*\\)"
	fi
	rm -r "$elsewhere"
	sed -i 's,^motd = .*,motd = none,; s,^banner = .*,banner = penguin,' "$conf"
	said=$(host /reload)
	is "without a text there is none" "$(printf 'dora\n/motd\n' | nc_bsd -N 127.0.0.1 "$port")" \
		'Welcome to Example Chat!' ' *_nnnn_' '-- There is no message of the day\.'
}

face() {
	local folder=${conf%/*}
	configure "server_name = Example Chat" "banner = $folder/banner" "motd = $folder/motd" "rules = $folder/rules"
	printf '~~~ Example ~~~\n' >"$folder/banner"
	printf 'The backup runs at four.\n' >"$folder/motd"
	printf '1. Be kind.\r\n' >"$folder/rules"
	checks "-n finds nothing wrong with a server's own texts" 0 'configuration OK' -- -c "$conf"
	printf 'caf\351\n' >"$folder/rules"
	printf '[PASSWORD]: \n' >"$folder/banner"
	checks "and what is wrong with each" 78 \
		"banner = $folder/banner: line 1 could be taken for a prompt, a reply or something said" \
		"rules = $folder/rules: line 1 is not UTF-8" -- -c "$conf"
	expect=78 refuses "a start refuses them as well" "rules = $folder/rules: line 1 is not UTF-8" -c "$conf"
	printf '~~~ Example ~~~\n' >"$folder/banner"
	printf '1. Be kind.\r\n' >"$folder/rules"
	up -c "$conf" || return
	is "a newcomer reads the banner, the message of the day and the rules" "$(come carol)" '~~~ Example ~~~' \
		'\[ENTER YOUR NAME\]: -- You are carol, in general; .*' '-- Message of the day:' \
		'--   The backup runs at four\.' '-- The rules here \(/rules shows them again\):' '--   1\. Be kind\.'
	texts_reloaded
	down "with a face of its own"
	rm -f "$folder/banner" "$folder/motd" "$folder/rules"
	rm -f "${db:?}"* "$log"
	lobbies
	ports_named
}

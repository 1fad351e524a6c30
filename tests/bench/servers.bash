# The servers, for run: start_NAME sets cmd, up and down start and stop one of them.
# Wants work, out, port, chatd, floor and slowdisk; owns pid.

pid=0
io=               # what that one waits with, if it is a chatd: io_uring, epoll
startup_us=0      # of the server started last, from exec to its word that it listens
per_room=         # members of one room, for floor
connections=12000 # at most

# chatd does not run as root, nor does it here.
as=()
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid 61000 --regid 61000 --clear-groups)
	chown 61000 "$work" "$out"
fi

# chatd_conf DATABASE [LINE...]: a file of its own, with these lines behind the usual ones.
chatd_conf() {
	local database=$1
	shift
	printf '%s\n' "listen = 127.0.0.1:$port" "database = $database" "rate_lines = 0" \
		"rate_bytes = 0" "rate_address = 0" "io = ${IO:-auto}" \
		"max_connections = $connections" "history_replay = 0" "login_timeout = 0" "$@" |
		tac | awk -F ' = ' '!seen[$1]++' >"$work/chatd.conf"
	[ "${#as[@]}" = 0 ] || chown 61000 "$database"* 2>/dev/null
	cmd=("${as[@]}" "$chatd" -c "$work/chatd.conf")
}
chatd_new() {
	rm -f "$work"/chatd.db*
	chatd_conf "$work/chatd.db" "durability = $1" "${@:2}"
}
start_floor() { cmd=("$floor" "$port" "$connections" ${per_room:+"$per_room"}); }
start_relaxed() { chatd_new relaxed; }
start_commit() { chatd_new commit; }
start_uring() { chatd_new commit "io = uring"; }
start_epoll() { chatd_new commit "io = epoll"; }
start_sync() { chatd_new sync; }
# A disk on which every sync, or every write, takes its time.
start_slow_sync() {
	chatd_new sync
	cmd=(env SLOWDISK_SYNC_US=50000 LD_PRELOAD="$slowdisk" "${cmd[@]}")
}
start_slow_commit() {
	chatd_new commit
	cmd=(env SLOWDISK_WRITE_US=2000 LD_PRELOAD="$slowdisk" "${cmd[@]}")
}
# $work/kept.conf says what it is to be.
start_kept() { cmd=("${as[@]}" "$chatd" -c "$work/chatd.conf"); }
start_ncat() { cmd=(ncat --chat -l -k -m "$connections" 127.0.0.1 "$port"); }
start_ngircd() {
	cat >"$work/ngircd.conf" <<-C
	[Global]
	Name = bench.invalid
	Info = bench
	Listen = 127.0.0.1
	Ports = $port
	[Limits]
	MaxConnections = 0
	MaxConnectionsIP = 0
	MaxPenaltyTime = 0
	[Options]
	DNS = no
	Ident = no
	PAM = no
	C
	cmd=(ngircd -n -f "$work/ngircd.conf")
}
start_inspircd() {
	cat >"$work/inspircd.conf" <<-C
	<server name="bench.invalid" description="bench" network="bench" id="1AA">
	<admin name="bench" email="bench@bench.invalid" nick="bench">
	<bind address="127.0.0.1" port="$port" type="clients">
	<connect name="all" allow="*" timeout="60" pingfreq="600" recvq="1M" softsendq="64M"
	         hardsendq="128M" fakelag="no" commandrate="100000000" threshold="1000000"
	         localmax="20000" globalmax="20000" resolvehostnames="no" useident="no"
	         useconnectban="no" modes="">
	<performance softlimit="20000" somaxconn="4096">
	<security hidemodes="">
	<options defaultmodes="n">
	<cidr ipv4clone="32">
	<path configdir="$work" datadir="$work" logdir="$work" runtimedir="$work">
	<pid file="$work/inspircd.pid">
	C
	cmd=(inspircd --nofork --nolog --nopid --config "$work/inspircd.conf")
	[ "$(id -u)" != 0 ] || cmd+=(--runasroot)
}

# What gen speaks to it, and how many may log in at one time: a backlog of ten that is
# full costs a second for each who finds it so.
proto() {
	case $1 in
	floor) echo proto=bare logins=200 ;;
	ncat) echo proto=ncat logins=5 ;;
	ngircd) echo proto=irc logins=5 ;;
	inspircd) echo proto=irc logins=200 ;;
	*) echo proto=chatd logins=200 ;;
	esac
}

# A connection made to find out would be a member of the floor's first room, so it says.
listening() {
	case $1 in
	ncat | ngircd | inspircd) (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null ;;
	*) grep -q listening "$work/server.log" ;;
	esac
}

up() {
	local begin tries=0
	"start_$1"
	: >"$work/server.log"
	begin=${EPOCHREALTIME/./}
	"${cmd[@]}" >"$work/server.log" 2>&1 &
	pid=$!
	until listening "$1"; do
		tries=$((tries + 1))
		if [ $tries -gt 3000 ] || ! kill -0 "$pid" 2>/dev/null; then
			echo "cannot start $1:" >&2
			tail -n 5 "$work/server.log" >&2
			down
			return 1
		fi
		sleep 0.003
	done
	startup_us=$((${EPOCHREALTIME/./} - begin))
	io=$(sed -nE 's/.* io: ([a-z_]+).*/\1/p' "$work/server.log")
}

down() {
	[ "$pid" != 0 ] || return 0
	kill "$pid" 2>/dev/null
	# A server with thousands of people may be busy for minutes with their going.
	for _ in $(seq 100); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	pid=0
	io=
	# Another port each time: those of the last one's connections are not free at once.
	port=$((port + 1))
}

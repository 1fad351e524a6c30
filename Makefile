# chatd: a multi-room chat server for nc and telnet.
#
#   make            builds ./chatd
#   make deps         installs the Debian packages that a build needs; with a target after it
#                     (make deps test), what that target needs as well
#   make run          builds chatd and runs it in this folder, on ports 8989 and 2323 (telnet)
#   make test         runs all tests, with sanitizers; ends with "N passed, N failed"
#   make test-long    runs the longer tests: crashes, attacks, planted mistakes
#   make install      installs chatd; PREFIX=/usr/local, DESTDIR=
#   make deb          builds a Debian package, .build/chatd_VERSION_ARCH.deb (make deps deb first)
#
#   make bench        compares chatd with a bare fan-out and with its peers (make deps bench first);
#                     make bench-quick takes less than 2 minutes
#   make coverage     shows which lines and branches the tests reach (make deps coverage first)
#   make test-kernel  runs the tests on Debian 12's own kernel, in an emulated machine
#   make sim          runs the simulation with new seeds for SIM_S seconds (60);
#                     make sim SEED=n repeats one seed and shows what happens in it
#   make fuzz         fuzzes the parsers of network input (people's, proxies' and HTTP), configuration, database and
#                     imports, the line editor, its screen and the chat behind them, each for FUZZ_S seconds (300),
#                     two at a time
#   make lint         runs clang-tidy and gcc's analyzer over the source (make deps lint first)
#   make valgrind     runs the unit tests and the in-memory conversations under memcheck
#   make terminal     types at chatd's editor for TERMINAL_S seconds (60), and compares the screen
#                     with a model
#   make soak         lets 2,000 people chat through kill -9 for SOAK_S seconds (1800), and accounts
#                     for every line

VERSION  = 0.1.0
comma    = ,
CC       = gcc
PREFIX  ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
OPT      = -O2 -g
WARN     = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wconversion
WERROR   =

# Each variant has its own folder of objects: release, and those that the tests build.
VARIANT  = release
B        = .build/$(VARIANT)
SAN      =

# Hardening, which makes our bugs harder to exploit. Variants with sanitizers look for the bugs instead.
# Flags that not every compiler or machine supports are probed first.
ifeq ($(VARIANT),release)
has      = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo '$(1)')
HARDEN  := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fPIE \
           $(call has,-fcf-protection) $(call has,-ftrivial-auto-var-init=zero)
HARDEN_LD = -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
endif

# Reports only need line numbers; for a debugger: OPT='-O0 -g'.
ifeq ($(VARIANT),asan)
OPT      = -O1 -g1
SAN      = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
WERROR   = -Werror
endif
ifeq ($(VARIANT),tsan)
OPT      = -O1 -g
SAN      = -fsanitize=thread -fno-omit-frame-pointer
endif
ifeq ($(VARIANT),clang)
CC       = clang
WERROR   = -Werror
endif

CHATD_CFLAGS  = -std=gnu17 -D_GNU_SOURCE -Iinclude -DCHATD_VERSION='"$(VERSION)"' \
                $(WARN) $(WERROR) $(OPT) $(SAN) $(HARDEN) -pthread $(CFLAGS)
CHATD_LDFLAGS = $(SAN) $(HARDEN_LD) -pthread $(LDFLAGS)
LIBS          = -luring -lsqlite3 -lutf8proc -lcrypt -loath -licui18n -licuuc -lseccomp -lssl -lcrypto -lmicrohttpd -lhiredis

SRC    = $(sort $(shell find src -name "*.c"))
OBJ    = $(SRC:%.c=$(B)/%.o)
LIB    = $(B)/libchatd.a
UNIT   = $(sort $(wildcard tests/unit/*/test_*.c tests/fuzz/test_*.c))
TESTS  = $(UNIT:tests/%.c=$(B)/tests/%)
TOOLS  = $(addprefix $(B)/tests/,talk/talk sim/sim fuzz/fuzz_chat) $(addprefix $(B)/tests/system/,\
           load crowd witness hostile_tool no_uring soak_client alloc_client cluster_talk faildisk.so failmem.so)

DEPS_BUILD = gcc make pkg-config liburing-dev libsqlite3-dev libutf8proc-dev \
             uthash-dev libcrypt-dev liboath-dev libicu-dev libseccomp-dev libssl-dev libmicrohttpd-dev libhiredis-dev
DEPS_TEST  = clang libcmocka-dev expect tmux telnet ncat netcat-openbsd strace procps \
             sqlite3 mandoc python3 binutils patch fail2ban openssl python3-pyte
DEPS_COVERAGE = gcovr
DEPS_DEB   = debhelper
DEPS_LONG  = $(DEPS_DEB) lintian debootstrap
DEPS_LINT  = clang-tidy valgrind
DEPS_KERNEL = qemu-system-x86 busybox-static cpio
DEPS_BENCH = python3 gnuplot-nox ncat ngircd inspircd strace sqlite3

all: chatd

chatd: $(B)/chatd
	@cp $< $@.new && mv $@.new $@

$(B)/chatd: $(B)/src/program/main.o $(LIB)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(filter-out $(B)/src/program/main.o,$(OBJ))
	@rm -f $@
	@ar rcs $@ $^

# Files that several kinds of tests share are included by name alone.
$(B)/tests/%.o: CHATD_CFLAGS += -iquote tests/lib

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CHATD_CFLAGS) -MMD -MP -c -o $@ $<

# What names the version is compiled again if VERSION is another one than last time.
$(patsubst %.c,$(B)/%.o,$(shell grep -rl --include='*.c' CHATD_VERSION src)): $(B)/version

$(B)/version: always
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

always:

# A failing disk, for the programs that run the store on it.
DISK_OBJ = $(B)/tests/lib/fake_disk.o $(B)/tests/lib/fake_files.o

# Test programs come before the library, so that the simulation's ring and writer replace the real
# ones; its model (__wrap_chat_step) sees everything that passes between server and core.
SIM_OBJ = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/sim/*.c)))
$(B)/tests/sim/sim: $(SIM_OBJ) $(DISK_OBJ) $(LIB)
	$(CC) $(CHATD_LDFLAGS) -Wl,--wrap=chat_step,--wrap=rename,--wrap=unlink,--wrap=fsync \
	    -o $@ $^ $(LIBS)

TALK_OBJ = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/talk/*.c)))
$(B)/tests/talk/talk: $(TALK_OBJ) $(LIB)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ $(LIBS)

CHAT_OBJ = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/fuzz/fuzz_chat*.c)))
$(B)/tests/fuzz/fuzz_chat: $(CHAT_OBJ) $(LIB)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ $(LIBS)

SOAK_OBJ = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/system/soak_*.c)))
$(B)/tests/system/soak_client: $(SOAK_OBJ) $(LIB)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^

ALLOC_OBJ = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/system/alloc_*.c)))
$(B)/tests/system/alloc_client: $(ALLOC_OBJ) $(LIB)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ -lsqlite3

CLUSTER_OBJ = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/system/cluster_*.c)))
$(B)/tests/system/cluster_talk: $(CLUSTER_OBJ)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ -lsqlite3

$(B)/tests/system/failmem.so: tests/system/failmem.c Makefile
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE -D_FORTIFY_SOURCE=3,$(CHATD_CFLAGS)) -fno-builtin -fPIC -shared -o $@ $< -ldl

# The benchmark's load, floor and bare pipeline use none of chatd's code; fill writes through its store, and engine
# measures the cluster's.
GEN_OBJ = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/bench/gen*.c)))
BENCH   = $(addprefix $(B)/tests/bench/,gen floor fill engine pipeline acts slowdisk.so)

$(B)/tests/bench/gen: $(GEN_OBJ)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ -lssl -lcrypto

$(B)/tests/bench/floor: $(B)/tests/bench/floor.o
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ -luring

$(B)/tests/bench/fill: $(B)/tests/bench/fill.o $(LIB)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ $(LIBS)

$(B)/tests/bench/engine: $(B)/tests/bench/engine.o $(LIB)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ $(LIBS)

$(B)/tests/bench/pipeline: $(B)/tests/bench/pipeline.o
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ -lhiredis -lsqlite3

$(B)/tests/bench/acts: $(B)/tests/bench/acts.o
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ -lhiredis

$(B)/tests/bench/slowdisk.so: tests/bench/slowdisk.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CHATD_CFLAGS) -fPIC -shared -o $@ $< -ldl

# This is loaded into a chatd that is built without sanitizers.
$(B)/tests/system/faildisk.so: tests/system/faildisk.c Makefile
	@mkdir -p $(@D)
	$(CC) $(filter-out $(SAN) $(HARDEN),$(CHATD_CFLAGS)) -fPIC -shared -o $@ $< -ldl

$(B)/tests/%: $(B)/tests/%.o $(LIB)
	$(CC) $(CHATD_LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

# For these, the kernel fails as the test says.
$(B)/tests/unit/net/test_ring_faults $(B)/tests/unit/net/test_ring_lost: CHATD_LDFLAGS += \
    -Wl,--wrap=io_uring_submit_and_wait_timeout -Wl,--wrap=io_uring_submit_and_get_events \
    -Wl,--wrap=io_uring_get_events -Wl,--wrap=nanosleep
$(B)/tests/unit/net/test_accept: CHATD_LDFLAGS += -Wl,--wrap=effects_step -Wl,--wrap=ring_accept \
    -Wl,--wrap=ring_refuse -Wl,--wrap=ring_peer -Wl,--wrap=ring_random
$(B)/tests/unit/net/test_proxied: CHATD_LDFLAGS += -Wl,--wrap=ring_recv -Wl,--wrap=ring_shutdown \
    -Wl,--wrap=ring_close
$(B)/tests/unit/tls/test_peer: CHATD_LDFLAGS += $(addprefix -Wl$(comma)--wrap=ring_,accept recv send cancel_accept shutdown \
    close refuse random mono_ms wall_ms wait)
$(B)/tests/unit/metrics/test_http: CHATD_LDFLAGS += -Wl,--wrap=clock_gettime
$(B)/tests/unit/store/test_reserve: CHATD_LDFLAGS += -Wl,--wrap=fstatvfs
$(B)/tests/unit/net/test_ring_new: CHATD_LDFLAGS += -Wl,--wrap=io_uring_queue_init_params \
    -Wl,--wrap=io_uring_register_buf_ring -Wl,--wrap=mmap -Wl,--wrap=syscall
$(B)/tests/unit/net/test_ring_engines: CHATD_LDFLAGS += -Wl,--wrap=epoll_ctl
$(B)/tests/unit/base/test_sleeper: CHATD_LDFLAGS += -Wl,--wrap=eventfd -Wl,--wrap=epoll_create1 \
    -Wl,--wrap=epoll_ctl

# Looks at memory that is freed.
$(B)/tests/unit/core/test_editor: CHATD_LDFLAGS += -Wl,--wrap=free

# A filesystem without permissions.
$(B)/tests/unit/store/test_recovery: CHATD_LDFLAGS += -Wl,--wrap=unlink
$(B)/tests/unit/store/test_wal_copy: CHATD_LDFLAGS += -Wl,--wrap=sleeper_sleep
$(B)/tests/unit/store/test_files: CHATD_LDFLAGS += -Wl,--wrap=fchmod

-include $(OBJ:.o=.d) $(UNIT:%.c=$(B)/%.d) $(wildcard $(B)/tests/*/*.d)

$(B)/tests/unit/store/test_faults $(B)/tests/unit/store/test_position $(B)/tests/unit/store/test_wal_frames: $(DISK_OBJ)

# Kept, so that a change in the library links the tests again and compiles none.
.SECONDARY: $(TESTS:=.o)

# In an emulated machine with Debian 12's own kernel (make deps test-kernel first).
test-kernel:
	$(MAKE) VARIANT=release chatd tests
	tests/system/kernel

# Shows which lines and branches the tests reach (make deps coverage first).
coverage:
	$(MAKE) -s VARIANT=coverage OPT='-O0 -g' SAN=--coverage tests
	tests/check/coverage

.PHONY: always all run deb deps test test-long terminal test-kernel coverage tests bench bench-quick install uninstall clean fuzz sim fuzz-build \
        soak lint valgrind warnings

RUN_PORTS = 8989 --listen 2323 telnet

# Started as root, chatd switches to the user nobody, with its history in a folder of that user's own.
run: chatd
	@[ "$$(id -u)" != 0 ] || install -d -o nobody -m 700 /var/lib/chatd-run
	@if [ "$$(id -u)" = 0 ]; then \
	    exec ./chatd --user nobody --database /var/lib/chatd-run/chatd.db $(RUN_PORTS); \
	else \
	    exec ./chatd $(RUN_PORTS); \
	fi

# Installs only what is missing, so that it asks for no password if nothing is.
deps:
	@missing=; for p in $(DEPS_BUILD) $(if $(filter test,$(MAKECMDGOALS)),$(DEPS_TEST)) \
	        $(if $(filter deb,$(MAKECMDGOALS)),$(DEPS_DEB)) \
	        $(if $(filter test-long,$(MAKECMDGOALS)),$(DEPS_TEST) $(DEPS_LONG)) \
	        $(if $(filter coverage,$(MAKECMDGOALS)),$(DEPS_TEST) $(DEPS_COVERAGE)) \
	        $(if $(filter lint valgrind,$(MAKECMDGOALS)),$(DEPS_TEST) $(DEPS_LINT)) \
	        $(if $(filter test-kernel,$(MAKECMDGOALS)),$(DEPS_TEST) $(DEPS_KERNEL)) \
	        $(if $(filter bench bench-quick,$(MAKECMDGOALS)),$(DEPS_BENCH)); do \
	    dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || \
	        missing="$$missing $$p"; \
	done; \
	[ -z "$$missing" ] || { \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    echo "installing:$$missing"; \
	    $$sudo apt-get update -q && \
	    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	        --no-install-recommends $$missing; \
	}

tests: $(B)/chatd $(TESTS) $(TOOLS)

test:
	@tests/run

test-long:
	@tests/run long

# Shows the compiler's warnings without generating code. For VARIANT=clang: gcc builds everything anyway.
warnings:
	@printf '%s\n' $(SRC) | xargs -P $$(nproc) -n 8 $(CC) $(CHATD_CFLAGS) -fsyntax-only

bench bench-quick: $(B)/chatd $(BENCH)
	@tests/bench/run $(if $(filter bench-quick,$@),quick)

SIM_S = 60

# Some kernels place random mappings where the sanitizers need their shadow memory; setarch -R stops that.
sim:
	$(MAKE) -s VARIANT=asan .build/asan/tests/sim/sim
	@fixed=; if setarch -R true 2>/dev/null; then fixed='setarch -R'; fi; \
	$$fixed .build/asan/tests/sim/sim $(if $(SEED),--seed $(SEED),--for $(SIM_S))

# Two static analysers. .clang-tidy explains which reports of the first are off. For gcc's: it takes objects in
# uthash's tables, which are reached by a pointer into them, for leaks (the tests' LeakSanitizer finds the
# real ones), and structures returned by functions in other files for uninitialised.
LINT_QUIET = -Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value
LINT_CFLAGS = -std=gnu17 -D_GNU_SOURCE -Iinclude -DCHATD_VERSION='"$(VERSION)"'

lint:
	@printf '%s\n' $(SRC) | xargs -P $$(nproc) -n 4 sh -c 'clang-tidy --quiet "$$@" -- \
	    $(subst ",\",$(subst ',,$(LINT_CFLAGS))) 2>/dev/null' clang-tidy
	@printf '%s\n' $(SRC) | xargs -P $$(nproc) -n 1 gcc $(subst ",\",$(subst ',,$(LINT_CFLAGS))) $(WARN) \
	    -Werror -O2 -fanalyzer $(LINT_QUIET) -c -o /dev/null
	@echo "lint: nothing found"

# Without sanitizers, which do the same in another way. The sandbox's tests are left out: they would
# sandbox valgrind itself.
VALGRIND = valgrind -q --error-exitcode=99

valgrind:
	$(MAKE) -s VARIANT=valgrind OPT='-O1 -g' HARDEN= HARDEN_LD= tests
	set -e; for t in $(filter-out unit/program/test_sandbox,$(UNIT:tests/%.c=%)); do \
	    echo "== $$t"; $(VALGRIND) .build/valgrind/tests/$$t; done
	$(VALGRIND) .build/valgrind/tests/talk/talk --core tests/talk/conversations/*.talk

# Random sessions at chatd's editor, through a terminal emulator: TERMINAL_S, SEED.
TERMINAL_S = 60
terminal: $(B)/tests/system/load
	$(MAKE) -s VARIANT=asan .build/asan/chatd
	@fixed=; if setarch -R true 2>/dev/null; then fixed='setarch -R'; fi; \
	$$fixed tests/system/terminal .build/asan/chatd $(B)/tests/system/load $(TERMINAL_S) $(or $(SEED),1)

# Many people for a long time (make deps test first): SOAK_S, SOAK_PEOPLE, SOAK_SEED.
soak: $(B)/chatd $(B)/tests/system/load $(B)/tests/system/soak_client
	tests/system/soak $(B)/chatd $(B)/tests/system/load

FUZZ_S = 300
FUZZ_SAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZERS = input editor tty conf db import proxy http certs

# Each runs for FUZZ_S seconds, two at a time. They start from tests/fuzz/corpus; inputs that they find are kept in
# .build/fuzz, and crashes there as crash-*. Reduce such a file and add it to tests/fuzz/corpus, which make test
# runs.
fuzz: fuzz-build
	@cd .build/fuzz && for f in $(FUZZERS); do mkdir -p found/$$f; done; \
	printf '%s\n' $(FUZZERS) chat | xargs -P 2 -I F sh -c ' \
	    if [ F = chat ]; then ./chat $(FUZZ_S) >F.log 2>&1; else \
	        ./F -max_total_time=$(FUZZ_S) -timeout=20 -max_len=65536 -print_final_stats=1 \
	            -artifact_prefix=F- found/F ../../tests/fuzz/corpus/F >F.log 2>&1; \
	    fi || { echo "F: found something, see .build/fuzz/F.log"; tail -n 30 F.log; exit 1; }; \
	    grep -aE "number_of_executed_units|rounds from" F.log | sed "s/^/F: /"'

FUZZ_CC = clang $(filter-out $(HARDEN),$(CHATD_CFLAGS)) -O1 -g -iquote tests/lib $(FUZZ_SAN)

fuzz-build:
	$(MAKE) -s VARIANT=fuzz CC=clang OPT='-O1 -g' WERROR=-Werror \
	    SAN='-fsanitize=fuzzer-no-link $(FUZZ_SAN)' .build/fuzz/libchatd.a
	set -e; for f in $(FUZZERS); do \
	    $(FUZZ_CC) -fsanitize=fuzzer -o .build/fuzz/$$f \
	        tests/fuzz/fuzz_$$f.c .build/fuzz/libchatd.a -pthread $(LIBS); \
	done
	$(FUZZ_CC) -fsanitize=fuzzer-no-link -o .build/fuzz/chat \
	    tests/fuzz/fuzz_chat*.c .build/fuzz/libchatd.a -pthread $(LIBS)

# An installed file, and how it is made from one of ours. The configuration is not touched if it exists.
DOCDIR   = $(DESTDIR)$(PREFIX)/share/doc/chatd
# All but the map of the source.
DOCS     = $(filter-out docs/architecture.md,$(wildcard docs/*.md docs/*.svg))
FILL     = sed 's,@PREFIX@,$(PREFIX),g; s,@SYSCONFDIR@,$(SYSCONFDIR),g'
CONF     = $(DESTDIR)$(SYSCONFDIR)/chatd/chatd.conf
SERVICE_CONF = sed 's,^\#database = .*,database = /var/lib/chatd/chatd.db,; s,^\#user =.*,user = chatd,'

install: chatd
	install -D -m 755 chatd $(DESTDIR)$(PREFIX)/bin/chatd
	install -D -m 644 docs/chatd.8 $(DESTDIR)$(PREFIX)/share/man/man8/chatd.8
	install -D -m 644 docs/chatd.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/chatd.conf.5
	install -D -m 644 docs/chatd.bash-completion $(DESTDIR)$(PREFIX)/share/bash-completion/completions/chatd
	install -D -m 644 -t $(DOCDIR) chatd.conf.example docs/grafana-dashboard.json $(DOCS)
	install -D -m 644 -t $(DOCDIR)/container docs/container/*
	install -D -m 644 docs/fail2ban/filter.conf $(DOCDIR)/fail2ban/filter.d/chatd.conf
	install -D -m 644 docs/fail2ban/jail.conf $(DOCDIR)/fail2ban/jail.d/chatd.conf
	install -D -m 644 docs/chatd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/chatd.conf
	install -D -m 644 docs/chatd.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/chatd.conf
	install -D -m 644 docs/chatd.socket $(DESTDIR)$(UNITDIR)/chatd.socket
	$(FILL) docs/chatd.service > $(DESTDIR)$(UNITDIR)/chatd.service
	chmod 644 $(DESTDIR)$(UNITDIR)/chatd.service
	install -d $(dir $(CONF))
	[ -e $(CONF) ] || { $(SERVICE_CONF) chatd.conf.example > $(CONF) && chmod 644 $(CONF); }

# Leaves the configuration and the history.
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/chatd $(DESTDIR)$(PREFIX)/share/man/man8/chatd.8 \
	    $(DESTDIR)$(PREFIX)/share/man/man5/chatd.conf.5 \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/chatd \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/chatd.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/chatd.conf \
	    $(DESTDIR)$(UNITDIR)/chatd.service $(DESTDIR)$(UNITDIR)/chatd.socket
	rm -rf $(DOCDIR)

# Who answers for a package that you give to others.
MAINTAINER = the chatd authors <chatd@example.org>

# debhelper is looked for first, because the build takes a while.
deb:
	@command -v dh >/dev/null || { echo "debhelper is missing: make deps deb installs it" >&2; exit 1; }
	@$(MAKE) --no-print-directory chatd
	docs/debian/make-deb $(VERSION) '$(MAINTAINER)'

clean:
	rm -rf .build chatd

# weir. `make` builds into bin/ and installs no packages; `./bootstrap` installs what is missing first.
.POSIX:

PREFIX = /usr/local
DESTDIR =
PROGPREFIX =
CC = cc
CPPFLAGS =
CFLAGS = -O2
LDFLAGS =
LDLIBS = -lcsv -ljansson -lm -lpthread
BIN = bin
TESTS =
FUZZ =

# So many programs at a time by GNU make, unless it is called with -j; others do not look.
MAKEFLAGS = -j 4

STANDARD = -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -ffp-contract=off -fno-math-errno
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-unused-function
COMPILE = $(CC) $(STANDARD) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
SANITIZE = -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all

PROGRAMS = featurize sessions simulate holdout negatives pretrain finetune pool candidates score weights topk ctr revenue feedback metrics verdict ope
HEADERS = common/*.h common/*/*.h

all: $(PROGRAMS:%=$(BIN)/%)

$(PROGRAMS:%=$(BIN)/%): $(HEADERS)
	@mkdir -p $(BIN)
	$(COMPILE) -o $@ filters/$(@F).c $(LDLIBS)

$(BIN)/featurize: filters/featurize.c
$(BIN)/sessions: filters/sessions.c
$(BIN)/simulate: filters/simulate.c
$(BIN)/holdout: filters/holdout.c
$(BIN)/negatives: filters/negatives.c
$(BIN)/pretrain: filters/pretrain.c
$(BIN)/finetune: filters/finetune.c
$(BIN)/pool: filters/pool.c
$(BIN)/candidates: filters/candidates.c
$(BIN)/score: filters/score.c
$(BIN)/weights: filters/weights.c
$(BIN)/topk: filters/topk.c
$(BIN)/ctr: filters/ctr.c
$(BIN)/revenue: filters/revenue.c
$(BIN)/feedback: filters/feedback.c
$(BIN)/metrics: filters/metrics.c
$(BIN)/verdict: filters/verdict.c
$(BIN)/ope: filters/ope.c

# All tests, or those that TESTS names: make check TESTS='tests/ctr.t tests/number.c'
check: all
	@BIN='$(BIN)' COMPILE='$(COMPILE)' LDLIBS='$(LDLIBS)' PROGRAMS='$(PROGRAMS)' sh tests/run $(TESTS)

# A thread that is cancelled while it waits ends without the frames that gcc's sanitizer looks for its signal stack in.
sanitize:
	@ASAN_OPTIONS=use_sigaltstack=0 $(MAKE) check BIN='$(BIN)/sanitize' CFLAGS='$(SANITIZE)'

lint:
	@BIN='$(BIN)' sh tests/run tests/lint

fuzz:
	@BIN='$(BIN)' STANDARD='$(STANDARD)' sh tests/fuzz/run $(FUZZ)

bench: all
	@BIN='$(BIN)' sh tests/bench/run

install: all
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man7 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	for p in $(PROGRAMS); do \
		cp $(BIN)/$$p $(DESTDIR)$(PREFIX)/bin/$(PROGPREFIX)$$p && \
		cp man/$$p.1 $(DESTDIR)$(PREFIX)/share/man/man1/$(PROGPREFIX)$$p.1 && \
		$(BIN)/$$p --completion | sed 's/[^ ]*$$/$(PROGPREFIX)&/' \
			>$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$(PROGPREFIX)$$p || exit; \
	done
	cp man/weir.5 $(DESTDIR)$(PREFIX)/share/man/man5
	cp man/weir.7 $(DESTDIR)$(PREFIX)/share/man/man7

uninstall:
	for p in $(PROGRAMS); do \
		rm -f $(DESTDIR)$(PREFIX)/bin/$(PROGPREFIX)$$p $(DESTDIR)$(PREFIX)/share/man/man1/$(PROGPREFIX)$$p.1 \
			$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$(PROGPREFIX)$$p || exit; \
	done
	rm -f $(DESTDIR)$(PREFIX)/share/man/man5/weir.5 $(DESTDIR)$(PREFIX)/share/man/man7/weir.7

clean:
	rm -rf $(BIN)

dist:
	v=$$(sed -n 's/^#define WEIR_VERSION "\(.*\)"/\1/p' common/cli.h) && \
	git archive --prefix=weir-$$v/ -o weir-$$v.tar.gz HEAD

.PHONY: all check sanitize lint fuzz bench install uninstall clean dist

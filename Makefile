# weir. `make` builds into bin/ and installs no packages; `./bootstrap` installs what is missing first.
.POSIX:

PREFIX = /usr/local
DESTDIR =
PROGPREFIX =
CC = cc
CFLAGS = -O2
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-unused-function
STANDARD = -std=c11 -D_POSIX_C_SOURCE=200809L -ffp-contract=off
LDLIBS = -lcsv -ljansson -lm
BIN = bin

PROGRAMS = featurize simulate holdout pretrain finetune score weights topk ctr revenue feedback metrics

all:
	@mkdir -p $(BIN)
	@for p in $(PROGRAMS); do [ ! -e filters/$$p.c ] || $(MAKE) -s $(BIN)/$$p BIN=$(BIN) CC='$(CC)' CFLAGS='$(CFLAGS)' || exit; done

HEADERS = common/*.h common/*/*.h

$(BIN)/featurize $(BIN)/simulate $(BIN)/holdout $(BIN)/pretrain $(BIN)/finetune $(BIN)/score $(BIN)/weights $(BIN)/topk \
$(BIN)/ctr $(BIN)/revenue $(BIN)/feedback $(BIN)/metrics: $(HEADERS)
	@mkdir -p $(BIN)
	$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) -o $@ filters/$(@F).c $(LDFLAGS) $(LDLIBS)

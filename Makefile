# make            the server, out/release/couponry
# make test       every test program of one variant, run; V=debug|release|tsan|clang
# make fuzz       looks for inputs that break the readers; seconds=N for each, name=json for one
# make bench      the benchmarks (never part of the tests); bench-postgres: those of the PostgreSQL engine
# make format     clang-format over our sources
V       ?= release
OUT     := out/$(V)
LLHTTP  ?= /usr/share/llhttp
PQ      ?= /usr/include/postgresql

CC_release := gcc
CC_debug   := gcc
CC_tsan    := gcc
CC_clang   := clang
CC_fuzz    := clang
CC         := $(CC_$(V))

FLAGS_release := -O3 -fno-plt -g
FLAGS_clang   := -O2 -g
FLAGS_debug   := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DCHECK_CALLS
FLAGS_tsan    := -O1 -g -fsanitize=thread
FLAGS_fuzz    := $(FLAGS_debug) -fsanitize=fuzzer-no-link

WARN   := -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum -Wvla -Wmissing-prototypes -Wstrict-prototypes -Werror
CFLAGS := -std=gnu17 -D_GNU_SOURCE -Isrc -Itest -isystem $(LLHTTP)/../include/llhttp -isystem $(PQ) -pthread $(FLAGS_$(V)) -MMD -MP
LIBS   := -luv -luring -llmdb -lpq -lssl -lcrypto -lcurl -lurcu -lz -lm

SRC    := $(filter-out src/main.c,$(wildcard src/*/*.c src/dialect/*/*.c))
OBJ    := $(SRC:%.c=$(OUT)/%.o) $(OUT)/llhttp/api.o $(OUT)/llhttp/http.o $(OUT)/llhttp/llhttp.o
TESTS  := $(patsubst test/%.c,$(OUT)/test/%,$(wildcard test/unit/*.c test/wire/*.c test/sim/*.c))

all: $(OUT)/couponry
$(OUT)/couponry: $(OUT)/src/main.o $(OUT)/libcouponry.a
	$(CC) $(CFLAGS) -o $@ $^ $(LIBS)
$(OUT)/libcouponry.a: $(OBJ)
	@rm -f $@
	@ar rcs $@ $^
$(OUT)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -c -o $@ $<
$(OUT)/llhttp/%.o: $(LLHTTP)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DLLHTTP_STRICT_MODE=1 -c -o $@ $<
$(OUT)/test/test.o: test/test.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -c -o $@ $<
$(OUT)/test/%: test/%.c $(OUT)/test/test.o $(OUT)/libcouponry.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -rdynamic -o $@ $< $(OUT)/test/test.o $(TESTOBJ) $(OUT)/libcouponry.a $(LIBS) $(TESTLIBS)

$(OUT)/test/unit/base_json_random: TESTLIBS += -lcjson
SIM    := $(patsubst %.c,$(OUT)/%.o,$(wildcard test/sim/lib/*.c))
$(OUT)/test/sim/simulation: TESTOBJ := $(SIM)
$(OUT)/test/sim/simulation: $(SIM)
$(OUT)/test/sim/lib/%.o: test/sim/lib/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -c -o $@ $<
tests: $(TESTS)

# Fuzzers: `fuzz-replay` runs their corpora and some mutations; `fuzz` searches with libFuzzer.
FUZZERS := $(patsubst test/%.c,$(OUT)/test/%,$(wildcard test/fuzz/*.c))
FUZZOBJ := $(patsubst %.c,$(OUT)/%.o,$(wildcard test/fuzz/lib/*.c))
$(OUT)/test/fuzz/%: FUZZMAIN := $(if $(filter fuzz,$(V)),-fsanitize=fuzzer)
$(OUT)/test/fuzz/%: test/fuzz/%.c $(OUT)/test/fuzz/lib.a $(OUT)/libcouponry.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -rdynamic $(FUZZMAIN) -o $@ $< $(OUT)/test/fuzz/lib.a $(OUT)/libcouponry.a $(LIBS)
$(OUT)/test/fuzz/lib.a: $(FUZZOBJ)
	@rm -f $@
	@ar rcs $@ $^
$(OUT)/test/fuzz/lib/%.o: test/fuzz/lib/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -c -o $@ $<
fuzzers: $(FUZZERS)
fuzz-replay: fuzzers
	@tools/run-programs $(V) test/fuzz
seconds ?= 60
fuzz:
	@$(MAKE) -s V=fuzz fuzzers
	@tools/run-fuzzers $(seconds) $(name)
$(OUT)/bench/%: bench/%.c $(OUT)/test/test.o $(OUT)/libcouponry.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -rdynamic -o $@ $< $(OUT)/test/test.o $(OUT)/libcouponry.a $(LIBS)
bench: all $(OUT)/bench/life
	script/bootstrap --bench
	bench/run.mjs
bench-postgres: all
	script/bootstrap --bench
	bench/postgres.mjs
format:
	clang-format -i $(shell git ls-files '*.c' '*.h' ':!*.tbl.h')
clean:
	rm -rf out
.PHONY: all tests fuzzers fuzz-replay fuzz bench bench-postgres format clean
.SECONDARY:
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

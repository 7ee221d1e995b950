# The one front door. `make help` lists the verbs; every product is also a target by its path:
#     make build/linux/win32/libwin32.a
#     make build/windows/solutions/03-iocp-pool/server.exe
# Nothing is built beside its source: build/<target>/<same path>. Sources are found by wildcard, so a new .c file needs
# no edit here. Switches:  V=1 show the commands   WERROR= let warnings pass   CC=clang   NO_INSTALL=1 install nothing

BUILD   := build
TARGETS := linux linux-address linux-thread windows
LIBS    :=
# What plain `make` and `make run` build for: this machine (MSYS2 sets OS).
TARGET  ?= $(if $(filter Windows_NT,$(OS)),windows,linux)
# Jobs at once, unless -j says otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j2
endif

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
Q := $(if $(V),,@)
# What is being made; `make test` names only what it links.
say = $(if $(V)$(and $(BRIEF),$(filter CC AR,$(1))),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# --- compilers and flags, a set per target ----------------------------------------------------------------------------
WERROR   ?= -Werror
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion $(WERROR)
OPTIMIZE ?= -O2 -g
SANITIZE := -O1 -g -fno-omit-frame-pointer

CC.linux            = $(CC)
CC.linux-address    = $(CC)
CC.linux-thread     = $(CC)
CC.linux-fuzz       = clang
CC.windows          = $(if $(filter Windows_NT,$(OS)),gcc,x86_64-w64-mingw32-gcc)
AR.windows          = $(if $(filter Windows_NT,$(OS)),ar,x86_64-w64-mingw32-ar)
WINDRES             = $(if $(filter Windows_NT,$(OS)),windres,x86_64-w64-mingw32-windres)

CFLAGS.linux         = $(OPTIMIZE) -pthread -Iwin32/include
CFLAGS.linux-address = $(SANITIZE) -fsanitize=address,undefined -fno-sanitize-recover=undefined -pthread -Iwin32/include
CFLAGS.linux-thread  = $(SANITIZE) -fsanitize=thread -pthread -Iwin32/include
CFLAGS.linux-fuzz    = $(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
CFLAGS.windows       = $(OPTIMIZE) -D_WIN32_WINNT=0x0A00 -D__USE_MINGW_ANSI_STDIO=1

LIBS.windows         = -static -lws2_32 -lmswsock
LIBS.linux-fuzz      = -fsanitize=fuzzer
EXE.windows          = .exe

# Only the host layer and the tests that run natively may speak to Linux: strict C11 hides it from all others.
gnu     = $(if $(filter win32/host/% tests/http/% tests/grade/% tests/soak/%,$(1)),-D_GNU_SOURCE=)
compile = $(CC.$(1)) -std=c11 $(if $(filter linux-fuzz,$(1)),-Wall -Wextra $(WERROR),$(WARNINGS)) -I. $(CFLAGS.$(1))

# Stage 05's guestbook is open where SQLite's headers are; without them it answers 501, so `make run` needs no package.
SQLITE_LIBS := $(shell pkg-config --libs sqlite3 2>/dev/null)
sqlite = $(if $(and $(SQLITE_LIBS),$(filter linux%,$(1)),$(filter %/guestbook.c,$(2))),-DHAVE_SQLITE)

# --- sources ----------------------------------------------------------------------------------------------------------
HTTP_SOURCES  := $(wildcard http/*.c)
WIN32_SOURCES := $(wildcard win32/*.c win32/*/*.c win32/*/*/*.c)
STAGES        := $(patsubst %/,%,$(sort $(dir $(wildcard solutions/[0-9]*/*.c labs/[0-9]*/*.c))))
FOLDERS       := http win32 solutions labs tests docs
# $(1) where, $(2) what its name ends in: the files of all folders
every          = $(wildcard $(foreach f,$(FOLDERS),$(1)$(f)/*$(2) $(1)$(f)/*/*$(2) $(1)$(f)/*/*/*$(2)))

objects = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
LIBHTTP  = $(BUILD)/$(1)/http/libhttp.a
LIBWIN32 = $(if $(filter windows,$(1)),,$(BUILD)/$(1)/win32/libwin32.a)
MANIFEST = $(if $(filter windows,$(1)),$(BUILD)/$(1)/labs/server.res.o)

# --- rules, the same for every target -----------------------------------------------------------------------------------
# $(1) target, $(2) product, $(3) sources, $(4) libraries built here
define program
$(BUILD)/$(1)/$(2)$$(EXE.$(1)): $(call objects,$(1),$(3)) $(4) $(BUILD)/$(1)/flags
	$$(call say,LINK,$$@)
	$$(Q)$$(CC.$(1)) $$(CFLAGS.$(1)) -o $$@ $(call objects,$(1),$(3)) $(4) $$(LIBS) $$(LIBS.$(1))
endef

# A library is packed anew when its folder changes, so that a deleted source leaves it.
define library
$(BUILD)/$(1)/$(2): $(call objects,$(1),$(3)) $(sort $(dir $(3)))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $(or $(AR.$(1)),$(AR)) rcs $$@ $(call objects,$(1),$(3))
endef

define target
# The compiler line is kept in a file that changes only when the line does: a changed flag rebuilds.
$(BUILD)/$(1)/flags: FORCE
	@sh .ci/install.sh $(if $(filter linux-fuzz,$(1)),fuzz,$(if $(filter windows,$(1)),windows,build))
	@mkdir -p $$(@D); line='$$(call compile,$(1)) $$(SQLITE_LIBS)'; [ "$$$$(cat $$@ 2>/dev/null)" = "$$$$line" ] || echo "$$$$line" > $$@

$(BUILD)/$(1)/%.o: %.c $(BUILD)/$(1)/flags
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(call compile,$(1)) $$(call gnu,$$<) $$(call sqlite,$(1),$$<) -MMD -MP -c -o $$@ $$<

$(BUILD)/$(1)/%.res.o: %.rc %.manifest $(BUILD)/$(1)/flags
	$$(call say,WINDRES,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(WINDRES) -I $$(<D) -O coff -i $$< -o $$@

$(call library,$(1),http/libhttp.a,$(HTTP_SOURCES))
$(if $(filter windows,$(1)),,$(call library,$(1),win32/libwin32.a,$(WIN32_SOURCES)))
$(foreach s,$(STAGES),$(call program,$(1),$(s)/server,$(wildcard $(s)/*.c),$(MANIFEST) $(LIBHTTP) $(LIBWIN32))$(newline))
$(call program,$(1),tests/win32/conformance,$(wildcard tests/win32/*.c),$(MANIFEST) $(LIBWIN32))
endef

# What runs only on this machine: the suites that need Check, and the programs of the bench.
define native
$(BUILD)/$(1)/tests/http/http-tests $(BUILD)/$(1)/tests/grade/grade: LIBS = $$$$(pkg-config --libs check)
$(call program,$(1),tests/http/http-tests,$(wildcard tests/http/*.c),$(LIBHTTP))
$(call program,$(1),tests/grade/grade,$(wildcard tests/grade/*.c),$(LIBHTTP))
$(foreach b,$(wildcard tests/bench/*.c),$(call program,$(1),$(b:.c=),$(b),$(LIBHTTP) $(LIBWIN32))$(newline))
endef

define newline


endef

$(foreach t,$(TARGETS),$(eval $(call target,$(t))))
$(foreach t,$(filter-out windows,$(TARGETS)),$(eval $(call native,$(t))))

$(foreach t,linux linux-address linux-thread,$(eval $(BUILD)/$(t)/solutions/05-buffers/server $(BUILD)/$(t)/labs/05-buffers/server: LIBS = $(SQLITE_LIBS)))

FUZZERS := $(wildcard tests/fuzz/*.c)
$(eval $(call target,linux-fuzz))
$(foreach f,$(FUZZERS),$(eval $(call program,linux-fuzz,$(f:.c=),$(f),$(call LIBHTTP,linux-fuzz))))

# --- verbs --------------------------------------------------------------------------------------------------------------
.PHONY: FORCE build run docs bench fuzz help clean packages compile_commands.json format lint
FORCE:

build: $(foreach s,$(STAGES),$(BUILD)/$(TARGET)/$(s)/server$(EXE.$(TARGET))) ## every server and library for this machine; plain `make` does it

# The newest stage, which `make run`, `make bench` and the documentation show. (A student's copy has no solutions.)
STAGE ?= $(notdir $(lastword $(filter solutions/%,$(STAGES))))

# The folder of LAB=3, or of the stage without LAB: yours, where labs/ has its sources, otherwise the reference.
CHOSEN := $(firstword $(if $(LAB),$(filter labs/0$(LAB)-%,$(STAGES)) $(filter solutions/0$(LAB)-%,$(STAGES)),$(filter solutions/$(STAGE),$(STAGES))) which-lab)

# A part of the tests is one program run: tests/run.sh times it, keeps its output in build/test/<part>.log and shows
# that when it fails. $(1) part, $(2) what must be built, $(3) command
define part
.PHONY: part-$(1)
part-$(1): $(2)
	@bash tests/run.sh $(1) $(3)
endef
here = $(CURDIR)/$(BUILD)

# Each folder's own rules and verbs lie in it.
include $(sort $(wildcard */*.mk */*/*.mk))

PORT ?= 8080
ifeq ($(TARGET)$(OS),windows)
RUNNER := $(WINE) # an .exe on Linux
run: $(WINE_READY)
endif
run: $(BUILD)/$(TARGET)/$(CHOSEN)/server$(EXE.$(TARGET)) $(SITE)/ready ## serve the sample site: make run [LAB=3] [STAGE=03-iocp-pool] [PORT=8080] [OPTIONS=--trace]
	@mkdir -p $(BUILD)/uploads
	$(RUNNER) $(BUILD)/$(TARGET)/$(CHOSEN)/server$(EXE.$(TARGET)) --port $(PORT) --root $(SITE)/root --uploads $(BUILD)/uploads $(OPTIONS)

number = $(patsubst 0%,%,$(firstword $(subst -, ,$(notdir $(1)))))
$(foreach t,$(TARGETS),$(BUILD)/$(t)/which-lab/server$(EXE.$(t))):
	@echo 'which lab? there are: $(strip $(foreach s,$(filter labs/%,$(STAGES)),LAB=$(call number,$(s))) $(patsubst solutions/%,STAGE=%,$(filter solutions/%,$(STAGES))))' >&2; exit 2

packages: ## install what any verb may need (NO_INSTALL=1: only name it)
	@sh .ci/install.sh all

compile_commands.json: ## the compiler lines, for editors and clangd
	$(file >$@,$(call json,$(foreach c,$(call every,,.c),{"directory":"$(CURDIR)","file":"$(c)","command":"$(call compile,linux) $(call gnu,$(c)) -c $(c)"})))
	$(call say,WRITE,$@)
comma := ,
json = [$(subst }$(space){,}$(comma)$(newline){,$(1))]
space := $() $()

# .clang-format is the style; `make format` applies it to what git has, or to all there is.
C_FILES = $(or $(shell git ls-files '*.c' '*.h' 2>/dev/null),$(call every,,.c) $(call every,,.h))
format: ## lay out the C sources
	@sh .ci/install.sh format
	$(Q)clang-format -i $(C_FILES)

lint: ## what static analysis says of the sources and scripts
	@sh .ci/install.sh lint
	$(Q)cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --suppress=ctuuninitvar \
	    --error-exitcode=1 -Iwin32/include -I. $(wildcard http solutions win32)
	$(Q)shellcheck $(or $(shell git ls-files '*.sh' .ci/run 2>/dev/null),$(call every,,.sh) .ci/run)

# A verb that is in no group stands at the end of the list.
HELP := The first minute: run test help; \
    Working on a lab: check watch trace docs diff; \
    Teaching: release bench bench-variants bench-windows bench-echo; \
    Changing the kit: build packages format lint compile_commands.json clean starters steps; \
    Parts of the tests: test-http test-win32 test-servers test-windows test-docs test-house test-fuzz; \
    Judging the judge: mutants variations attacks steady; \
    Longer than a test may take: soak moments storm fuzz cost bench-publish
help: ## this list
	@awk -F ':.*## ' -v groups='$(HELP)' 'function tell(verb) { printf "  make %-22s %s\n", verb, text[verb]; delete text[verb] } \
	    /^[a-z0-9_.-]+:.*## / { text[$$1] = $$2 } \
	    END { n = split(groups, group, /; */); \
	          for (i = 1; i <= n; i++) { \
	              split(group[i], part, /: */); m = split(part[2], verb, / +/); line = part[1]; \
	              for (k = 1; k <= m; k++) if (verb[k] in text) { if (line) print line; line = ""; tell(verb[k]) } } \
	          for (v in text) tell(v) }' $(filter %.mk Makefile,$(MAKEFILE_LIST))

clean: ## delete build/
	rm -rf $(BUILD)

# The headers that each object was made from.
-include $(foreach t,$(TARGETS) linux-fuzz,$(call every,$(BUILD)/$(t)/,.d))

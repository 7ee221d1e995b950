# The tests, part by part. A verb below is a list of parts; other folders' rules add theirs to ALL_PARTS through
# DOCS_PARTS and MORE_PARTS.

export CK_TIMEOUT_MULTIPLIER ?= 4
export ASAN_OPTIONS  ?= detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS ?= print_stacktrace=1
export TSAN_OPTIONS  ?= second_deadlock_stack=1

# --- the HTTP module --------------------------------------------------------------------------------------------------
HTTP_PARTS := http http-address
$(eval $(call part,http,$(BUILD)/linux/tests/http/http-tests,$(here)/linux/tests/http/http-tests))
$(eval $(call part,http-address,$(BUILD)/linux-address/tests/http/http-tests,$(here)/linux-address/tests/http/http-tests))

# --- the Win32 port ---------------------------------------------------------------------------------------------------
WIN32_PARTS := win32 win32-address win32-thread $(if $(wildcard tests/bench/echo-load.c),win32-one-line)
$(foreach t,linux linux-address linux-thread,$(eval $(call part,$(t:linux%=win32%),$(BUILD)/$(t)/tests/win32/conformance,$(here)/$(t)/tests/win32/conformance)))

# A plain Win32 program builds with one line and works: the echo server of the bench, under its load for a moment.
one-line = $(CC) -I$(CURDIR)/win32/include $(CURDIR)/tests/bench/echo-iocp.c $(here)/linux/win32/libwin32.a -pthread -o echo
$(eval $(call part,win32-one-line,$(BUILD)/linux/win32/libwin32.a $(BUILD)/linux/tests/bench/echo-load,sh -c '$(one-line) && $(here)/linux/tests/bench/echo-load -r 1 -t 0.5 plain=./echo skip="./echo --skip"'))

# --- the servers ------------------------------------------------------------------------------------------------------
SERVERS := $(notdir $(filter solutions/%,$(STAGES)))
GRADE   := $(BUILD)/linux/tests/grade/grade
# $(1) target, $(2) stage's folder, $(3) server
grade-line = $(CURDIR)/$(GRADE) --stage $(patsubst 0%,%,$(firstword $(subst -, ,$(notdir $(2))))) $(CURDIR)/$(3)
# $(1) part's name, $(2) target, $(3) stage's folder
define server-part
$(call part,$(1),$(GRADE) $(BUILD)/$(2)/$(3)/server$(EXE.$(2)) $(if $(filter windows,$(2)),$(WINE_READY)),$(if $(filter windows,$(2)),$(WINE_RUN)) $(call grade-line,$(2),$(3),$(BUILD)/$(2)/$(3)/server$(EXE.$(2))))
endef
SERVER_PARTS := $(foreach s,$(SERVERS),server-$(s) server-$(s)-address server-$(s)-thread)

# --- under Wine: a prefix of its own, no display, nothing left running ------------------------------------------------------
# Wine takes the encoding of file names from the locale.
export LC_ALL     := C.UTF-8
export WINEPREFIX := $(CURDIR)/$(BUILD)/wine
export WINEDEBUG  ?= -all
export WINEDLLOVERRIDES := mscoree,mshtml=
ifneq ($(OS),Windows_NT)
WINE       := wine
WINE_RUN   := bash $(CURDIR)/tests/wine-run.sh
WINE_READY := $(BUILD)/wine/ready
endif
WINDOWS_PARTS := win32-wine $(addsuffix -wine,$(addprefix server-,$(SERVERS)))
$(eval $(call part,win32-wine,$(BUILD)/windows/tests/win32/conformance.exe $(WINE_READY),$(WINE_RUN) $(WINE) $(here)/windows/tests/win32/conformance.exe))

$(BUILD)/wine/ready:
	@sh .ci/install.sh wine
	$(call say,WINE,$(@D))
	@mkdir -p $(@D) && { wineboot --init && wineserver -w; } >$(BUILD)/wine.log 2>&1 && touch $@

$(foreach s,$(SERVERS),$(foreach t,linux linux-address linux-thread,$(eval $(call server-part,server-$(s)$(t:linux%=%),$(t),solutions/$(s)))))
$(foreach s,$(SERVERS),$(eval $(call server-part,server-$(s)-wine,windows,solutions/$(s))))

# --- the house itself -------------------------------------------------------------------------------------------------
HOUSE_PARTS := site packages
$(eval $(call part,packages,,bash $(CURDIR)/.ci/install-check.sh))

# --- verbs ------------------------------------------------------------------------------------------------------------
# Parts that fail do not stop the others; the sum at the end decides. (make -n only lists.)
dry = $(findstring n,$(firstword -$(MAKEFLAGS)))
run-parts = $(if $(dry),$(MAKE) $(addprefix part-,$(1)),$(run-and-sum))
run-and-sum = sh .ci/install.sh build $(2) && bash tests/run.sh --begin $(1) && { $(MAKE) -k BRIEF=1 $(addprefix part-,$(1)) || :; } && \
    { [ ! -e $(BUILD)/wine/ready ] || bash tests/wine-end.sh; } && bash tests/run.sh --sum $(1)

.PHONY: test test-http test-win32 test-windows test-docs test-house
ifeq ($(OS),Windows_NT)
ALL_PARTS = win32-wine docs site # what runs on Windows itself; win32-wine is then conformance.exe alone
else
ALL_PARTS = $(HTTP_PARTS) $(WIN32_PARTS) $(SERVER_PARTS) $(WINDOWS_PARTS) $(FUZZ_PARTS) $(DOCS_PARTS) $(HOUSE_PARTS) $(MORE_PARTS)
endif

$(if $(LAB),$(eval $(call server-part,lab,linux,$(CHOSEN))))
test: $(if $(LAB),$(filter %/which-lab/server,$(BUILD)/linux/$(CHOSEN)/server)) ## test everything; with LAB=3 only that lab's server (yours, where labs/ has it), on this machine
	+@$(if $(LAB),echo "testing $(CHOSEN)" && $(call run-parts,lab,test),$(call run-parts,$(ALL_PARTS),test windows wine docs $(if $(FUZZ_PARTS),fuzz)))

test-http: ## the HTTP module
	+@$(call run-parts,$(HTTP_PARTS),test)

test-win32: ## the Win32 port: conformance natively and under both sanitizers
	+@$(call run-parts,$(WIN32_PARTS),)

test-windows: ## conformance and servers as .exe files under Wine
	+@$(call run-parts,$(WINDOWS_PARTS),test windows wine)

test-docs: ## documentation without a warning, every fact with its test
	+@$(call run-parts,$(DOCS_PARTS),docs)

test-house: ## the sample site, the scripts, the package list
	+@$(call run-parts,$(HOUSE_PARTS),)

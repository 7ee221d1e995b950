# What changes from one stage to the next.
.PHONY: diff
diff: ## what changes between two stages: make diff FROM=3 TO=4 [TASK=4.2] [COLOR=1]
	@bash solutions/diff.sh $(FROM) $(TO) $(TASK)

MORE_PARTS += steps
$(eval $(call part,steps,,bash $(CURDIR)/solutions/diff-check.sh))

# Stage 05's guestbook is open where SQLite's headers are; without them it answers 501, so `make run` needs no package.
SQLITE_LIBS := $(shell pkg-config --libs sqlite3 2>/dev/null)
sqlite = $(if $(and $(SQLITE_LIBS),$(filter linux%,$(1)),$(filter %/guestbook.c,$(2))),-DHAVE_SQLITE)
$(foreach t,linux linux-address linux-thread,$(eval $(BUILD)/$(t)/solutions/05-buffers/server $(BUILD)/$(t)/labs/05-buffers/server: LIBS = $(SQLITE_LIBS)))

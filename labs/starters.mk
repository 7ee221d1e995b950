# The starters, made from the solutions by labs/starter.c; see labs/starters.sh.
STARTER := $(BUILD)/$(HOST)/labs/starter$(EXE.$(HOST))
$(eval $(call program,$(HOST),labs/starter,labs/starter.c))

.PHONY: starters
starters: $(STARTER) ## make the labs' starters anew from the solutions; what was there is kept in build/starters-before
	@bash labs/starters.sh write $(STARTER)

MORE_PARTS += starters
$(eval $(call part,starters,$(STARTER) $(BUILD)/linux/tests/grade/grade $(patsubst %,$(BUILD)/linux/%/server,$(filter labs/%,$(STAGES))),bash $(CURDIR)/labs/starters.sh check $(CURDIR)/$(STARTER)))

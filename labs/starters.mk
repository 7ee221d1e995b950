# The starters, made from the solutions by labs/starter.c; see labs/starters.sh.
STARTER := $(BUILD)/$(HOST)/labs/starter$(EXE.$(HOST))
$(eval $(call program,$(HOST),labs/starter,labs/starter.c))

.PHONY: starters steps
starters: $(STARTER) ## make the labs' starters anew from the solutions; what was there is kept in build/starters-before
	@bash labs/starters.sh write $(STARTER)

steps: ## which test turns green with which task, and whether the table of points says so: make steps LAB=3
	@bash labs/steps.sh $(or $(notdir $(wildcard solutions/0$(LAB)-*)),which)

# Each starter builds for every target, answers, and earns nothing. That solutions earn everything the servers' parts show.
STARTED := $(filter labs/%,$(STAGES))
lab-servers = $(foreach t,$(1),$(patsubst %,$(BUILD)/$(t)/%/server$(EXE.$(t)),$(STARTED)))
STARTERS := bash $(CURDIR)/labs/starters.sh
MORE_PARTS += starters starters-everywhere $(STARTED:labs/%=starter-%)
$(eval $(call part,starters,$(STARTER) $(BUILD)/linux/tests/grade/grade $(call lab-servers,linux),$(STARTERS) check $(CURDIR)/$(STARTER)))
$(eval $(call part,starters-everywhere,$(call lab-servers,linux-address linux-thread windows) $(BUILD)/wine/ready,$(STARTERS) answer linux-address linux-thread windows))
$(foreach s,$(STARTED),$(eval $(call part,starter-$(notdir $(s)),$(BUILD)/linux/tests/grade/grade $(BUILD)/linux/$(s)/server,$(STARTERS) earn $(notdir $(s)))))

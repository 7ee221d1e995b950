# Storms: many requests under every fault (docs/faults.md), with the verifier watching; in `make test` some for each
# stage, with `make storm` ten thousand.
STORM    := $(BUILD)/linux/tests/storm/storm
REQUESTS ?= 10000
$(eval $(call program,linux,tests/storm/storm,$(wildcard tests/storm/*.c)))

STORMED := $(or $(if $(LAB),,$(filter solutions/%,$(STAGES))),$(CHOSEN))
.PHONY: storm
storm: $(STORM) $(STORMED:%=$(BUILD)/linux/%/server) ## ten thousand requests under every fault: make storm [LAB=3] [REQUESTS=10000] [FAULT=text]
	@$(STORM) --requests $(REQUESTS) $(if $(FAULT),--only '$(FAULT)') $(STORMED:%=$(BUILD)/linux/%/server)

STORM_STAGES := $(notdir $(filter solutions/%,$(STAGES)))
MORE_PARTS += $(STORM_STAGES:%=storm-%)
$(foreach s,$(STORM_STAGES),$(eval $(call part,storm-$(s),$(STORM) $(BUILD)/linux/solutions/$(s)/server,$(here)/linux/tests/storm/storm --requests 150 $(here)/linux/solutions/$(s)/server)))

# The soak: servers that are kept running under hostile clients; see soak.c. A short one is a part of `make test`.
define soak-program
$(BUILD)/$(1)/tests/soak/soak: LIBS = $$(shell pkg-config --libs check)
$(call program,$(1),tests/soak/soak,$(wildcard tests/soak/*.c) $(patsubst %,tests/grade/%.c,cause client clock escape expect fence filter points response site sources spawn status),$(LIBHTTP))
endef
$(eval $(call soak-program,linux))

SOAK          := $(BUILD)/linux/tests/soak/soak
SOAK_SERVERS   = $(patsubst %,$(BUILD)/$(1)/%/server,$(filter solutions/%,$(STAGES)))
SECONDS_EACH  ?= 60
SOAK_SEED     ?= 1
MORE_PARTS    += soak
$(eval $(call part,soak,$(SOAK) $(call SOAK_SERVERS,linux),$(here)/linux/tests/soak/soak --seconds 4 $(addprefix $(CURDIR)/,$(call SOAK_SERVERS,linux))))

.PHONY: soak moments
soak: $(SOAK) $(call SOAK_SERVERS,linux) $(call SOAK_SERVERS,linux-address) ## servers under hostile clients, natively and with the address sanitizer: make soak [SECONDS_EACH=60] [SOAK_SEED=1]
	$(Q)for target in linux linux-address; do for s in $(notdir $(filter solutions/%,$(STAGES))); do \
	    $(SOAK) --seconds $(SECONDS_EACH) --seed $(SOAK_SEED) $(BUILD)/$$target/solutions/$$s/server || exit; done; done

moments: $(BUILD)/linux/tests/grade/grade $(call SOAK_SERVERS,linux) ## stage 05 is stopped at random moments: make moments [MOMENTS=200] [GRADE_SEED=1]
	$(Q)GRADE_MOMENTS=$$((($(or $(MOMENTS),200) + 1) / 2)) $(BUILD)/linux/tests/grade/grade --stage 5 --filter moments. $(lastword $(call SOAK_SERVERS,linux))

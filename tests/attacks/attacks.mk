# Attacks on the grader: submissions that want more points than they earn, or the judge's end. See attack.h.
ATTACKS         := $(patsubst %.c,%,$(wildcard tests/attacks/*.c))
ATTACK_SERVER   := solutions/03-iocp-pool
ATTACK_PROGRAMS := $(ATTACKS:%=$(BUILD)/linux/%)
ATTACKS_BESIDE  := $(shell grep -l '^ \* server: yes' tests/attacks/*.c 2>/dev/null)
$(foreach a,$(ATTACKS),$(eval $(call program,linux,$(a),$(a).c $(if $(filter $(a).c,$(ATTACKS_BESIDE)),$(wildcard $(ATTACK_SERVER)/*.c)),$(call LIBHTTP,linux) $(call LIBWIN32,linux))))

.PHONY: attacks
attacks: $(ATTACK_PROGRAMS) $(BUILD)/linux/tests/grade/grade ## submissions that attack the grader earn only what they are worth: make attacks [ONLY=kill]
	@BUILD='$(here)' bash tests/attacks/attacks.sh $(ONLY)

MORE_PARTS += attacks
$(eval $(call part,attacks,$(ATTACK_PROGRAMS) $(BUILD)/linux/tests/grade/grade,env BUILD='$(here)' bash $(CURDIR)/tests/attacks/attacks.sh))

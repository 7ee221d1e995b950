# What differs in a student's copy, which has no solutions.
ABSENT := diff mutants attacks bench starters steps variations steady soak cost test-servers fuzz moments release
.PHONY: $(ABSENT)
$(ABSENT):
	@echo 'make $@: a copy for students does not have it: it needs the solutions' >&2; exit 2

# The judge can judge what is here: it gives a verdict on each test of every lab's first task. Which one is your affair.
JUDGED := $(filter labs/%,$(STAGES))
MORE_PARTS += judge
$(eval $(call part,judge,$(BUILD)/linux/tests/grade/grade $(JUDGED:%=$(BUILD)/linux/%/server),bash $(CURDIR)/tests/judge-check.sh $(JUDGED)))

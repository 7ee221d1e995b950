# Solutions with one bug each, which the grader must find.
MUTANT_GRADE   := $(BUILD)/linux/tests/grade/grade
MUTANT_TARGETS := linux linux-address
MUTANT_NEEDS   := $(MUTANT_GRADE) \
    $(foreach t,$(MUTANT_TARGETS),$(patsubst %,$(BUILD)/$(t)/%/server,$(filter solutions/%,$(STAGES))))
MUTANT_LINE     = env BUILD=$(abspath $(BUILD)) 'LINK_LIBS=$(SQLITE_LIBS)' \
    $(foreach t,$(MUTANT_TARGETS),'COMPILE_$(subst -,_,$(t))=$(call compile,$(t))') \
    bash $(CURDIR)/tests/mutants/mutants.sh

.PHONY: mutants
mutants: $(MUTANT_NEEDS) ## the grader finds every known bug: make mutants [FULL=1] [ONLY=short-send]
	@$(MUTANT_LINE) $(if $(FULL),--full) $(ONLY)

# All patches fit, all classic bugs are there; then the whole.
MORE_PARTS += mutants-apply mutants
$(eval $(call part,mutants-apply,,bash $(CURDIR)/tests/mutants/coverage.sh))
$(eval $(call part,mutants,$(MUTANT_NEEDS),$$(MUTANT_LINE)))

# Solutions with one bug each, which the grader must find. Not a part of `make test`: it takes minutes.
MUTANT_GRADE   := $(BUILD)/linux/tests/grade/grade
MUTANT_TARGETS := linux linux-address
MUTANT_NEEDS   := $(MUTANT_GRADE) \
    $(foreach t,$(MUTANT_TARGETS),$(patsubst %,$(BUILD)/$(t)/%/server,$(filter solutions/%,$(STAGES))))
MUTANT_LINE    := env BUILD=$(abspath $(BUILD)) \
    $(foreach t,$(MUTANT_TARGETS),'COMPILE_$(subst -,_,$(t))=$(call compile,$(t))') \
    bash $(CURDIR)/tests/mutants/mutants.sh

.PHONY: mutants
mutants: $(MUTANT_NEEDS) ## the grader finds every known bug: make mutants [FULL=1] [ONLY=short-send]
	@$(MUTANT_LINE) $(if $(FULL),--full) $(ONLY)

# Solutions that are right in another way, which the grader must let pass; and the solutions themselves, many times.
TIMES ?= 200

.PHONY: variations steady
variations: $(MUTANT_NEEDS) ## servers that are right in another way pass: make variations [FULL=1] [ONLY=skip]
	@$(MUTANT_LINE) --variations $(if $(FULL),--full) $(ONLY)

MORE_PARTS += variations
$(eval $(call part,variations,$(MUTANT_NEEDS),$$(MUTANT_LINE) --variations))

steady: $(MUTANT_NEEDS) ## the solutions judged again and again under load: make steady [TIMES=200] [LABS="3 5"]
	@BUILD=$(abspath $(BUILD)) bash tests/variations/steady.sh --times $(TIMES) $(LABS)

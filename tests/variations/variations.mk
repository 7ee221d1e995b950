# Solutions that are right in another way, which the grader must let pass; and the solutions themselves, many times.
TIMES ?= 200

.PHONY: steady
steady: $(MUTANT_NEEDS) ## the solutions judged again and again under load: make steady [TIMES=200] [LABS="3 5"]
	@BUILD=$(abspath $(BUILD)) bash tests/variations/steady.sh --times $(TIMES) $(LABS)

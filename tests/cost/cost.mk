# What the watchers cost: instructions of a request with everything off, and built without any of it.
UNWATCHED  := $(BUILD)/unwatched
$(eval $(call program,linux,tests/cost/ask,tests/cost/ask.c))

.PHONY: cost
cost: $(BUILD)/linux/tests/cost/ask $(BUILD)/linux/solutions/$(STAGE)/server ## what journal, faults and verifier cost a request, in instructions
	@sh .ci/install.sh cost
	@$(MAKE) -s BUILD=$(UNWATCHED) OPTIMIZE='$(OPTIMIZE) -DWATCH_NONE' $(UNWATCHED)/linux/solutions/$(STAGE)/server
	@bash tests/cost/cost.sh $(BUILD)/linux/tests/cost/ask $(BUILD)/linux/solutions/$(STAGE)/server \
	    $(UNWATCHED)/linux/solutions/$(STAGE)/server

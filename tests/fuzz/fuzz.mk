# Fuzzing: libFuzzer finds its own ways for some seconds; the driver of tests/fuzz/driver repeats the same inputs.
# What libFuzzer found stays in build/, and a later run starts from it and from tests/fuzz/<name>/.
FUZZ_SECONDS ?= 10
FUZZ_NAMES := $(patsubst tests/fuzz/%.c,%,$(FUZZERS))
FUZZ_PARTS := $(FUZZ_NAMES:%=fuzz-%) $(FUZZ_NAMES:%=fuzz-%-repeatable)
FUZZ       := $(BUILD)/linux-fuzz/tests/fuzz
fuzz-inputs = $(addprefix $(CURDIR)/,$(wildcard tests/fuzz/$(1)))
fuzz-line   = $(CURDIR)/$(FUZZ)/$(1) -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
    $(addprefix -dict=,$(call fuzz-inputs,$(1).dict)) $(CURDIR)/$(FUZZ)/$(1).corpus $(call fuzz-inputs,$(1))
again-line  = $(here)/linux-address/tests/fuzz/$(1) --runs 500000 --seed 1 \
    $(addprefix --dict ,$(call fuzz-inputs,$(1).dict)) $(call fuzz-inputs,$(1))
$(foreach f,$(FUZZ_NAMES),\
    $(eval $(call part,fuzz-$(f),$(FUZZ)/$(f) $(FUZZ)/$(f).corpus,$(call fuzz-line,$(f))))\
    $(eval $(call program,linux-address,tests/fuzz/$(f),tests/fuzz/$(f).c $(wildcard tests/fuzz/driver/*.c),$(call LIBHTTP,linux-address)))\
    $(eval $(call part,fuzz-$(f)-repeatable,$(BUILD)/linux-address/tests/fuzz/$(f),$(call again-line,$(f)))))
$(FUZZ)/%.corpus:
	@mkdir -p $@

.PHONY: test-fuzz
test-fuzz: ## a short run of every fuzz target
	+@$(call run-parts,$(FUZZ_PARTS),fuzz)

fuzz: FUZZ_SECONDS := $(if $(filter file,$(origin FUZZ_SECONDS)),600,$(FUZZ_SECONDS))
fuzz: ## a long run of every fuzz target: make fuzz [FUZZ_SECONDS=600]
	+@sh .ci/install.sh fuzz && PART_SECONDS=$$(($(FUZZ_SECONDS) + 60)) $(MAKE) $(FUZZ_NAMES:%=part-fuzz-%) FUZZ_SECONDS=$(FUZZ_SECONDS)

# The sample site: labs/site copied to build/site/root, and beside it what is too large to keep in the repository.
SITE := $(BUILD)/site
$(SITE)/ready: $(wildcard labs/site/* labs/site/*/*)
	@mkdir -p $(SITE)/root
	@touch $@

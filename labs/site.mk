# The sample site that `make run` serves: labs/site, and beside it the two files that labs/site.c writes.
SITE       := $(BUILD)/site
SITE_FILES := $(wildcard labs/site/* labs/site/*/*)
# The writer runs on this machine, whatever the server is built for.
HOST       := $(if $(filter Windows_NT,$(OS)),windows,linux)
$(eval $(call program,$(HOST),labs/site,labs/site.c))

$(SITE)/ready: $(BUILD)/$(HOST)/labs/site$(EXE.$(HOST)) $(SITE_FILES) labs/site
	$(call say,SITE,$(SITE)/root)
	$(Q)rm -rf $(SITE)/root && mkdir -p $(SITE)/root && cp -R labs/site/. $(SITE)/root
	$(Q)$< walkthrough $(SITE)/root/walkthrough.html
	$(Q)$< offsets $(SITE)/root/offsets.txt
	@touch $@

$(eval $(call part,site,$(SITE)/ready,bash $(CURDIR)/labs/site-check.sh $(CURDIR)/$(SITE)/root))

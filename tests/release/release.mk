# The archive for students: what they need and nothing that gives the answers away.
.PHONY: release
release: ## pack what students get: make release [VERSION=2.1] [LABS='1 2 3']: build/release/iocp-labs-VERSION.tar.gz
	@LABS='$(LABS)' bash tests/release/release.sh write $(BUILD)/release '$(VERSION)'

MORE_PARTS += release
$(eval $(call part,release,$(BUILD)/linux/tests/grade/grade $(BUILD)/linux/http/libhttp.a $(BUILD)/linux/win32/libwin32.a,env BUILD='$(here)' bash $(CURDIR)/tests/release/check.sh))

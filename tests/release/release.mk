# The archive for students: what they need and nothing that gives the answers away.
.PHONY: release
release: ## pack what students get: make release [VERSION=2.1]: build/release/iocp-labs-VERSION.tar.gz
	@bash tests/release/release.sh write $(BUILD)/release $(VERSION)

MORE_PARTS += release
$(eval $(call part,release,,bash $(CURDIR)/tests/release/check.sh))

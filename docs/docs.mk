# The documentation: Doxygen's pages of http/, win32/ and the newest stage, and the pages of docs/.
docs: ## the documentation: build/docs/html/index.html
	@sh .ci/install.sh docs
	@bash docs/build.sh $(BUILD)/docs $(wildcard solutions/$(STAGE))
	@echo $(BUILD)/docs/html/index.html

DOCS_PARTS := docs facts
$(eval $(call part,docs,,bash $(CURDIR)/docs/build.sh $(here)/docs $(wildcard solutions/$(STAGE))))
$(eval $(call part,facts,$(BUILD)/linux/tests/win32/conformance,bash $(CURDIR)/docs/facts-check.sh $(here)/linux/tests/win32/conformance))

DOCS_PARTS += $(if $(wildcard solutions),seeds)
$(eval $(call part,seeds,$(BUILD)/linux/tests/grade/grade $(BUILD)/linux/tests/win32/conformance,bash $(CURDIR)/docs/seeds-check.sh $(here)/linux/tests/grade/grade $(here)/linux/tests/win32/conformance))

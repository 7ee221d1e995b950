# The documentation: Doxygen pages of http/, win32/ and the newest stage.
docs: ## the documentation: build/docs/html/index.html
	@sh .ci/install.sh docs

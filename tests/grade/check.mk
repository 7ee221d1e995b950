# Judging one lab. A submission from elsewhere is built as if it were a stage; see check.sh.
ifdef SUBMISSION
$(foreach t,linux linux-address linux-thread windows,$(eval $(call program,$(t),submission/server,$(wildcard build/submission/*.c),$(call MANIFEST,$(t)) $(call LIBHTTP,$(t)) $(call LIBWIN32,$(t)))))
endif

# A test that waits for nothing is tedious: five seconds are enough on a machine that does nothing else. The suites that run
# in crowds wait longer (tests.mk).
check watch: export CK_TIMEOUT_MULTIPLIER := $(if $(filter environment command,$(origin CK_TIMEOUT_MULTIPLIER)),$(CK_TIMEOUT_MULTIPLIER),1)
.PHONY: check watch
check: ## judge a lab: make check LAB=3 [TASK=3.2] [SOLUTION=1] [DIR=path] [TARGET=windows] [SAN=address]
	@sh .ci/install.sh build test $(if $(filter windows,$(TARGET)),windows wine)
	+@LAB='$(LAB)' TASK='$(TASK)' SOLUTION='$(SOLUTION)' DIR='$(DIR)' TARGET='$(TARGET)' SAN='$(SAN)' bash tests/grade/check.sh

watch: ## the same again whenever you save: make watch LAB=3 [TASK=3.2]; shows failures and the sum
	@sh .ci/install.sh build test $(if $(filter windows,$(TARGET)),windows wine)
	+@LAB='$(LAB)' TASK='$(TASK)' SOLUTION='$(SOLUTION)' DIR='$(DIR)' TARGET='$(TARGET)' SAN='$(SAN)' bash tests/grade/watch.sh

# Both verbs as a student uses them.
MORE_PARTS += $(if $(wildcard tests/check),check)
$(eval $(call part,check,$(STARTER) $(BUILD)/linux/tests/grade/grade $(BUILD)/linux/http/libhttp.a $(BUILD)/linux/win32/libwin32.a,bash $(CURDIR)/tests/check/run.sh))

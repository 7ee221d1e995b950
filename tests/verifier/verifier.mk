# The verifier's rules and the faults: programs that break and that do not, compared with what is said of them.
VERIFIER_PROGRAMS := $(BUILD)/linux/tests/verifier/programs
$(eval $(call program,linux,tests/verifier/programs,$(wildcard tests/verifier/*.c),$(call LIBWIN32,linux)))
MORE_PARTS += verifier
$(eval $(call part,verifier,$(VERIFIER_PROGRAMS),bash $(CURDIR)/tests/verifier/run.sh $(here)/linux/tests/verifier/programs))

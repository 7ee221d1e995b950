# Whole programs in the manners of real code, written without a look at the verifier: of the right ones nothing may be
# said, under any fault; of each planted mistake what docs/verifier.md promises, with the lines.
STRANGERS      := $(patsubst %.c,%,$(wildcard tests/strangers/*.c))
STRANGERS_BUGS := $(shell awk '/^[0-9]/ { print $$2 "-" $$1 }' tests/strangers/table.txt)
$(foreach t,linux linux-address linux-thread windows,$(foreach s,$(STRANGERS),$(eval $(call program,$(t),$(s),$(s).c,$(call LIBWIN32,$(t))))))

# $(1) program, $(2) the number of its mistake
define strangers-bug
$(BUILD)/linux/tests/strangers/$(1)-$(2): tests/strangers/$(1).c tests/strangers/check.h $(call LIBWIN32,linux) $(BUILD)/linux/flags
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(call compile,linux) -DBUG=$(2) -o $$@ $$< $(call LIBWIN32,linux)
endef
$(foreach b,$(STRANGERS_BUGS),$(eval $(call strangers-bug,$(firstword $(subst -, ,$(b))),$(lastword $(subst -, ,$(b))))))

STRANGERS_BUILT := $(foreach t,linux linux-address linux-thread,$(STRANGERS:%=$(BUILD)/$(t)/%)) \
                   $(STRANGERS_BUGS:%=$(BUILD)/linux/tests/strangers/%)
MORE_PARTS += strangers
$(eval $(call part,strangers,$(STRANGERS_BUILT),bash $(CURDIR)/tests/strangers/strangers.sh $(here)))

# Under Wine, which knows neither the verifier nor faults: are the right ones right in a second judge's eyes?
MORE_PARTS += strangers-wine
$(eval $(call part,strangers-wine,$(STRANGERS:%=$(BUILD)/windows/%.exe) $(WINE_READY),$(WINE_RUN) bash $(CURDIR)/tests/strangers/strangers.sh --wine $(here)))

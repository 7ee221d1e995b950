# The library that counts a server's allocations: tests/grade/preload/allocations.c. The judge looks for it beside itself.
ALLOCATIONS := $(BUILD)/linux/tests/grade/allocations.so
$(ALLOCATIONS): tests/grade/preload/allocations.c $(BUILD)/linux/flags
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARNINGS) -D_GNU_SOURCE= -O2 -fPIC -shared -o $@ $<

$(BUILD)/linux/tests/grade/grade: | $(ALLOCATIONS)

# Pictures of a run: a server with a journal, a request or many, a page for the browser and one for Perfetto.
#     make trace LAB=3
#     make trace LAB=4 REQUEST='/index.html /style.css' CLIENTS=20 REPEAT=10 OPTIONS='--buffer 4096'
TRACE_PARTS := $(filter-out %/record.c %/trace.c %/check.c %/check_format.c %/format.c %/formatted.c,$(wildcard docs/trace/*.c))
TRACE       := $(BUILD)/linux/docs/trace/trace
RECORD      := $(BUILD)/linux/docs/trace/record
$(eval $(call program,linux,docs/trace/trace,docs/trace/trace.c $(TRACE_PARTS)))
$(eval $(call program,linux,docs/trace/record,docs/trace/record.c))
$(eval $(call program,linux-address,docs/trace/check,docs/trace/check.c docs/trace/check_format.c docs/trace/format.c $(TRACE_PARTS)))
$(eval $(call program,linux,docs/trace/formatted,docs/trace/formatted.c docs/trace/format.c))
-include $(wildcard $(BUILD)/linux*/docs/trace/*.d)

TRACED_TO := $(BUILD)/trace/$(firstword $(subst -, ,$(notdir $(CHOSEN))))
REQUEST   ?= /index.html
CLIENTS   ?= 1
REPEAT    ?= 1

.PHONY: trace
trace: $(TRACE) $(RECORD) $(BUILD)/linux/$(CHOSEN)/server $(BUILD)/site/ready ## draw what the threads do: make trace [LAB=3] [REQUEST=/index.html] [CLIENTS=1] [REPEAT=1] [OPTIONS='--buffer 48']
	@mkdir -p $(BUILD)/trace/uploads
	@$(RECORD) --journal $(TRACED_TO).txt --clients $(CLIENTS) --rounds $(REPEAT) $(REQUEST:%=--request %) -- \
	    $(BUILD)/linux/$(CHOSEN)/server --port 0 --root $(SITE)/root --uploads $(BUILD)/trace/uploads $(OPTIONS) >$(TRACED_TO).log
	@$(TRACE) --title '$(notdir $(CHOSEN)): GET $(REQUEST)' --note "$$(cat $(TRACED_TO).log)$(if $(OPTIONS), (server $(OPTIONS)))" \
	    --program $(BUILD)/linux/$(CHOSEN)/server --page $(TRACED_TO).html --events $(TRACED_TO).json $(TRACED_TO).txt
	@printf '%s\n' '$(TRACED_TO).html   open it in a browser' '$(TRACED_TO).json   for ui.perfetto.dev or chrome://tracing' '$(TRACED_TO).txt    the journal'

DOCS_PARTS += trace $(if $(wildcard solutions/03-iocp-pool),trace-run)
$(eval $(call part,trace,$(BUILD)/linux-address/docs/trace/check,$(here)/linux-address/docs/trace/check $(CURDIR)/docs/trace))
$(eval $(call part,trace-run,$(TRACE) $(RECORD) $(BUILD)/linux/docs/trace/formatted $(BUILD)/linux/solutions/03-iocp-pool/server,bash $(CURDIR)/docs/trace/check.sh $(here)/linux 03-iocp-pool))

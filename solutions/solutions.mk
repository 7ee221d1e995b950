# What changes from one stage to the next.
.PHONY: diff
diff: ## what changes between two stages: make diff FROM=3 TO=4 [TASK=4.2] [COLOR=1]
	@bash solutions/diff.sh $(FROM) $(TO) $(TASK)

MORE_PARTS += steps
$(eval $(call part,steps,,bash $(CURDIR)/solutions/diff-check.sh))

.PHONY: test-servers
test-servers: ## the servers natively and under both sanitizers
	+@$(call run-parts,$(SERVER_PARTS),test)

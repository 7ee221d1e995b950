# The bench: two comparisons, each side by side in one run. Reported, never a reason to fail.
#     make bench ROUNDS=5 SECONDS_EACH=2
ROUNDS       ?= 5
SECONDS_EACH ?= 2
BENCH_PROGRAMS := $(BUILD)/linux/tests/bench/echo-load $(BUILD)/linux/tests/bench/echo-epoll $(BUILD)/linux/tests/bench/echo-iocp

.PHONY: bench-echo bench-http
bench-echo: $(BENCH_PROGRAMS)
	@echo 'Echo: a completion port beside epoll written directly'
	@cd $(BUILD)/linux/tests/bench && ./echo-load -r $(ROUNDS) -t $(SECONDS_EACH) \
	    epoll=./echo-epoll iocp=./echo-iocp 'iocp-skip=./echo-iocp --skip'

bench-http: $(BUILD)/linux/solutions/$(STAGE)/server | bench-echo
	@bash tests/bench/http.sh $< $(ROUNDS) $(SECONDS_EACH) $(BUILD)/bench

bench: ## completion port beside epoll, the newest stage beside nginx: make bench [ROUNDS=5] [SECONDS_EACH=2]
	+@sh .ci/install.sh build bench && $(MAKE) bench-echo bench-http

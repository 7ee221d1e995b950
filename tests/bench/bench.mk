# The bench: servers side by side in one run (docs/bench.md). Reported, never a reason to fail: no test depends on time.
ROUNDS        ?= 5
SECONDS_EACH  ?= 2
IDLE          ?= 10000
# Stages are named by their numbers: 05 is solutions/05-buffers.
BENCH_FOLDERS := $(filter solutions/%,$(STAGES))
BENCH_STAGES  := $(foreach s,$(BENCH_FOLDERS),$(firstword $(subst -, ,$(notdir $(s)))))
BENCH_OTHERS   = $(foreach o,lighttpd h2o,$(if $(shell PATH=$$PATH:/usr/sbin command -v $(o)),$(o)))
BENCH_SERVERS ?= nginx nginx-plain $(BENCH_OTHERS) $(BENCH_STAGES) 05-hot 05-transmit 05-sndbuf
BENCH          = BUILD=$(here) bash tests/bench/bench.sh $(ROUNDS) $(SECONDS_EACH) $(IDLE)
BENCH_BUILT   := $(BENCH_FOLDERS:%=$(BUILD)/linux/%/server) $(BUILD)/linux/tests/bench/idle

.PHONY: bench-built bench-variants bench-windows bench-echo bench-publish
bench-built: $(BENCH_BUILT)
	@sh .ci/install.sh bench

bench: bench-built ## every stage beside nginx: make bench [ROUNDS=5] [SECONDS_EACH=2] [BENCH_SERVERS='nginx 05 05-hot']
	@$(BENCH) $(BENCH_SERVERS)

bench-variants: bench-built ## stage 05 with its options, each beside the other
	@ALL=1 $(BENCH) 05 05-hot 05-transmit 05-deep 05-sndbuf

# Under Wine: the stages with a completion port, beside each other.
BENCH_EXES := $(filter-out solutions/01% solutions/02%,$(BENCH_FOLDERS))
bench-windows: bench-built $(BUILD)/wine/ready $(BENCH_EXES:%=$(BUILD)/windows/%/server.exe) ## the .exe files of stages 03 to 05 under Wine
	@$(BENCH) $(addsuffix -wine,$(filter-out 01 02,$(BENCH_STAGES)) 05-hot); status=$$?; bash tests/wine-end.sh; exit $$status

BENCH_ECHO := $(addprefix $(BUILD)/linux/tests/bench/,echo-load echo-epoll echo-iocp)
bench-echo: $(BENCH_ECHO) ## an echo on a completion port beside the same on epoll
	@cd $(BUILD)/linux/tests/bench && ./echo-load -r $(ROUNDS) -t $(SECONDS_EACH) \
	    epoll=./echo-epoll iocp=./echo-iocp 'iocp-skip=./echo-iocp --skip'

bench-publish: bench ## make bench, and its tables into README.md and docs/bench.md
	@bash tests/bench/publish.sh README.md $(BUILD)/bench/readme.md && bash tests/bench/publish.sh docs/bench.md $(BUILD)/bench/table.md

MORE_PARTS += bench
$(eval $(call part,bench,$(BENCH_BUILT),bash $(CURDIR)/tests/bench/check.sh $(here)))

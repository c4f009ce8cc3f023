# The one door. Each command first makes the environment that it runs in, once, and anew when its
# requirements have changed. PYTHON=... names the interpreter, where the one found on PATH won't do.

RESOLVE_ALONE = .venv-dev/bin/python -m uv pip compile --quiet $(UPGRADE) \
	--universal --python-version 3.11 --generate-hashes --no-strip-extras --custom-compile-command 'make lock'
RESOLVE = $(RESOLVE_ALONE) pyproject.toml
# `make test RERUNS=1`, as CI runs it: a test that failed runs again, and the summary names it.
AGAIN = $(if $(RERUNS),--reruns $(RERUNS) --reruns-delay 5 -rR)
# The tests of a file stay in one process, with the services that they share. Files run in the order of their names,
# as the slow ones, in tests/app, then start first.
# Twice as many processes as there are cores, as tests wait for services, and for times to pass.
IN_PARALLEL = -n 4 --dist loadfile --no-loadscope-reorder
# The tests of a mark, and only the files that have some.
marked = -m $(1) $$(grep -rl --include='*.py' 'pytest.mark.$(1)$$' tests)
# The noise runs alone, as its services wait only 1.5 s for what is sent. `--dist loadfile` would run one of the tests that
# have the same id, and schemathesis gives the same id to the tests of all operations.
HOSTILE = .venv-hostile/bin/python -m pytest $(AGAIN) --confcutdir=tests/hostile --serve-with=.venv/bin/python
NODE_MODULES = clients/typescript/node_modules/complete
PAGE_MODULES = page/node_modules/complete
# The tests start some two hundred processes, each of which would compile all of the sources again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help serve serve-ray test test-browser test-clients test-container test-monitoring test-deploy test-ray test-hostile test-faults test-soak test-typescript-client test-page check page screenshots audit generate bench bench-small bench-core bench-score bench-guard soak lock clean

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 32

serve: .venv/complete ## Serve on XENT_HOST (127.0.0.1) and XENT_PORT (8000)
	@.venv/bin/python -m app

serve-ray: .venv-ray/complete ## Serve with Ray Serve on this machine, by deploy/ray/serve.yaml
	@RAY_USAGE_STATS_ENABLED=0 .venv-ray/bin/serve run --app-dir . deploy/ray/serve.yaml

test: .venv-dev/complete ## Run the tests, with branch coverage (PART=xent_core: those of tests/xent_core, without)
ifdef PART
	@.venv-dev/bin/python -m pytest $(AGAIN) $(IN_PARALLEL) tests/$(PART)
else
	@.venv-dev/bin/python -m pytest $(AGAIN) $(IN_PARALLEL) -m 'not alone and not unmeasured' --cov
	@.venv-dev/bin/python -m pytest $(AGAIN) $(IN_PARALLEL) $(call marked,unmeasured)
	@.venv-dev/bin/python -m pytest $(AGAIN) $(call marked,alone)
endif

test-browser: .venv-browser/complete $(PAGE_MODULES) ## Run the tests of the pages, in Chromium
	@scripts/programs chromium=chromium chromedriver=chromium-driver
	@.venv-browser/bin/python -m pytest --confcutdir=tests/browser tests/browser

test-clients: .venv/complete .venv-clients/complete ## Run the tests with Triton's and KServe's clients
	@.venv-clients/bin/python -m pytest --confcutdir=tests/clients tests/clients --serve-with=.venv/bin/python

test-container: .venv-dev/complete .helm/complete ## Build and run the image, the compose file and the proxy (as root on Debian)
	@scripts/programs nginx=nginx-light
	@scripts/container

test-monitoring: .venv-dev/complete ## Run the tests of alerts and dashboard, with Prometheus
	@scripts/programs prometheus=prometheus promtool=prometheus
	@.venv-dev/bin/python -m pytest tests/monitoring

test-deploy: .venv-deploy/complete .helm/complete ## Run the tests of the Helm chart, with helm and the schemas of Kubernetes
	@scripts/programs promtool=prometheus
	@.venv-deploy/bin/python -m pytest --confcutdir=tests/deploy tests/deploy

test-ray: .venv-ray/complete ## Run the tests on a Ray cluster of two nodes, on this machine
	@.venv-ray/bin/python -m pytest --confcutdir=tests/ray -W default --disable-warnings tests/ray

test-hostile: .venv/complete .venv-hostile/complete ## Send it all that is wrong: schemathesis, and noise below HTTP
	@scripts/programs curl=curl node=nodejs java=default-jdk-headless nginx=nginx-light
	@$(HOSTILE) -n 2 --dist worksteal --ignore=tests/hostile/test_noise.py tests/hostile
	@$(HOSTILE) tests/hostile/test_noise.py

test-faults: .venv-dev/complete ## A short fault run: load with all that goes wrong mixed in
	@.venv-dev/bin/python -m benchmarks.faults --seconds 20

test-soak: .venv-dev/complete ## Two minutes of the soak
	@scripts/programs nginx=nginx-light
	@.venv-dev/bin/python -m benchmarks.soak --seconds 120

test-typescript-client: .venv/complete $(NODE_MODULES) ## Run the tests of the TypeScript client (Node)
	@npm --prefix clients/typescript --silent test

test-page: $(PAGE_MODULES) ## Run the unit tests of the pages (Node)
	@npm --prefix page --silent test

check: .venv-dev/complete .helm/complete $(NODE_MODULES) $(PAGE_MODULES) ## Check lint, format, types, and that what is generated is as the application has it
	@.venv-dev/bin/python -m ruff check
	@.venv-dev/bin/python -m ruff format --check
	@.venv-dev/bin/python -m mypy
	@.venv-dev/bin/python -m scripts.generate --check
	@.venv-dev/bin/python -m scripts.licenses --check
	@.venv-dev/bin/python -m scripts.chart --check
	@npm --prefix clients/typescript --silent run check-generated
	@npm --prefix page --silent run types
	@.venv-dev/bin/python -m scripts.page --check

page: .venv-dev/complete $(PAGE_MODULES) ## Build the pages that the service shows from page/
	@.venv-dev/bin/python -m scripts.page

screenshots: .venv-browser/complete ## Make docs/front-page.png (FOLDER=…: all widths, themes and languages, into it)
	@scripts/programs chromium=chromium chromedriver=chromium-driver
	@.venv-browser/bin/python -m tests.browser.screenshot $(FOLDER)

audit: .venv-audit/complete ## Look up known vulnerabilities of what is locked
	@.venv-audit/bin/python -m scripts.audit requirements.txt requirements-tracing.txt || [ $$? -eq 77 ]

generate: .venv-dev/complete .helm/complete $(NODE_MODULES) ## Make openapi.json, the clients, THIRD_PARTY.md and the manifests from what they tell of
	@.venv-dev/bin/python -m scripts.generate
	@.venv-dev/bin/python -m scripts.licenses
	@.venv-dev/bin/python -m scripts.chart
	@npm --prefix clients/typescript --silent run generate

bench: .venv/complete .venv-bench-fastapi/complete ## Measure the service beside its peers (Linux, two cores, wrk)
	@.venv-bench-fastapi/bin/python -m benchmarks.service

bench-small: .venv/complete .venv-bench-fastapi/complete ## Measure small batches of each kind beside the tuned peer (Linux, two cores, wrk)
	@.venv-bench-fastapi/bin/python -m benchmarks.small_batches

bench-core: .venv-bench/complete ## Compare the core with PyTorch on one thread
	@.venv-bench/bin/python -m benchmarks.core

bench-score: .venv-dev/complete .venv-bench/complete ## Measure xent score and compare beside raw reading and writing, pandas and PyTorch
	@.venv-dev/bin/python -m benchmarks.score --peer .venv-bench/bin/python

bench-guard: .venv/complete ## Compare instruction counts of requests with those checked in (valgrind)
	@scripts/programs valgrind=valgrind
	@.venv/bin/python -m benchmarks.guard

soak: .venv-dev/complete ## Two replicas behind nginx for half an hour (SECONDS=7200: as long), with all that an operator does
	@scripts/programs nginx=nginx-light
	@.venv-dev/bin/python -m benchmarks.soak $(if $(SECONDS),--seconds $(SECONDS))

lock: .venv-dev/complete ## Resolve pyproject.toml into the locks (UPGRADE=--upgrade: to the newest versions)
	@$(RESOLVE) -o requirements.txt
	@$(RESOLVE) -o requirements-tracing.txt --extra tracing -c requirements.txt
	@$(RESOLVE) -o requirements-dev.txt --group dev --extra tracing --extra score -c requirements-tracing.txt
	@$(RESOLVE) -o requirements-browser.txt --group browser -c requirements.txt
	@$(RESOLVE_ALONE) -o requirements-clients.txt --group clients
	@$(RESOLVE_ALONE) -o requirements-deploy.txt --group deploy
	@$(RESOLVE) -o requirements-ray.txt --extra ray --extra score --group ray -c requirements.txt
	@$(RESOLVE_ALONE) -o requirements-hostile.txt --group hostile
	@$(RESOLVE_ALONE) -o requirements-audit.txt --group audit

clean: ## Remove the environments and everything else that was made
	@rm -rf .venv* .helm .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info xent_core/compute/*.so
	@rm -rf clients/typescript/node_modules clients/typescript/build clients/typescript/dist page/node_modules page/build
	@find . -name __pycache__ -type d -prune -exec rm -r {} +

.venv/complete: requirements.txt
.venv-dev/complete: requirements-dev.txt
.venv-browser/complete: requirements-browser.txt
.venv-clients/complete: requirements-clients.txt
.venv-deploy/complete: requirements-deploy.txt
.venv-hostile/complete: requirements-hostile.txt
.venv-ray/complete: requirements-ray.txt
.venv-audit/complete: requirements-audit.txt
.venv/complete .venv-dev/complete .venv-browser/complete .venv-clients/complete .venv-deploy/complete .venv-hostile/complete .venv-ray/complete .venv-audit/complete:
	@scripts/environment $(@D) --require-hashes -r $<
	@$(if $(filter %.c,$^),scripts/compile $(@D)/bin/python)

# Compiled in place, for all environments of the same Python.
.venv/complete .venv-dev/complete: xent_core/compute/_elementary.c

.helm/complete: scripts/helm.py | .venv-dev/complete
	@.venv-dev/bin/python -m scripts.helm $(@D)

$(NODE_MODULES): clients/typescript/package.json clients/typescript/package-lock.json
	@scripts/node-modules clients/typescript

$(PAGE_MODULES): page/package.json page/package-lock.json
	@scripts/node-modules page

.venv-bench/complete: benchmarks/requirements.txt
	@scripts/environment $(@D) -r $<

.venv-bench-%/complete: benchmarks/service/requirements/%.txt
	@scripts/environment $(@D) -r $<

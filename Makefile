# mailbot : tout ce qui se fait dans un clone. Rien n’est écrit hors de ce dossier, sauf les paquets Debian de « make test ».

PYTHON ?= python3
BIN := .venv/bin
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
READY := .venv/.ready-$(VERSION)
# One process a core; a file stays together, since its tests share servers, and files start in their order: the longest first.
SPREAD := -n auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup init install uninstall demo test test-long kill-matrix letters bench lint clean

help: ## cette liste
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

setup: $(READY) ## prépare l’environnement dans .venv (une minute la première fois)

init: $(READY) ## met un bureau en place : quelques questions, la boîte essayée ; options : make init ARGS="--answers FICHIER"
	@$(BIN)/mailbot init $(ARGS)

install: ## en root : le service, dans /opt/mailbot, avec son compte et ses dossiers ; de nouveau : une mise à jour
	@PYTHON="$(PYTHON)" tools/service.sh install

uninstall: ## en root : retire le service ; la configuration et les données restent
	@tools/service.sh uninstall

demo: $(READY) ## une journée de réclamations dans une boîte d’essai ; options : make demo ARGS=--once
	@$(BIN)/mailbot demo $(ARGS)

test: $(READY) ## vérifie tout ; installe avant, une fois, les paquets Debian nécessaires ; un seul fichier : ARGS=tests/…
	@tools/test-packages.sh
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest $(SPREAD) $(ARGS)

test-long: $(READY) ## les vérifications qui durent plus que les dix minutes de « make test », puis celui-ci sur PostgreSQL
	@tools/test-packages.sh
	$(BIN)/python -m pytest -m long $(SPREAD) $(ARGS)
	MAILBOT_TEST_REGISTER=postgresql $(BIN)/python -m pytest $(SPREAD) $(ARGS)

kill-matrix: $(READY) ## tue le bureau à chaque point nommé, trois fois, le relance, et imprime le tableau (un quart d’heure)
	@tools/test-packages.sh
	$(BIN)/python -m pytest -q -m "long or not long" tests/crash/test_kill_matrix.py

letters: $(READY) ## dessine et vérifie toutes les lettres dans un vrai navigateur ; images : letters-out/ ; ARGS=--approve
	@tools/test-packages.sh
	@cd tests && ../$(BIN)/python -m rendering $(ARGS)

WHAT ?= backlog
bench: $(READY) ## mesure une boîte pleine contre le travail minimal ; ARGS="--mails 500 --rounds 3" ; WHAT=growth, latency, relay, idle, start, memory… : benchmarks/
	@tools/test-packages.sh
	@$(BIN)/python benchmarks/$(WHAT).py $(ARGS)

lint: $(READY) ## style et types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

clean: ## efface ce que make et les essais ont écrit ici, environnement compris
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build demo-out letters-out *.egg-info
	find mailbot tests -name __pycache__ -prune -exec rm -rf {} +

# pip runs from the lock alone, wheels only: nothing is built. The project itself is one line in the environment, told
# from there, so the folder can be moved; `make` comes back here only when the lock or the launcher changes.
$(READY): requirements.txt tools/mailbot
	@command -v $(PYTHON) >/dev/null || { echo "Il manque Python : sudo apt-get install -y python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo "mailbot demande Python 3.11, 3.12 ou 3.13 ; ici : $$($(PYTHON) -V). Ailleurs : make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Il manque un paquet : sudo apt-get install -y python3-venv"; exit 1; }
	@echo "Installation dans .venv, une minute environ…"
	@[ "$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$(VERSION)" ] \
	  && [ -d .venv/lib/python$(VERSION) ] || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
	  --require-hashes -r requirements.txt
	@echo '../../../..' > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/mailbot.pth"
	@install -m 755 tools/mailbot $(BIN)/mailbot
	@touch $@
	@echo "Prêt : $(BIN)/mailbot --help"

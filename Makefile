# Each target is a task of make.py; `make help` lists them.
# Arguments are passed on: make test ARGS="tests/test_layers.py -x"
PYTHON ?= $(firstword $(shell command -v python3.11 || command -v python3 || command -v python))
RUN = @$(or $(PYTHON),$(error No Python found. Install Python 3.11 or newer)) make.py

.DEFAULT_GOAL := help
.PHONY: book pdf test lab refresh lint bench setup clean release grade gradebook test-grading help

book pdf test lab refresh lint bench setup clean test-grading:
	$(RUN) $@ $(ARGS)

# make lab ARGS=../hw2 (without ARGS: the chapters)
# make release HW=hw2 (without HW: all)
release:
	$(RUN) $@ $(HW) $(ARGS)

# make grade HW=hw2 SUBMISSIONS=folder [OUT=grades/hw2] [ARGS="--resume --jobs 4"]
grade:
	$(RUN) $@ $(or $(HW),$(error Name the assignment: HW=hw2)) \
	  "$(or $(SUBMISSIONS),$(error Name the folder of what was handed in: SUBMISSIONS=folder))" $(if $(OUT),--out "$(OUT)") $(ARGS)

# make gradebook HW=hw2 [OUT=grades/hw2] [COURSE=course]
gradebook:
	$(RUN) $@ "$(or $(OUT),grades/$(or $(HW),$(error Name the assignment: HW=hw2)))" "$(or $(COURSE),course)" $(ARGS)

help:
	$(RUN) --help

#!/bin/sh
# Builds actionlint from its Go module: build/actionlint. Half a minute the first time; the version stands in go.mod.
set -eu
cd "$(dirname "$0")"
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o ../../build/actionlint github.com/rhysd/actionlint/cmd/actionlint

#!/bin/sh
# Builds the Pulumi CLI from its Go module, and puts Pulumi's own executor of Python programs beside it: build/engine/.
# Minutes the first time; seconds later, for Go keeps what it compiled. The version stands in cli/go.mod.
set -eu
cd "$(dirname "$0")/cli"
into=../../../build/engine
version=$(go list -m -f '{{.Version}}' github.com/pulumi/pulumi/pkg/v3)
CGO_ENABLED=0 go build -tags osusergo,grpcnotrace \
    -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
    -o "$into/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
# After the build, which downloads the module: before, it may have no folder.
sdk=$(go list -m -f '{{.Dir}}' github.com/pulumi/pulumi/sdk/v3)
install -m 755 "$sdk/python/cmd/pulumi-language-python-exec" "$into/"
"$into/pulumi" version

#!/usr/bin/env bash
# Writes src/codecs/etcd/messages from the .proto files beside it. Needs protoc (Debian's protobuf-compiler), which tests don't.
set -euo pipefail
cd "$(dirname "$0")/.."
protoc -I src/codecs/etcd/proto --plugin=node_modules/.bin/protoc-gen-es --es_out=src/codecs/etcd/messages \
  --es_opt=target=ts,import_extension=none src/codecs/etcd/proto/*.proto

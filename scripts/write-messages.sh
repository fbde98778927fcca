#!/usr/bin/env bash
# Writes src/codecs/*/messages from the .proto files beside them. Needs protoc (Debian's protobuf-compiler), which tests don't.
set -euo pipefail
cd "$(dirname "$0")/.."
for codec in etcd nacos; do
  protoc -I "src/codecs/$codec/proto" --plugin=node_modules/.bin/protoc-gen-es --es_out="src/codecs/$codec/messages" \
    --es_opt=target=ts,import_extension=none "src/codecs/$codec"/proto/*.proto
done

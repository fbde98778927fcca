import { type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { file_auth } from '../../codecs/etcd/messages/auth_pb';
import { file_kv } from '../../codecs/etcd/messages/kv_pb';
import { file_rpc } from '../../codecs/etcd/messages/rpc_pb';
import { file_v3election } from '../../codecs/etcd/messages/v3election_pb';
import { file_v3lock } from '../../codecs/etcd/messages/v3lock_pb';
import type { ReflectedFile } from '../grpc/grpc-reflection';

/** Definitions of etcd's services, for clients that ask the server for them, such as `grpcurl`. */
export const ETCD_FILES: readonly ReflectedFile[] = [file_kv, file_auth, file_rpc, file_v3lock, file_v3election].map(
  reflected,
);

function reflected(file: DescFile): ReflectedFile {
  const services = file.services.map(({ typeName }) => typeName);
  return {
    name: file.proto.name,
    descriptor: toBinary(FileDescriptorProtoSchema, file.proto),
    dependencies: file.proto.dependency,
    services,
    symbols: [
      ...services,
      ...file.services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `${typeName}.${name}`)),
      ...file.enums.map(({ typeName }) => typeName),
      ...file.messages.flatMap(symbolsOf),
    ],
  };
}

/** Returns the names of a message and of what is defined in it. */
function symbolsOf(message: DescMessage): string[] {
  const { typeName, nestedEnums, nestedMessages } = message;
  return [typeName, ...nestedEnums.map((each) => each.typeName), ...nestedMessages.flatMap(symbolsOf)];
}

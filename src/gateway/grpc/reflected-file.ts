import { type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { ReflectedFile } from './grpc-reflection';

/** Returns the definitions of a file for clients that ask the server for them, such as `grpcurl`. */
export function reflectedFile(file: DescFile): ReflectedFile {
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

import { type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { GrpcCode, GrpcError } from './grpc-error';
import type { GrpcInput, GrpcMethod, GrpcOutput } from './grpc-method';

/** One file of definitions, as clients read it. */
export interface ReflectedFile {
  readonly name: string;
  /** A `google.protobuf.FileDescriptorProto`. */
  readonly descriptor: Uint8Array;
  /** Names of the files that it imports. */
  readonly dependencies: readonly string[];
  /** Full names of what it defines: messages, enums, services and their methods, such as `etcdserverpb.KV.Range`. */
  readonly symbols: readonly string[];
  /** Full names of its services. */
  readonly services: readonly string[];
}

/** Fields of `ServerReflectionRequest`, and those of `ServerReflectionResponse`, which are the same in v1 and v1alpha. */
const Field = {
  HOST: 1,
  FILE_BY_NAME: 3,
  FILE_BY_SYMBOL: 4,
  LIST_SERVICES: 7,
  ORIGINAL_REQUEST: 2,
  FILES: 4,
  SERVICES: 6,
  ERROR: 7,
} as const;

/** The service `grpc.reflection.v1.ServerReflection` and its `v1alpha`, which describe other services to clients. */
export class GrpcReflection {
  readonly #files: ReadonlyMap<string, ReflectedFile>;
  readonly #symbols = new Map<string, ReflectedFile>();
  readonly #services: readonly string[];

  constructor(files: readonly ReflectedFile[]) {
    this.#files = new Map(files.map((file) => [file.name, file]));
    for (const file of files) for (const symbol of file.symbols) this.#symbols.set(symbol, file);
    this.#services = files.flatMap(({ services }) => services).sort();
  }

  /** Its methods by path. */
  get methods(): [path: string, method: GrpcMethod][] {
    const method: GrpcMethod = { kind: 'stream', open: (_call, output) => this.#open(output) };
    return ['v1', 'v1alpha'].map((version) => [
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      method,
    ]);
  }

  #open(output: GrpcOutput): GrpcInput {
    return { message: (request) => void output.send(this.#answer(request)), ended: () => output.end() };
  }

  #answer(request: Uint8Array): Uint8Array {
    const { field, text, host } = readRequest(request);
    const writer = new BinaryWriter();
    writer.tag(1, WireType.LengthDelimited).string(host);
    writer.tag(Field.ORIGINAL_REQUEST, WireType.LengthDelimited).bytes(request);
    if (field === Field.LIST_SERVICES) {
      writer.tag(Field.SERVICES, WireType.LengthDelimited).fork();
      for (const service of this.#services) {
        writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(service).join();
      }
      return writer.join().finish();
    }
    const file = field === Field.FILE_BY_NAME ? this.#files.get(text) : this.#symbols.get(text);
    const isKnown = field === Field.FILE_BY_NAME || field === Field.FILE_BY_SYMBOL;
    if (file === undefined || !isKnown) {
      const code = isKnown ? GrpcCode.NOT_FOUND : GrpcCode.UNIMPLEMENTED;
      const details = isKnown ? `not found: ${text}` : 'extensions are not supported';
      writer.tag(Field.ERROR, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.Varint).int32(code).tag(2, WireType.LengthDelimited).string(details);
      return writer.join().finish();
    }
    writer.tag(Field.FILES, WireType.LengthDelimited).fork();
    for (const { descriptor } of this.#withDependencies(file)) {
      writer.tag(1, WireType.LengthDelimited).bytes(descriptor);
    }
    return writer.join().finish();
  }

  /** Returns a file and all files that it needs, the file first. */
  #withDependencies(file: ReflectedFile): Set<ReflectedFile> {
    const files = new Set([file]);
    // A set iterates over what is added meanwhile.
    for (const { dependencies } of files) {
      for (const name of dependencies) {
        const dependency = this.#files.get(name);
        if (dependency !== undefined) files.add(dependency);
      }
    }
    return files;
  }
}

/** Reads a `ServerReflectionRequest`: its host, and the last of the fields that ask something. */
function readRequest(bytes: Uint8Array): { field: number; text: string; host: string } {
  try {
    const reader = new BinaryReader(bytes);
    const request = { field: 0, text: '', host: '' };
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      const isAsked = field === Field.FILE_BY_NAME || field === Field.FILE_BY_SYMBOL || field === Field.LIST_SERVICES;
      if (field === Field.HOST) request.host = reader.string();
      else if (isAsked) Object.assign(request, { field, text: reader.string() });
      else {
        request.field = field;
        reader.skip(type);
      }
    }
    return request;
  } catch {
    throw new GrpcError(GrpcCode.INTERNAL, 'the request is not a ServerReflectionRequest');
  }
}

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

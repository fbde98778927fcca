import type { Message } from '@bufbuild/protobuf';
import { splitLogin } from '../../auth/carriers';
import { jsonOfMessage } from '../../codecs/etcd/json';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { ETCD_METHODS, type EtcdMethod, type EtcdStreamMethod } from '../../protocols/etcd/methods';
import { jsonAnswer } from './answers';
import { readMessage } from './bodies';
import { etcdCall } from './called';
import { answerStream } from './json-stream';
import { pathsOf } from './paths';
import { answerShortStream, isShortStream } from './short-stream';

/** Returns the name of a method as in the table of support: `KV.Range`. */
export const methodName = ({ method }: Pick<EtcdMethod, 'method'>): string => `${method.parent.name}.${method.name}`;

/** Adds the routes of all methods. What a call needs is checked as it uses its namespace. */
export function addMethodRoutes(door: DialectDoor): void {
  for (const each of ETCD_METHODS) {
    if (each.kind === 'unary') addUnary(door, each);
    else addStream(door, each);
  }
}

/** Members that the routes of all methods share. */
function shared(each: EtcdMethod) {
  return {
    operation: methodName(each),
    method: 'post',
    paths: pathsOf(each.paths),
    scope: 'any',
    summary: `The method ${each.method.name} of etcd's service ${each.method.parent.name}`,
  } as const;
}

/** Returns the namespace that the credential of a request names. */
function namespaceOf(headers: Headers): string | undefined {
  const authorization = headers.get('authorization');
  return authorization === null ? undefined : splitLogin(authorization).namespace;
}

function addUnary(door: DialectDoor, each: Extract<EtcdMethod, { kind: 'unary' }>): void {
  const { method } = each;
  door.route<{ message: Message; namespace: string | undefined }, string>({
    ...shared(each),
    // Calls of the registry are bounded themselves; a client that waits for a lock does so until it leaves.
    withoutDeadline: true,
    read: async (request) => ({
      message: await readMessage(request, method.input),
      namespace: namespaceOf(request.headers),
    }),
    namespace: ({ namespace }) => namespace,
    call: async (_, { message }, call) => jsonOfMessage(method.output, await each.answer(etcdCall(call), message)),
    answer: jsonAnswer,
  });
}

function addStream(door: DialectDoor, each: EtcdStreamMethod): void {
  door.route<{ namespace: string | undefined }, Response>({
    ...shared(each),
    withoutDeadline: true,
    read: ({ headers }) => ({ namespace: namespaceOf(headers) }),
    namespace: ({ namespace }) => namespace,
    call: (_namespace, _input, call) =>
      isShortStream(each, call.request) ? answerShortStream(each, call) : answerStream(each, call),
    answer: (response) => response,
  });
}

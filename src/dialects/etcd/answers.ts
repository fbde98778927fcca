import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { jsonOfMessage } from '../../codecs/etcd/json';
import { COMMON_HEADERS } from '../../http/response/answers';

/** Headers of responses with JSON. */
export const JSON_HEADERS = { ...COMMON_HEADERS, 'Content-Type': 'application/json' } as const;

/** Returns JSON text. */
export const jsonAnswer = (text: string): Response => new Response(text, { headers: JSON_HEADERS });

/** Returns a response of a stream as its line. */
export const resultLine = <Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string =>
  `{"result":${jsonOfMessage(schema, message)}}\n`;

/** Returns a text, as Go's server does for paths and methods that it does not have. */
export function textAnswer(status: number, text: string, headers: Record<string, string> = {}): Response {
  const all = { ...COMMON_HEADERS, 'Content-Type': 'text/plain; charset=utf-8', ...headers };
  return new Response(text, { status, headers: all });
}

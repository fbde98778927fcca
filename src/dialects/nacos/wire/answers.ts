import type { DialectRoute } from '../../../http/pipeline/dialect';
import { COMMON_HEADERS } from '../../../http/response/answers';

const TEXT = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'text/plain;charset=UTF-8' });
const JSON_TYPE = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'application/json;charset=UTF-8' });

/** Success of what changes something, in v1: these two letters, and nothing else. */
export const ok = (): Response => textAnswer('ok');

/** A text that is JSON already. Status 200, the only one that clients know as success. */
export const jsonAnswer = (text: JsonPieces): Response =>
  new Response(typeof text === 'string' ? text : streamOf(text), { headers: JSON_TYPE });

/** A text, or the pieces of one that is too large to be in memory as a whole. */
export type JsonPieces = string | AsyncGenerator<string>;

/** A text with others before and after it. */
export function around(before: string, text: JsonPieces, after: string): JsonPieces {
  return typeof text === 'string' ? before + text + after : piecesAround(before, text, after);
}

async function* piecesAround(before: string, pieces: AsyncGenerator<string>, after: string): AsyncGenerator<string> {
  yield before;
  yield* pieces;
  yield after;
}

/** Makes each piece when its reader has room for it. A piece that fails breaks the answer off. */
function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

/** A value as JSON. */
export const answer = (value: unknown): Response => jsonAnswer(JSON.stringify(value));

/** A text that is one. */
export const textAnswer = (text: string): Response => new Response(text, { headers: TEXT });

/** Success of v2 and v3. */
export const result = (data: unknown): Response => answer({ code: 0, message: 'success', data });

/** The same of a value that is JSON already. */
export const resultText = (data: JsonPieces): Response =>
  jsonAnswer(around('{"code":0,"message":"success","data":', data, '}'));

/** Success of the console and of the cluster in v1, which looks the same and is not: 200 is what it calls success. */
export const restResult = (data: unknown): Response => answer({ code: 200, message: null, data });

/** A call as all versions have it. Each adds its paths, and how it answers. */
export type Call<Asked, Outcome> = Omit<DialectRoute<Asked, Outcome>, 'operation' | 'paths' | 'answer'>;

/** A version's name for its routes, and where they begin. */
export interface Version {
  version: 'v2' | 'v3';
  path: string;
}

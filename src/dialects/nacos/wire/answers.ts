import type { DialectRoute } from '../../../http/pipeline/dialect';
import { COMMON_HEADERS } from '../../../http/response/answers';

const TEXT = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'text/plain;charset=UTF-8' });
const JSON_TYPE = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'application/json;charset=UTF-8' });

/** Returns the v1 response to a successful change: only the text `ok`. */
export const ok = (): Response => textAnswer('ok');

/** Returns a response with encoded JSON. Its status is 200, the only one that clients treat as success. */
export const jsonAnswer = (text: JsonPieces): Response =>
  new Response(typeof text === 'string' ? text : streamOf(text), { headers: JSON_TYPE });

/** JSON text, or pieces of one that is too large to be in memory as a whole. */
export type JsonPieces = string | AsyncGenerator<string>;

/** Returns a text with others before and after it. */
export function around(before: string, text: JsonPieces, after: string): JsonPieces {
  return typeof text === 'string' ? before + text + after : piecesAround(before, text, after);
}

async function* piecesAround(before: string, pieces: AsyncGenerator<string>, after: string): AsyncGenerator<string> {
  yield before;
  yield* pieces;
  yield after;
}

/** Returns a stream that produces pieces as its reader takes them. A piece that fails aborts the response. */
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

/** Returns a response with a value as JSON. */
export const answer = (value: unknown): Response => jsonAnswer(JSON.stringify(value));

/** Returns a plain-text response. */
export const textAnswer = (text: string): Response => new Response(text, { headers: TEXT });

/** Returns a success response of v2 and v3. */
export const result = (data: unknown): Response => answer({ code: 0, message: 'success', data });

/** Returns a success response of v2 and v3 with encoded JSON. */
export const resultText = (data: JsonPieces): Response =>
  jsonAnswer(around('{"code":0,"message":"success","data":', data, '}'));

/** Returns a success response of the console and the cluster in v1, which has the same shape but another code: 200. */
export const restResult = (data: unknown): Response => answer({ code: 200, message: null, data });

/** A call that several versions have in common. Each adds its paths and its response. */
export type Call<Input, Outcome> = Omit<DialectRoute<Input, Outcome>, 'operation' | 'paths' | 'answer'>;

/** Name of a version, and the prefix of its paths. */
export interface Version {
  version: 'v2' | 'v3';
  path: string;
}

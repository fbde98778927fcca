import { type ErrorData, RegistryError } from '../../model/errors';
import { CALL_ANSWER_MAX_BYTES } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';

/** Names of the calls of a namespace. */
export type Method = keyof NamespaceApi;

/** What a call is asked. */
export type Asked<M extends Method> = Parameters<NamespaceApi[M]>;

/** What a call comes to. */
export type Result<M extends Method> = Awaited<ReturnType<NamespaceApi[M]>>;

/**
 * What crosses between a Worker and an object is text: it costs a fraction of a structured clone, and a version that
 * knows more members gets along with one that knows fewer (design/decisions/0003-json-text.md).
 */
export function sealAsked<M extends Method>(asked: Asked<M>): string {
  return JSON.stringify(asked);
}

/** Reads what {@link sealAsked} wrote. */
export function openAsked<M extends Method>(text: string): Asked<M> {
  return JSON.parse(text) as Asked<M>; // `as`: only our own Worker reaches an object, and says which method it means
}

/** Makes the platform carry a text with two bytes a character. */
const BEYOND_LATIN_1 = /[\u0100-\uffff]/;

/**
 * Refuses an answer that a call can't carry. Lists end long before; this is for what has no pages, so that it is refused
 * with what to do instead of a failure that looks like an outage.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function assertCarried(text: string): void {
  if (2 * text.length <= CALL_ANSWER_MAX_BYTES) return;
  const bytes = BEYOND_LATIN_1.test(text) ? 2 * text.length : text.length;
  if (bytes <= CALL_ANSWER_MAX_BYTES) return;
  const message = `has ${bytes} bytes and could have ${CALL_ANSWER_MAX_BYTES}; ask for less at a time, with limit or for one service or instance`;
  throw new RegistryError('INVALID_REQUEST', `the answer ${message}`, {
    errors: [{ path: 'limit', message: `the answer ${message}` }],
  });
}

/** The first character of an outcome: what it is. The cursor follows, and on the next line the body, where there is one. */
const KIND = { refused: '!', done: '.', body: '=', created: '+', unchanged: '0' } as const;

/** An outcome as a line and a body: nothing has to be parsed but a refusal, and the body is JSON already. */
export async function sealOutcome<M extends Method>(ask: () => Promise<Result<M>>): Promise<string> {
  try {
    const { cursor, created, body }: { cursor: string; created?: boolean; body?: string | null } = await ask();
    if (body === undefined) return KIND.done + cursor;
    if (body === null) return KIND.unchanged + cursor;
    assertCarried(body);
    return `${created === true ? KIND.created : KIND.body}${cursor}\n${body}`;
  } catch (error) {
    // A refusal becomes data here, as an error would lose its class on the way; anything else stays a failure.
    if (error instanceof RegistryError) return KIND.refused + JSON.stringify(error.toData());
    throw error;
  }
}

/**
 * Reads what {@link sealOutcome} wrote.
 *
 * @throws {RegistryError} The refusal, where the outcome is one.
 */
export function openOutcome<M extends Method>(text: string): Result<M> {
  const kind = text[0];
  if (kind === KIND.refused) throw RegistryError.fromData(JSON.parse(text.slice(1)) as ErrorData); // `as`: from toData
  // `as`, below: it is what was sealed. Whoever asks for no `created` does not look at it.
  if (kind === KIND.done) return { cursor: text.slice(1) } as Result<M>;
  if (kind === KIND.unchanged) return { cursor: text.slice(1), body: null } as Result<M>;
  const end = text.indexOf('\n');
  return { cursor: text.slice(1, end), created: kind === KIND.created, body: text.slice(end + 1) } as Result<M>;
}

/**
 * The two calls that make up nearly all traffic cross as their names alone, a line each: names have no control
 * characters, and parsing even a small object takes as long as the rest of the call.
 */
export function sealNames(...names: string[]): string {
  return names.join('\n');
}

/** Stands among the names of a renewal where the caller operates the service. */
export const OPERATES = '+';

/** Reads what {@link sealNames} wrote. */
export function openNames(text: string): string[] {
  return text.split('\n');
}

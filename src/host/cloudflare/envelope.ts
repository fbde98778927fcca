import type { InstanceKey } from '../../model/batch';
import { type ErrorData, RegistryError } from '../../model/errors';
import { CALL_ANSWER_MAX_BYTES } from '../../model/limits';
import type { Caller } from '../../model/namespace-api';

/**
 * Version of the format of calls between a Worker and its objects (namespaces and the directory). A call carries the name
 * of a method, its arguments as JSON, and this version; the outcome is returned as text. Text costs a fraction of a
 * structured clone, and versions with more and fewer members are compatible (design/decisions/0003-json-text.md,
 * 0027-one-envelope.md).
 *
 * A Worker and an object may be one version apart during a deploy. The object answers in the format of the calling
 * version, so the format can change without breaking Workers of the previous version. The code for those is in
 * previous-wire.ts.
 */
export const WIRE_VERSION = 2;

/** Methods of an interface that is called remotely: arguments and results are plain data. */
export type Callable<Api> = { [Method in keyof Api]: (...asked: never[]) => Promise<unknown> };

/** A Durable Object from the caller's side. `version` is the {@link WIRE_VERSION} of the Worker. */
export interface CalledObject<Method extends string> {
  call(method: Method, asked: string, version: number): Promise<string>;
}

/** The Durable Object of a namespace, from the caller's side. */
export interface CalledNamespace<Method extends string> extends CalledObject<Method> {
  /** Renews one lease. @param asked See {@link sealRenewal}. */
  renew(asked: string): Promise<string>;
}

/** Outcome of a call: the position of the namespace and the body of the answer as text, or null if nothing changed. */
export interface Outcome {
  cursor: string;
  created?: boolean | undefined;
  body?: string | null | undefined;
}

/** Encodes the arguments of a call. */
export function sealAsked(asked: readonly unknown[]): string {
  return JSON.stringify(asked);
}

/** Decodes the text of {@link sealAsked}. */
export function openAsked(text: string): unknown[] {
  return JSON.parse(text) as unknown[]; // `as`: only our own Worker reaches an object, and writes the arguments of the method it names
}

/** Suffix of a renewal by an operator of the service. */
const OPERATES = '+';

/**
 * Encodes the arguments of a renewal, one name per line, since names have no control characters. Nearly all calls are
 * renewals, and parsing JSON took 3 % of a heartbeat's CPU time (design/decisions/0027-one-envelope.md).
 *
 * @param operates True if the caller operates the service.
 */
export function sealRenewal(tokenId: string, operates: boolean, { group, service, id }: InstanceKey): string {
  return `${tokenId}\n${group}\n${service}\n${id}\n${operates ? OPERATES : ''}`;
}

/** Decodes the text of {@link sealRenewal}. */
export function openRenewal(text: string): [caller: Caller, key: InstanceKey] {
  const [tokenId = '', group = '', service = '', id = '', operates] = text.split('\n');
  return [
    { tokenId, operates: operates === OPERATES },
    { group, service, id },
  ];
}

/** Calls a method of an interface with encoded arguments. */
export function perform<Api extends Callable<Api>, Method extends keyof Api>(
  api: Api,
  method: Method,
  asked: string,
): ReturnType<Api[Method]> {
  // `as`, twice: the compiler can't tell that the arguments and the result belong to this method.
  return api[method](...(openAsked(asked) as never[])) as ReturnType<Api[Method]>;
}

/** The first character of an outcome names its kind. The cursor follows, then a line with the body, if any. */
const KIND = { refused: '!', done: '.', body: '=', created: '+', unchanged: '0' } as const;

/** Encodes an outcome as a line and a body. Only a refusal must be parsed, because the body is already JSON. */
export async function sealOutcome(answering: () => Promise<Outcome>): Promise<string> {
  try {
    const { cursor, created, body } = await answering();
    if (body === undefined) return KIND.done + cursor;
    if (body === null) return KIND.unchanged + cursor;
    assertCarried(body);
    return `${created === true ? KIND.created : KIND.body}${cursor}\n${body}`;
  } catch (error) {
    // A refusal is sent as data, because RPC drops the class of an error. Anything else stays a failure.
    if (error instanceof RegistryError) return KIND.refused + JSON.stringify(error.toData());
    throw error;
  }
}

/**
 * Decodes the text of {@link sealOutcome}.
 *
 * @throws {RegistryError} The refusal, if the outcome is one.
 */
export function openOutcome(text: string): Outcome {
  const kind = text[0];
  if (kind === KIND.refused) throw RegistryError.fromData(JSON.parse(text.slice(1)) as ErrorData); // `as`: from toData
  if (kind === KIND.done) return { cursor: text.slice(1) };
  if (kind === KIND.unchanged) return { cursor: text.slice(1), body: null };
  const end = text.indexOf('\n');
  return { cursor: text.slice(1, end), created: kind === KIND.created, body: text.slice(end + 1) };
}

/** Encodes the outcome of a call that returns a plain value instead of a position with a body. */
export function sealValue(answering: () => Promise<unknown>): Promise<string> {
  return sealOutcome(async () => {
    const value = await answering();
    return { cursor: '', body: value === undefined ? undefined : JSON.stringify(value) };
  });
}

/**
 * Decodes the text of {@link sealValue}.
 *
 * @throws {RegistryError} The refusal, if the outcome is one.
 */
export function openValue(text: string): unknown {
  const { body } = openOutcome(text);
  return typeof body === 'string' ? JSON.parse(body) : undefined;
}

/** Matches characters that make the platform encode a text with two bytes per character. */
const BEYOND_LATIN_1 = /[\u0100-\uffff]/;

/**
 * Refuses an answer that is too large for one call. Lists are paged far below that limit; for answers without pages, this
 * error says what to do, where the platform's failure would look like an outage.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function assertCarried(text: string): void {
  if (2 * text.length <= CALL_ANSWER_MAX_BYTES) return;
  const bytes = BEYOND_LATIN_1.test(text) ? 2 * text.length : text.length;
  if (bytes <= CALL_ANSWER_MAX_BYTES) return;
  const message = `has ${bytes} bytes and cannot have more than ${CALL_ANSWER_MAX_BYTES}; ask for less at a time, with limit or for one service or instance`;
  throw new RegistryError('INVALID_REQUEST', `the response ${message}`, {
    errors: [{ path: 'limit', message: `the response ${message}` }],
  });
}

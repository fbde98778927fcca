import type { InstanceKey } from '../../model/batch';
import { type ErrorData, RegistryError } from '../../model/errors';
import { CALL_ANSWER_MAX_BYTES } from '../../model/limits';
import type { Caller } from '../../model/namespace-api';

/**
 * The form in which calls cross between a Worker and its objects, the namespaces and the directory alike: the name of a
 * method, its arguments as JSON, and {@link WIRE_VERSION}; back comes an outcome as text. Text costs a fraction of a
 * structured clone, and a version that knows more members gets along with one that knows fewer
 * (design/decisions/0003-json-text.md, 0027-one-envelope.md).
 *
 * A Worker and an object may be one version apart during a deploy. The object answers in the form of the version that it
 * is called with, so that a form can change without breaking a Worker of the version before; what is kept for such a
 * Worker is in previous-wire.ts.
 */
export const WIRE_VERSION = 2;

/** The methods of an interface that crosses: arguments and answers are plain data. */
export type Callable<Api> = { [Method in keyof Api]: (...asked: never[]) => Promise<unknown> };

/** An object as a Worker calls it. `version` is {@link WIRE_VERSION} of the Worker. */
export interface CalledObject<Method extends string> {
  call(method: Method, asked: string, version: number): Promise<string>;
}

/** A namespace's Durable Object, as a Worker calls it. */
export interface CalledNamespace<Method extends string> extends CalledObject<Method> {
  /** Renews one lease. @param asked See {@link sealRenewal}. */
  renew(asked: string): Promise<string>;
}

/** The outcome of a call: the position of the namespace, and the body of the answer as text; null where nothing changed. */
export interface Outcome {
  cursor: string;
  created?: boolean | undefined;
  body?: string | null | undefined;
}

/** Writes the arguments of a call. */
export function sealAsked(asked: readonly unknown[]): string {
  return JSON.stringify(asked);
}

/** Reads what {@link sealAsked} wrote. */
export function openAsked(text: string): unknown[] {
  return JSON.parse(text) as unknown[]; // `as`: only our own Worker reaches an object, and writes the arguments of the method it names
}

/** Suffix of a renewal whose caller operates the service. */
const OPERATES = '+';

/**
 * Writes the arguments of a renewal, one name per line, since names have no control characters. Nearly all calls are renewals, and
 * parsing JSON took 3 % of a heartbeat's CPU time (design/decisions/0027-one-envelope.md).
 *
 * @param operates True if the caller operates the service.
 */
export function sealRenewal(tokenId: string, operates: boolean, { group, service, id }: InstanceKey): string {
  return `${tokenId}\n${group}\n${service}\n${id}\n${operates ? OPERATES : ''}`;
}

/** Inverts {@link sealRenewal}. */
export function openRenewal(text: string): [caller: Caller, key: InstanceKey] {
  const [tokenId = '', group = '', service = '', id = '', operates] = text.split('\n');
  return [
    { tokenId, operates: operates === OPERATES },
    { group, service, id },
  ];
}

/** Carries out a call on the interface that it is for. */
export function perform<Api extends Callable<Api>, Method extends keyof Api>(
  api: Api,
  method: Method,
  asked: string,
): ReturnType<Api[Method]> {
  // `as`, twice: the compiler does not see that the arguments, and the answer, are those of this method.
  return api[method](...(openAsked(asked) as never[])) as ReturnType<Api[Method]>;
}

/** The first character of an outcome names its kind. The cursor follows, and on the next line the body, if there is one. */
const KIND = { refused: '!', done: '.', body: '=', created: '+', unchanged: '0' } as const;

/** Writes an outcome as a line and a body: only a refusal has to be parsed, as the body is JSON already. */
export async function sealOutcome(answering: () => Promise<Outcome>): Promise<string> {
  try {
    const { cursor, created, body } = await answering();
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
export function openOutcome(text: string): Outcome {
  const kind = text[0];
  if (kind === KIND.refused) throw RegistryError.fromData(JSON.parse(text.slice(1)) as ErrorData); // `as`: from toData
  if (kind === KIND.done) return { cursor: text.slice(1) };
  if (kind === KIND.unchanged) return { cursor: text.slice(1), body: null };
  const end = text.indexOf('\n');
  return { cursor: text.slice(1, end), created: kind === KIND.created, body: text.slice(end + 1) };
}

/** Writes the outcome of a call whose answer is a value of its own, not a position with a body. */
export function sealValue(answering: () => Promise<unknown>): Promise<string> {
  return sealOutcome(async () => {
    const value = await answering();
    return { cursor: '', body: value === undefined ? undefined : JSON.stringify(value) };
  });
}

/**
 * Reads what {@link sealValue} wrote.
 *
 * @throws {RegistryError} The refusal, where the outcome is one.
 */
export function openValue(text: string): unknown {
  const { body } = openOutcome(text);
  return typeof body === 'string' ? JSON.parse(body) : undefined;
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

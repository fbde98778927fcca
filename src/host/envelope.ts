import { type ErrorData, RegistryError } from '../model/errors';
import type { NamespaceApi } from '../model/namespace-api';

/** Names of the calls of a namespace. */
export type Method = keyof NamespaceApi;

/** What a call is asked. */
export type Asked<M extends Method> = Parameters<NamespaceApi[M]>;

/** What a call comes to. */
export type Result<M extends Method> = Awaited<ReturnType<NamespaceApi[M]>>;

/** What the head of an envelope says. The body, where there is one, follows it as it is. */
type Head =
  | { ok: true; cursor: string; created?: boolean; body: 'follows' | 'none' | 'null' }
  | { ok: false; error: ErrorData };

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

/** An outcome as a line of JSON, and below it the body, which is JSON already and is not encoded again. */
export async function sealOutcome<M extends Method>(answer: Promise<Result<M>>): Promise<string> {
  try {
    const { body, ...rest }: { cursor: string; created?: boolean; body?: string | null } = await answer;
    if (body === undefined || body === null) return seal({ ok: true, ...rest, body: body === null ? 'null' : 'none' });
    return `${seal({ ok: true, ...rest, body: 'follows' })}\n${body}`;
  } catch (error) {
    // A refusal becomes data here, as an error would lose its class on the way; anything else stays a failure.
    if (error instanceof RegistryError) return seal({ ok: false, error: error.toData() });
    throw error;
  }
}

function seal(head: Head): string {
  return JSON.stringify(head);
}

/**
 * Reads what {@link sealOutcome} wrote.
 *
 * @throws {RegistryError} The refusal, where the outcome is one.
 */
export function openOutcome<M extends Method>(text: string): Result<M> {
  const end = text.indexOf('\n');
  const head = JSON.parse(end < 0 ? text : text.slice(0, end)) as Head; // `as`: only sealOutcome writes these texts
  if (!head.ok) throw RegistryError.fromData(head.error);
  const { ok: _ok, body, ...rest } = head;
  if (body === 'none') return rest as Result<M>; // `as`, here and below: it is what was sealed
  return { ...rest, body: body === 'null' ? null : text.slice(end + 1) } as Result<M>;
}

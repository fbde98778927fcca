import { type ErrorData, RegistryError } from '../../model/errors';
import { assertCarried, sealAsked } from './envelope';

/**
 * REMOVE ONE RELEASE LATER, with every use: the forms of the version before {@link WIRE_VERSION}. A gradual deploy has
 * Workers and objects of two versions side by side for minutes, and each has to understand the other.
 *
 * - An old Worker resolves with a method of its own, with names alone, a line each.
 * - The directory answers an old Worker with `{ answer }` or `{ refusal }`, and so does an old directory a new Worker.
 *
 * An old object takes `call(method, arguments as JSON)` and ignores the version, and a namespace's outcomes have not
 * changed, so nothing else needs a second form.
 */

/** True for a Worker that reads the directory's outcomes in the previous form. It sends no version. */
export function speaksPreviousWire(version: number | undefined): boolean {
  return version === undefined;
}

/** Translates the names of a group, a service and a token, if there is one, to the arguments of `resolve`. */
export function askedToResolve(names: string): string {
  const [group = '', service = '', tokenId = ''] = names.split('\n');
  return sealAsked([{ group, service, tokenId: tokenId || undefined }]);
}

/** Writes an outcome of the directory for an old Worker. */
export async function sealPreviousValue(answering: () => Promise<unknown>): Promise<string> {
  try {
    const text = JSON.stringify({ answer: await answering() });
    assertCarried(text);
    return text;
  } catch (error) {
    if (error instanceof RegistryError) return JSON.stringify({ refusal: error.toData() });
    throw error;
  }
}

/** True for an outcome of an old directory: no kind of today's outcomes begins like JSON. */
export function isPreviousValue(text: string): boolean {
  return text.startsWith('{');
}

/**
 * Reads what {@link sealPreviousValue} wrote, here or in an old directory.
 *
 * @throws {RegistryError} The refusal, where the outcome is one.
 */
export function openPreviousValue(text: string): unknown {
  const outcome = JSON.parse(text) as { answer?: unknown; refusal?: ErrorData }; // `as`: only sealPreviousValue writes these texts
  if (outcome.refusal !== undefined) throw RegistryError.fromData(outcome.refusal);
  return outcome.answer;
}

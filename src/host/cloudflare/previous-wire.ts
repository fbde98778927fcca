import { type ErrorData, RegistryError } from '../../model/errors';
import { assertCarried, sealAsked } from './envelope';

/**
 * REMOVE ONE RELEASE LATER, with every use: the formats of the version before {@link WIRE_VERSION}. During a gradual
 * deploy, Workers and objects of two versions run side by side for minutes and must understand each other.
 *
 * - An old Worker resolves with a separate method that takes only names, one per line.
 * - The directory answers an old Worker with `{ answer }` or `{ refusal }`; an old directory answers a new Worker likewise.
 *
 * An old object takes `call(method, arguments as JSON)` and ignores the version, and a namespace's outcomes have not
 * changed, so nothing else needs a second format.
 */

/** Returns whether a Worker expects the directory's outcomes in the previous format. Such a Worker sends no version. */
export function speaksPreviousWire(version: number | undefined): boolean {
  return version === undefined;
}

/** Translates the names of a group, a service and an optional token to the arguments of `resolve`. */
export function askedToResolve(names: string): string {
  const [group = '', service = '', tokenId = ''] = names.split('\n');
  return sealAsked([{ group, service, tokenId: tokenId || undefined }]);
}

/** Encodes an outcome of the directory for an old Worker. */
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

/** Returns whether an outcome is from an old directory. Outcomes in the current format never start with a brace. */
export function isPreviousValue(text: string): boolean {
  return text.startsWith('{');
}

/**
 * Decodes the text of {@link sealPreviousValue}, here or in an old directory.
 *
 * @throws {RegistryError} The refusal, if the outcome is one.
 */
export function openPreviousValue(text: string): unknown {
  const outcome = JSON.parse(text) as { answer?: unknown; refusal?: ErrorData }; // `as`: only sealPreviousValue writes these texts
  if (outcome.refusal !== undefined) throw RegistryError.fromData(outcome.refusal);
  return outcome.answer;
}

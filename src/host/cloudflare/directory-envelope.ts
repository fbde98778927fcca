import type { DirectoryApi } from '../../model/directory-api';
import { type ErrorData, RegistryError } from '../../model/errors';
import { assertCarried } from './envelope';

/** Names of the calls of the directory. */
export type DirectoryMethod = keyof DirectoryApi;

/** What a call is asked. */
export type DirectoryAsked<M extends DirectoryMethod> = Parameters<DirectoryApi[M]>;

/** What a call comes to. */
export type DirectoryResult<M extends DirectoryMethod> = Awaited<ReturnType<DirectoryApi[M]>>;

/** A call and its outcome cross as JSON, as those of a namespace do (design/decisions/0003-json-text.md). */
type Outcome<M extends DirectoryMethod> = { answer: DirectoryResult<M> } | { refusal: ErrorData };

/** A call as the text that crosses. */
export function sealDirectoryAsked<M extends DirectoryMethod>(asked: DirectoryAsked<M>): string {
  return JSON.stringify(asked);
}

/** Reads what {@link sealDirectoryAsked} wrote. */
export function openDirectoryAsked<M extends DirectoryMethod>(text: string): DirectoryAsked<M> {
  return JSON.parse(text) as DirectoryAsked<M>; // `as`: only our own Worker reaches the object, and says which method it means
}

/** A refusal becomes data, as an error would lose its class on the way; anything else stays a failure. */
export async function sealDirectoryOutcome<M extends DirectoryMethod>(
  answering: Promise<DirectoryResult<M>>,
): Promise<string> {
  try {
    const text = JSON.stringify({ answer: await answering });
    assertCarried(text);
    return text;
  } catch (error) {
    if (error instanceof RegistryError) return JSON.stringify({ refusal: error.toData() });
    throw error;
  }
}

/**
 * Reads what {@link sealDirectoryOutcome} wrote.
 *
 * @throws {RegistryError} The refusal, where the outcome is one.
 */
export function openDirectoryOutcome<M extends DirectoryMethod>(text: string): DirectoryResult<M> {
  const outcome = JSON.parse(text) as Outcome<M>; // `as`: only sealDirectoryOutcome writes these texts
  if ('refusal' in outcome) throw RegistryError.fromData(outcome.refusal);
  return outcome.answer;
}

import { RegistryError, type RegistryErrorCode } from '../../model/errors';
import type { ServerFrame } from '../../model/frames';

/** Reads what a namespace sends over its socket. */
export function readNamespaceFrame(text: string): ServerFrame {
  return JSON.parse(text) as ServerFrame; // `as`: a namespace's frames are checked by its own tests
}

/** The refusal that an error frame tells of, to be thrown on this side of the socket. */
export function refusalIn({ code, detail, errors }: Extract<ServerFrame, { type: 'error' }>): RegistryError {
  // `as`: the namespace refuses with the codes that everybody refuses with.
  return new RegistryError(code as RegistryErrorCode, detail, errors && { errors });
}

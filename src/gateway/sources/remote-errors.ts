import { RollcallError } from '../../client/wire/rollcall-error';
import { RegistryError, type RegistryErrorCode } from '../../model/errors';

/** Returns the error of a registry elsewhere that does not answer. */
export const unreachable = (): RegistryError => new RegistryError('UNAVAILABLE', 'the registry does not answer');

/** Returns an error of the client as one of the registry. */
export function registryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  if (!(error instanceof RollcallError)) return unreachable();
  if (error.code === 'UNREACHABLE') return new RegistryError('UNAVAILABLE', error.message);
  // `as`: apart from UNREACHABLE, the codes are those of the registry.
  return new RegistryError(error.code as RegistryErrorCode, error.message);
}

import { RegistryError } from '../../model/errors';
import { Jurisdiction } from '../../model/namespace';
import { DIRECTORY_NAME } from '../../model/service-name';
import type { DirectoryStub } from './remote-directory';

/** Returns true where there is one place for all data, so that jurisdictions have no effect. */
export function isOneMachine(env: Env): boolean {
  return env.ROLLCALL_ONE_MACHINE === 'true';
}

/**
 * Returns the jurisdiction that the directory lies in, and with it `public` and every namespace that is made without a
 * placement; undefined for none.
 *
 * @throws {RegistryError} `NOT_CONFIGURED` where the setting names none that there is: data must not lie elsewhere meanwhile.
 */
export function homeJurisdiction(env: Env): Jurisdiction | undefined {
  const { ROLLCALL_JURISDICTION: setting } = env;
  if (isOneMachine(env) || setting === undefined || setting === null || setting === '') return undefined;
  const read = Jurisdiction.safeParse(setting);
  if (read.success) return read.data;
  throw new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_JURISDICTION is "${setting}"; set it to one of ${Jurisdiction.options.join(', ')}, or remove it`,
  );
}

/** Returns what is wrong with the setting; undefined for nothing. */
export function jurisdictionProblem(env: Env): RegistryError | undefined {
  try {
    homeJurisdiction(env);
    return undefined;
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
}

/**
 * Makes stubs of the directory's object, in its jurisdiction. The object's id is a digest of its name: it is made once.
 *
 * @returns A new stub for each call. It throws what {@link homeJurisdiction} throws.
 */
export function directoryStubs(env: Env): () => DirectoryStub {
  let id: DurableObjectId | undefined;
  return () => {
    id ??= directoryId(env);
    return env.DIRECTORY.get(id);
  };
}

function directoryId(env: Env): DurableObjectId {
  const jurisdiction = homeJurisdiction(env);
  const objects = jurisdiction === undefined ? env.DIRECTORY : env.DIRECTORY.jurisdiction(jurisdiction);
  return objects.idFromName(DIRECTORY_NAME);
}

import { RegistryError } from '../../model/errors';
import { Jurisdiction, type Placement } from '../../model/namespace';
import { DEFAULT_NAMESPACE, DIRECTORY_NAME } from '../../model/service-name';

/** Stub of the directory's object. */
export type DirectoryStub = ReturnType<Env['DIRECTORY']['get']>;

/** Stub of a namespace's object. */
export type NamespaceStub = ReturnType<Env['NAMESPACES']['get']>;

/** Returns whether all data is on one machine, where jurisdictions have no effect. */
export function isOneMachine(env: Env): boolean {
  return env.ROLLCALL_ONE_MACHINE === 'true';
}

/**
 * Returns the jurisdiction of the directory, of `public` and of every namespace that is created without a placement;
 * undefined for none.
 *
 * @throws {RegistryError} `NOT_CONFIGURED` if the setting is unknown, because data must not be stored elsewhere.
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

/** Returns the error of {@link homeJurisdiction}; undefined if the setting is valid. */
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
 * Creates stubs of the directory's object, in its jurisdiction. The object's id is a digest of its name, computed once.
 *
 * @returns A function that returns a new stub for each call. It throws the errors of {@link homeJurisdiction}.
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

/**
 * Creates stubs of a namespace's object in its placement. A location hint only applies when the object is created, while
 * a jurisdiction is part of the object's identity.
 *
 * A placement has no effect on one machine, where workerd rejects jurisdictions. On any other host a rejected
 * jurisdiction is an error, because data must not be stored outside it.
 *
 * @returns A function that returns a new stub for each call. The object's id is a digest of the name, computed once.
 */
export function namespaceStubs(env: Env, name: string, placement: Placement | undefined): () => NamespaceStub {
  // `public` has no definition with a placement: it is in the jurisdiction of the directory.
  const home = name === DEFAULT_NAMESPACE ? homeJurisdiction(env) : undefined;
  const { hint, jurisdiction } = isOneMachine(env) ? {} : { hint: undefined, jurisdiction: home, ...placement };
  const objects = jurisdiction === undefined ? env.NAMESPACES : env.NAMESPACES.jurisdiction(jurisdiction);
  const id = objects.idFromName(name);
  return hint === undefined ? () => objects.get(id) : () => objects.get(id, { locationHint: hint });
}

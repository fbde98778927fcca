import { RegistryError } from '../../model/errors';
import { Jurisdiction, type Placement } from '../../model/namespace';
import { DEFAULT_NAMESPACE, DIRECTORY_NAME } from '../../model/service-name';

/** The directory's object as it is called. */
export type DirectoryStub = ReturnType<Env['DIRECTORY']['get']>;

/** A namespace's object as it is called. */
export type NamespaceStub = ReturnType<Env['NAMESPACES']['get']>;

/** Returns true where there is one place for all data, so that jurisdictions have no effect. */
export function isOneMachine(env: Env): boolean {
  return env.ROLLCALL_ONE_MACHINE === 'true';
}

/**
 * Returns the jurisdiction that the directory lies in, and with it `public` and every namespace that is made without a
 * placement; undefined for none.
 *
 * @throws {RegistryError} `NOT_CONFIGURED` where the setting names an unknown one: data must not lie elsewhere meanwhile.
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

/**
 * Makes stubs of a namespace's object, where its placement says that it lives: a hint counts when the object is made,
 * while a jurisdiction is part of the object's identity.
 *
 * On one machine there is one place, and workerd refuses to speak of jurisdictions: there a placement has no effect. On
 * any other host a jurisdiction that is refused stays an error, since data must not lie where it may not.
 *
 * @returns A new stub for each call. The object's id is a digest of the name: it is made once.
 */
export function namespaceStubs(env: Env, name: string, placement: Placement | undefined): () => NamespaceStub {
  // No definition ever placed `public`: it is where the directory is.
  const home = name === DEFAULT_NAMESPACE ? homeJurisdiction(env) : undefined;
  const { hint, jurisdiction } = isOneMachine(env) ? {} : { hint: undefined, jurisdiction: home, ...placement };
  const objects = jurisdiction === undefined ? env.NAMESPACES : env.NAMESPACES.jurisdiction(jurisdiction);
  const id = objects.idFromName(name);
  return hint === undefined ? () => objects.get(id) : () => objects.get(id, { locationHint: hint });
}

import type { DirectoryApi, DirectoryCaller } from '../../../model/directory-api';
import { hasCode, quote, type RegistryError, type RegistryErrorCode } from '../../../model/errors';
import { NAMESPACE_TITLE_MAX_CHARACTERS } from '../../../model/limits';
import { NamespaceId } from '../../../model/names';
import type { NamespaceView } from '../../../model/namespace';
import { DEFAULT_NAMESPACE } from '../../../model/service-name';
import { nacosError } from '../wire/refusals';

/** A namespace as consoles show it. */
interface ShownNamespace {
  namespace: string;
  namespaceShowName: string;
  namespaceDesc: string;
  /** Of configurations, of which there are none here. */
  quota: number;
  configCount: number;
  /** 0: the one that is always there; 2: made by somebody. */
  type: 0 | 2;
}

/** What consoles know `public` as: nothing up to Nacos 2.5, its own id since 3. */
type PublicId = '' | typeof DEFAULT_NAMESPACE;

const DEFAULT_QUOTA = 200;

/** What Nacos takes for a name of a namespace. */
const SHOW_NAME = /^[^@#$%^&*]+$/;

/** A namespace in Nacos' words. It has no description of its own: what is kept is its title. */
export function shownNamespace({ id, title }: NamespaceView, publicId: PublicId): ShownNamespace {
  const isPublic = id === DEFAULT_NAMESPACE;
  return {
    namespace: isPublic ? publicId : id,
    namespaceShowName: title ?? id,
    namespaceDesc: isPublic ? 'Default Namespace' : '',
    quota: DEFAULT_QUOTA,
    configCount: 0,
    type: isPublic ? 0 : 2,
  };
}

/** The id that a text means: blank is `public`. */
export const namespaceIdOf = (text: string): string => text || DEFAULT_NAMESPACE;

/** All that the caller may do anything in; `public` is the first, as consoles begin with the first. */
export async function listedNamespaces(directory: DirectoryApi, caller: DirectoryCaller): Promise<NamespaceView[]> {
  const found: NamespaceView[] = [];
  let after: string | undefined;
  do {
    const { namespaces, next } = await directory.listNamespaces(caller, { after });
    found.push(...namespaces);
    after = next;
  } while (after !== undefined);
  const isPublic = ({ id }: NamespaceView) => id === DEFAULT_NAMESPACE;
  return [...found.filter(isPublic), ...found.filter((view) => !isPublic(view))];
}

/** What a namespace is to be. */
export interface NamespaceAsked {
  /** Blank: one is made up. */
  id: string;
  name: string;
}

function nameFault(name: string): RegistryError | undefined {
  if (SHOW_NAME.test(name) && name.length <= NAMESPACE_TITLE_MAX_CHARACTERS) return undefined;
  return nacosError(
    'ILLEGAL_NAMESPACE',
    `namespaceName [${quote(name)}] contains illegal char, or has more than ${NAMESPACE_TITLE_MAX_CHARACTERS}`,
  );
}

/** Makes a namespace. What is returned says why it was not, where Nacos would not either. */
export async function createNamespace(
  directory: DirectoryApi,
  caller: DirectoryCaller,
  { id: asked, name }: NamespaceAsked,
): Promise<RegistryError | undefined> {
  const id = asked || crypto.randomUUID();
  if (!NamespaceId.safeParse(id).success) {
    return nacosError('ILLEGAL_NAMESPACE', `namespaceId [${quote(id)}] mismatch the pattern`);
  }
  const fault = nameFault(name);
  if (fault !== undefined) return fault;
  const exists = nacosError('NAMESPACE_ALREADY_EXIST', `namespaceId [${id}] already exist.`);
  return unless('CONFLICT', exists, async () => {
    const { created } = await directory.createNamespace(caller, { id, title: name });
    return created ? undefined : exists;
  });
}

/** Gives a namespace another name. */
export async function renameNamespace(
  directory: DirectoryApi,
  caller: DirectoryCaller,
  { id: asked, name }: NamespaceAsked,
): Promise<RegistryError | undefined> {
  const id = namespaceIdOf(asked);
  const fault = nameFault(name);
  if (fault !== undefined) return fault;
  return unless('NAMESPACE_NOT_FOUND', notThere(id), async () => {
    await directory.patchNamespace(caller, id, { title: name });
    return undefined;
  });
}

/** Reads a namespace; undefined where there is none. */
export function findNamespace(
  directory: DirectoryApi,
  caller: DirectoryCaller,
  asked: string,
): Promise<NamespaceView | undefined> {
  return unless('NAMESPACE_NOT_FOUND', undefined, () => directory.readNamespace(caller, namespaceIdOf(asked)));
}

/** Removes a namespace that holds nothing. Nacos forgets the name of any, and keeps what it holds; that is not done here. */
export async function removeNamespace(
  directory: DirectoryApi,
  caller: DirectoryCaller,
  asked: string,
): Promise<RegistryError | undefined> {
  const id = namespaceIdOf(asked);
  const inUse = nacosError('RESOURCE_CONFLICT', `namespaceId [${id}] is always there, or holds services`);
  return unless('CONFLICT', inUse, async () => {
    await directory.removeNamespace(caller, id, false);
    return undefined;
  });
}

/** There is no such namespace. */
export const notThere = (id: string): RegistryError =>
  nacosError('NAMESPACE_NOT_EXIST', `namespaceId [ ${id} ] not exist`);

/** What a call returns; or something else, where it is refused with this code. */
async function unless<T>(code: RegistryErrorCode, otherwise: T, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (hasCode(error, code)) return otherwise;
    throw error;
  }
}

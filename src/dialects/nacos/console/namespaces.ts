import { nacosError } from '../../../codecs/nacos/refusals';
import type { DirectoryApi, DirectoryCaller } from '../../../model/directory-api';
import { hasCode, quote, type RegistryError, type RegistryErrorCode } from '../../../model/errors';
import { NAMESPACE_TITLE_MAX_CHARACTERS } from '../../../model/limits';
import { NamespaceId } from '../../../model/names';
import type { NamespaceView } from '../../../model/namespace';
import { DEFAULT_NAMESPACE } from '../../../model/service-name';

/** A namespace as consoles show it. */
interface ShownNamespace {
  namespace: string;
  namespaceShowName: string;
  namespaceDesc: string;
  /** Quota of configurations, of which there are none here. */
  quota: number;
  configCount: number;
  /** 0: the one that always exists; 2: created by a user. */
  type: 0 | 2;
}

/** Id of `public` in consoles: empty up to Nacos 2.5, `public` since Nacos 3. */
type PublicId = '' | typeof DEFAULT_NAMESPACE;

const DEFAULT_QUOTA = 200;

/** Matches names of namespaces that Nacos accepts. */
const SHOW_NAME = /^[^@#$%^&*]+$/;

/** Formats a namespace for Nacos. Only its title is stored, and no description. */
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

/** Returns the id for the text of a parameter; blank means `public`. */
export const namespaceIdOf = (text: string): string => text || DEFAULT_NAMESPACE;

/** Lists the namespaces that the caller may use, `public` first, because consoles start with the first one. */
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

/** Id and name of a namespace in a request. */
export interface NamespaceRequest {
  /** Blank: an id is generated. */
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

/** Creates a namespace. Returns the error if Nacos would refuse it too; throws any other error. */
export async function createNamespace(
  directory: DirectoryApi,
  caller: DirectoryCaller,
  { id: requested, name }: NamespaceRequest,
): Promise<RegistryError | undefined> {
  const id = requested || crypto.randomUUID();
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

/** Renames a namespace. */
export async function renameNamespace(
  directory: DirectoryApi,
  caller: DirectoryCaller,
  { id: requested, name }: NamespaceRequest,
): Promise<RegistryError | undefined> {
  const id = namespaceIdOf(requested);
  const fault = nameFault(name);
  if (fault !== undefined) return fault;
  return unless('NAMESPACE_NOT_FOUND', missingNamespace(id), async () => {
    await directory.patchNamespace(caller, id, { title: name });
    return undefined;
  });
}

/** Reads a namespace; undefined if it does not exist. */
export function findNamespace(
  directory: DirectoryApi,
  caller: DirectoryCaller,
  requested: string,
): Promise<NamespaceView | undefined> {
  return unless('NAMESPACE_NOT_FOUND', undefined, () => directory.readNamespace(caller, namespaceIdOf(requested)));
}

/** Removes an empty namespace. Nacos removes only the name of any namespace and keeps its content; the registry does not. */
export async function removeNamespace(
  directory: DirectoryApi,
  caller: DirectoryCaller,
  requested: string,
): Promise<RegistryError | undefined> {
  const id = namespaceIdOf(requested);
  const inUse = nacosError('RESOURCE_CONFLICT', `namespaceId [${id}] can't be removed: it is public or not empty`);
  return unless('CONFLICT', inUse, async () => {
    await directory.removeNamespace(caller, id, false);
    return undefined;
  });
}

/** Returns the error for a namespace that does not exist. */
export const missingNamespace = (id: string): RegistryError =>
  nacosError('NAMESPACE_NOT_EXIST', `namespaceId [ ${id} ] not exist`);

/** Returns the result of a call, or another value if it is refused with this code. */
async function unless<T>(code: RegistryErrorCode, otherwise: T, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (hasCode(error, code)) return otherwise;
    throw error;
  }
}

import type { ObjectClass } from './workerd-config';

/** The namespaces, an object each, named by the namespace's id. */
export const NAMESPACE_CLASS: ObjectClass = {
  binding: 'NAMESPACES',
  className: 'NamespaceObject',
  uniqueKey: 'rollcall-NamespaceObject',
};

/** The directory: one object. */
export const DIRECTORY_CLASS: ObjectClass = {
  binding: 'DIRECTORY',
  className: 'DirectoryObject',
  uniqueKey: 'rollcall-DirectoryObject',
};

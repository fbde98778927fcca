export { NamespaceObject } from './host/namespace-object';

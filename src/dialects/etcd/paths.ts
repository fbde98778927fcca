/** Prefixes of the API in the versions of etcd: 3.4 and later, 3.3 and later, 3.2 and 3.3. */
export const VERSIONS = ['/v3', '/v3beta', '/v3alpha'] as const;

/** Returns the paths of a method, by those below the version. */
export const pathsOf = (below: readonly string[]): string[] =>
  VERSIONS.flatMap((version) => below.map((path) => `${version}/${path}`));

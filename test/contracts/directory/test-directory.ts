import { expect } from 'vitest';
import { ROOT } from '../../../src/auth/authenticator';
import type { DirectoryApi, DirectoryCaller } from '../../../src/model/directory-api';
import type { Grant } from '../../../src/model/grant';

/** A directory given to one test: fresh, and not shared. */
export interface TestDirectory {
  api: DirectoryApi;
  /** Lets time pass, and runs what becomes due. */
  pass(ms: number): Promise<void>;
  /** Loses the memory; the storage stays as it was. */
  restart(): Promise<void>;
  /** Registers an instance in a namespace. */
  fill(ns: string): Promise<void>;
  close?(): Promise<void>;
}

/** Returns a matcher for the error of a refused call. */
export const refusal = (code: string) => expect.objectContaining({ name: 'RegistryError', code });

/** Caller that holds the root token. */
export const BY_ROOT: DirectoryCaller = { principal: ROOT, address: '198.51.100.7' };

/** Creates a caller that holds a token with these grants. */
export function by(...grants: Grant[]): DirectoryCaller {
  return { principal: { tokenId: 'caller', grants } };
}

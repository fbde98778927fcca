import { expect } from 'vitest';
import { ROOT } from '../../../src/auth/authenticator';
import type { DirectoryApi, DirectoryCaller } from '../../../src/model/directory-api';
import type { Grant } from '../../../src/model/grant';

/** A directory that is lent to a test: fresh, and nobody else's. */
export interface LentDirectory {
  api: DirectoryApi;
  /** Lets time pass: what is due on the way happens. */
  pass(ms: number): Promise<void>;
  /** Memory is lost; the storage is as it was. */
  restart(): Promise<void>;
  /** Registers an instance in a namespace. */
  fill(ns: string): Promise<void>;
  close?(): Promise<void>;
}

/** What a call that is refused rejects with. */
export const refusal = (code: string) => expect.objectContaining({ name: 'RegistryError', code });

/** Whoever holds the root token. */
export const BY_ROOT: DirectoryCaller = { principal: ROOT, address: '198.51.100.7' };

/** Whoever holds a token with these grants. */
export function by(...grants: Grant[]): DirectoryCaller {
  return { principal: { tokenId: 'somebody', grants } };
}

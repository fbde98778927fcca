import type { VerifiedToken } from '../model/directory-api';
import { ALL_NAMESPACES } from '../model/grant';

/** Whoever holds the root token. */
export const ROOT: VerifiedToken = {
  tokenId: 'root',
  grants: [{ scope: 'admin', ns: ALL_NAMESPACES }],
  pathWrite: false,
};

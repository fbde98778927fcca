import { ALL_NAMESPACES, type Principal } from '../model/grant';

/** Whoever holds the root token. */
export const ROOT: Principal = { tokenId: 'root', grants: [{ scope: 'admin', ns: ALL_NAMESPACES }] };

import { rollcallAdmin } from '../../client/admin';
import type { ClientOptions } from '../../client/wire/client-options';
import type { Grant } from '../../model/grant';
import { registryError } from './remote-errors';

/** A token that the registry has verified. */
export interface VerifiedToken {
  id: string;
  grants: Grant[];
}

/** Returns the id and the grants of a token. @throws {RegistryError} */
export async function ownToken(place: ClientOptions): Promise<VerifiedToken> {
  try {
    const { id, grants } = await rollcallAdmin(place).readOwnToken();
    return { id, grants: grants as Grant[] }; // `as`: the client's grants have the members of the model's
  } catch (error) {
    throw registryError(error);
  }
}

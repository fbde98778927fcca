import { readCatalogRegistration, readCatalogRemoval } from '../../codecs/consul/catalog';
import { parseBody } from '../../codecs/consul/members';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { readBodyText } from '../../http/request/body';
import { BODY_MAX_BYTES } from '../../model/limits';
import { registeredService } from './agent-service-routes';
import { jsonAnswer } from './answers';
import { registerInCatalog, removeFromCatalog } from './catalog-changes';
import type { CatalogCopies } from './catalog-copy';
import { consulRoute } from './routes';

/** Adds the changes of the catalog. Requests name several things, so that they are authorized one by one. */
export function addCatalogWriteRoutes(door: DialectDoor, copies: CatalogCopies): void {
  consulRoute(door, {
    operation: 'catalog register',
    method: 'put',
    path: '/catalog/register',
    scope: 'any',
    summary: 'Registers a node with a service and checks, without a lease',
    read: async ({ request }) => {
      const registration = readCatalogRegistration(parseBody(await readBodyText(request, BODY_MAX_BYTES)));
      if (registration.service !== undefined) registeredService(registration.service.name);
      return registration;
    },
    call: (_namespace, registration, call) => registerInCatalog(call, copies, registration),
    answer: () => jsonAnswer(true),
  });

  consulRoute(door, {
    operation: 'catalog deregister',
    method: 'put',
    path: '/catalog/deregister',
    scope: 'any',
    summary: 'Removes a service, a check or a node from the catalog',
    read: async ({ request }) => readCatalogRemoval(parseBody(await readBodyText(request, BODY_MAX_BYTES))),
    call: (_namespace, removal, call) => removeFromCatalog(call, copies, removal),
    answer: () => jsonAnswer(true),
  });
}

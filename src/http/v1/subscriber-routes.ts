import { z } from 'zod';
import { authorizeAny } from '../../auth/authorize';
import { Acknowledgement, SubscriberId, SubscriberList, SubscriberListQuery } from '../../model/subscriber';
import { route, type Surface } from '../pipeline/route';
import { answered, removed } from '../response/answers';
import { NAMESPACE_PATH, SERVICE_PATH, ServiceNames } from './paths';

/** Who is told of changes, and what they have told of it. */
export function addSubscriberRoutes(surface: Surface): void {
  route(surface, {
    operation: 'acknowledge',
    method: 'post',
    path: `${NAMESPACE_PATH}/subscribers/:id/ack`,
    scope: 'read',
    // It tells what the subscriber has seen, and shows nothing: whoever may watch anything may tell.
    authorize: (principal, namespace) => authorizeAny(principal, namespace, 'read'),
    chapter: 'Watching',
    summary: 'Acknowledge what an event stream has told',
    description:
      'Tells that the subscriber acts by everything up to the cursor: a drain that waits for it goes on. ' +
      'A socket sends an `ack` frame instead, and a poller acknowledges by coming back.',
    input: { path: z.strictObject({ id: SubscriberId }), body: Acknowledgement },
    answers: { 204: { description: 'It is noted' } },
    example: { cursor: 'cFsc6Inzkpo4p.3.1g4b9y3' },
    call: (namespace, { path, body }, call) =>
      namespace.acknowledge({ subscriber: path.id, cursor: body.cursor, tokenId: call.tokenId }),
    map: removed,
  });

  route(surface, {
    operation: 'listSubscribers',
    method: 'get',
    path: `${SERVICE_PATH}/subscribers`,
    scope: 'read',
    chapter: 'Watching',
    summary: 'List who watches a service, and how far each is',
    description: 'Sockets, event streams, and pollers that name themselves. A drain waits for exactly these.',
    input: { path: ServiceNames, query: SubscriberListQuery },
    answers: { 200: { description: 'In the order of their ids', schema: SubscriberList } },
    call: (namespace, { path, query }, call) =>
      namespace.listSubscribers({ ...path, after: query.after, tokenId: call.tokenId }),
    map: answered,
  });
}

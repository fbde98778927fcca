import { authorize } from '../../auth/authorize';
import {
  DiffQuery,
  HistoryPage,
  HistoryQuery,
  RollbackReport,
  RollbackRequest,
  ServiceDiff,
  WhyQuery,
  WhyReport,
} from '../../model/history';
import { DEFAULT_GROUP } from '../../model/service-name';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { answered } from '../response/answers';
import { INSTANCE_PATH, InstanceNames, NAMESPACE_PATH, SERVICE_PATH, ServiceNames } from './paths';

/** The past: what happened, what was, what is different, and why. */
export function addHistoryRoutes(surface: Surface): void {
  route(surface, {
    operation: 'readHistory',
    method: 'get',
    path: `${NAMESPACE_PATH}/history`,
    scope: 'read',
    authorize: (principal, namespace, { query: { group, service } }) => {
      const key = service === undefined ? undefined : { group: group ?? DEFAULT_GROUP, service };
      authorize(principal, 'read', { namespace, service: key, group });
    },
    chapter: 'History',
    summary: 'Read who changed what, when and why',
    description:
      'Newest first; of the namespace, a group, a service, or an instance and its override. ' +
      'A page reads only so much of the past: go on with `next`, also where it has no entries. ' +
      'A cursor that is not in the kept past is 410 `COMPACTED`.',
    input: { query: HistoryQuery },
    answers: { 200: { description: 'Each change with the record before and after', schema: HistoryPage } },
    call: (namespace, { query }, call) => namespace.history({ ...query, tokenId: call.tokenId }),
    map: answered,
  });

  route(surface, {
    operation: 'explainInstance',
    method: 'get',
    path: `${INSTANCE_PATH}/why`,
    scope: 'read',
    chapter: 'History',
    summary: 'Read why an instance is as it is, or is gone',
    description:
      'The causes in order, newest first, with who did it; how it renewed its lease, what will happen to it by itself, ' +
      'what operators say about it, and who was told. `next` goes on in the history of the instance.',
    input: { path: InstanceNames, query: WhyQuery },
    answers: { 200: { description: 'Of an instance that is there or is gone', schema: WhyReport } },
    call: (namespace, { path, query }, call) => namespace.why({ key: path, limit: query.limit, tokenId: call.tokenId }),
    map: answered,
  });

  route(surface, {
    operation: 'diffService',
    method: 'get',
    path: `${SERVICE_PATH}/diff`,
    scope: 'read',
    chapter: 'History',
    summary: 'Compare a service with itself at another moment',
    description: 'A moment that is not in the kept past is 410 `COMPACTED`.',
    input: { path: ServiceNames, query: DiffQuery },
    answers: { 200: { description: 'What came, went and changed', schema: ServiceDiff } },
    call: (namespace, { path, query }, call) => namespace.diff({ ...path, ...query, tokenId: call.tokenId }),
    map: answered,
  });

  route(surface, {
    operation: 'rollBackService',
    method: 'post',
    path: `${SERVICE_PATH}/rollback`,
    scope: 'operate',
    chapter: 'History',
    summary: 'Put back what operators said of a service and its instances',
    description:
      'Overrides, and metadata, protect threshold and selector of the service, as they were; as one revision. ' +
      'It touches nothing that instances say, and brings back no instance that is gone. Done again it changes nothing.',
    input: { path: ServiceNames, body: RollbackRequest },
    answers: { 200: { description: 'What was put back', schema: RollbackReport } },
    example: { to: '2027-01-31T12:00:00Z' },
    call: (namespace, { path, body }, call) => namespace.rollback(call.callerWithOrigin, { ...path, to: body.to }),
    map: answered,
  });
}

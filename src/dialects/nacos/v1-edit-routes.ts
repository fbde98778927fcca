import type { DialectDoor } from '../../http/pipeline/dialect';
import { answer, ok } from './answers';
import { GET, PATCH, REPLACE, SET_METADATA, STATUSES, serviceOfKey, TAKE_BACK_METADATA } from './instance-calls';
import { Parameters } from './parameters';

const PATH = '/nacos/v1/ns/instance';

/** Edits that consoles send in v1, and reads of single instances. */
export function addV1EditRoutes(door: DialectDoor): void {
  door.route({ ...REPLACE, operation: 'v1 update instance', paths: [PATH], answer: ok });
  door.route({ ...PATCH, operation: 'v1 patch instance', paths: [PATH], answer: ok });
  door.route({
    ...GET,
    operation: 'v1 get instance',
    paths: [PATH],
    answer: ({ serviceName: service, ip, port, clusterName, weight, healthy, instanceId, metadata }) =>
      answer({ service, ip, port, clusterName, weight, healthy, instanceId, metadata }),
  });
  for (const method of ['get', 'post'] as const) {
    door.route({
      ...STATUSES,
      operation: `v1 statuses (${method})`,
      method,
      paths: [`${PATH}/statuses`],
      read: (request, _, form) => serviceOfKey(Parameters.of(request, form).required('key')),
      answer,
    });
  }
  const batch = { paths: [`${PATH}/metadata/batch`], answer: (updated: string[]) => answer({ updated }) };
  door.route({ ...SET_METADATA, ...batch, operation: 'v1 set metadata' });
  door.route({ ...TAKE_BACK_METADATA, ...batch, operation: 'v1 take back metadata' });
}

import type { Dialect } from '../../http/dialect';
import { refuse } from './refuse';
import { addV1InstanceRoutes } from './v1-instance-routes';

/** The door for clients of Nacos: naming over HTTP, versions 1 to 3. They know no success but 200. */
export const nacos: Dialect = {
  name: 'nacos',
  paths: ['/nacos'],
  carriers: ['bearer', 'path', 'access-token-header', 'access-token-parameter', 'password-parameter'],
  takesForms: true,
  refuse,
  addRoutes: (door) => {
    addV1InstanceRoutes(door);
  },
};

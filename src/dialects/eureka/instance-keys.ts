import { serviceOf } from '../../codecs/eureka/app-names';
import { parsed } from '../../http/request/field-errors';
import { InstanceKey, NewInstanceKey } from '../../model/batch';

/** Names the instance that a path is about. @throws {RegistryError} `INVALID_REQUEST`. */
export function keyInPath({ app = '', id = '' }: Record<string, string>): InstanceKey {
  return parsed(InstanceKey, { ...serviceOf(app), id }, 'path');
}

/** Names an instance that is created. @throws {RegistryError} `INVALID_REQUEST`. */
export function newInstanceKey(app: string, id: string): InstanceKey {
  return parsed(NewInstanceKey, { ...serviceOf(app), id }, 'path');
}

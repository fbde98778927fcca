import { serviceOf } from '../../codecs/eureka/app-names';
import { parsed } from '../../http/request/field-errors';
import { InstanceKey, NewInstanceKey } from '../../model/batch';

/** Returns the key of the instance in a path. @throws {RegistryError} `INVALID_REQUEST`. */
export function keyInPath({ app = '', id = '' }: Record<string, string>): InstanceKey {
  return parsed(InstanceKey, { ...serviceOf(app), id }, 'path');
}

/** Returns the key of an instance that is created. @throws {RegistryError} `INVALID_REQUEST`. */
export function newInstanceKey(app: string, id: string): InstanceKey {
  return parsed(NewInstanceKey, { ...serviceOf(app), id }, 'path');
}

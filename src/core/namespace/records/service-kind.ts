import type { RecordKind } from './record-kind';
import { decodeService, encodeService, type ServiceRecord } from './records';
import { watchedServiceOf } from './view';

/** The record of a service with its own settings, as opposed to one that exists only through its instances. */
export const serviceKind: RecordKind<ServiceRecord> = {
  name: 'service',
  number: 1,
  encode: encodeService,
  decode: decodeService,
  holderIn: (text) => decodeService(text).actor ?? '',
  find: (service) => service.own,
  read: (service) => service.own,
  apply({ catalog }, service, { record, after: text }, { revision }) {
    catalog.setOwn(service, record === null || text === null ? undefined : { text, record, revision });
    return {};
  },
  watched({ group, service }, record, { revision }) {
    const key = { group, service, id: '' };
    if (record === null) return { type: 'delete', kind: 'service', ...key };
    return { type: 'put', kind: 'service', ...key, after: watchedServiceOf({ group, service }, { record, revision }) };
  },

  load({ catalog }, service, { revision }, text) {
    catalog.setOwn(service, { text, record: decodeService(text), revision });
  },
};

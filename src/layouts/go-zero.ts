import { utf8Bytes } from '../model/bytes';
import type { Layout } from '../model/layout';
import { joinKey, placeIn, placeText, splitKey } from './entry-text';

/** Matches an id that a go-zero publisher was configured with: a positive `int64`. */
const CONFIGURED_ID = /^[1-9]\d{0,18}$/;

/**
 * Layout of go-zero's `core/discov`: `<key>/<id of the key's own lease>` = `host:port`. That id identifies it anywhere;
 * below a prefix, the id may also be one that the publisher was configured with (`WithId`). Subscribers read all values
 * below `<key>/`, whatever the last segment is.
 */
export const goZero: Layout = {
  kind: 'go-zero',
  version: 1,
  readsAnywhere: true,

  read(entry, prefix) {
    const { key, value, leaseNames } = entry;
    const last = key.slice(key.lastIndexOf('/') + 1);
    if (!leaseNames.includes(last) && (prefix === '' || !CONFIGURED_ID.test(last))) return undefined;
    const names = splitKey(entry, prefix);
    const place = names && placeIn(value);
    return place && { group: names.group, service: names.service, id: names.last, definition: place };
  },

  show(instance, prefix) {
    const place = placeText(instance);
    return place === undefined ? undefined : { key: joinKey(prefix, instance), value: utf8Bytes(place) };
  },
};

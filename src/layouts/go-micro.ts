import { extensionsOf, storedPartOf } from '../codecs/go-micro/kept';
import { addressOf, entryOf, placeOf } from '../codecs/go-micro/node';
import { hasMoreItems, problemOf, Service } from '../codecs/go-micro/service';
import { utf8ByteString, utf8Bytes } from '../model/bytes';
import { isRecord } from '../model/json';
import type { DescribedInstance, Layout } from '../model/layout';
import { GO_MICRO_ENDPOINTS_MAX_COUNT, GO_MICRO_ENTRY_MAX_BYTES, GO_MICRO_TYPES_MAX_COUNT } from '../model/limits';
import { splitName } from '../model/service-name';
import { objectIn, serviceText, unlessInvalid, withSlash } from './entry-text';

/** Prefix of all keys, which no option of go-micro changes. */
const PREFIX = '/micro/registry/';

const segment = (name: string): string => name.replaceAll('/', '-');

/** Returns the key of a node: as go-micro does, with slashes in names replaced. */
function keyOf(prefix: string, service: string, id: string): string {
  return `${prefix === '' ? PREFIX : withSlash(prefix)}${utf8ByteString(`${segment(service)}/${segment(id)}`)}`;
}

/**
 * Layout of go-micro's registry in etcd: `/micro/registry/<service>/<node>` = the service as JSON, with one node. Names are
 * those of the value. What the core has no member for is stored as by the dialect of go-micro, so that each shows what the
 * other has read.
 */
export const goMicro: Layout = {
  kind: 'go-micro',
  version: 1,
  readsAnywhere: true,

  read({ key, value }, prefix) {
    if (!key.startsWith(prefix === '' ? PREFIX : withSlash(prefix))) return undefined;
    const body = objectIn(value, GO_MICRO_ENTRY_MAX_BYTES);
    if (body === undefined) return undefined;
    const light = hasMoreItems(body, GO_MICRO_TYPES_MAX_COUNT) ? withoutTypes(body) : body;
    if (problemOf(light) !== undefined) return undefined;
    const { data: service } = Service.safeParse(light);
    const found = service && unlessInvalid(() => describe(service));
    // Clients look for a node under the names in its key.
    return found && key === keyOf(prefix, service.name, found.id) ? found : undefined;
  },

  show(instance, prefix) {
    const key = keyOf(prefix, serviceText(instance), instance.id);
    return { key, value: utf8Bytes(JSON.stringify(entryOf(instance))) };
  },
};

/** Returns an object with the members of one name, in any case as Go reads them, replaced. */
function replaced(value: unknown, name: RegExp, by: (member: unknown) => unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, name.test(key) ? by(each) : each]));
}

/** Leaves out what no node could store anyway, before the schema reads it: types of endpoints, or too many endpoints. */
function withoutTypes(body: object): unknown {
  const withoutValues = (type: unknown) => replaced(type, /^values$/i, () => null);
  return replaced(body, /^endpoints$/i, (endpoints) => {
    if (!Array.isArray(endpoints)) return endpoints;
    if (endpoints.length > GO_MICRO_ENDPOINTS_MAX_COUNT) return null;
    return endpoints.map((each) => replaced(each, /^(?:request|response)$/i, withoutValues));
  });
}

/** @throws {RegistryError} `INVALID_REQUEST` for an address or metadata that can't be stored. */
function describe(service: Service): DescribedInstance | undefined {
  const [node, ...others] = service.nodes;
  if (node === undefined || others.length > 0) return undefined;
  const place = placeOf(node.address);
  const extensions = extensionsOf(storedPartOf(service), addressOf(place) === node.address ? '' : node.address);
  const version = service.version === '' ? {} : { version: service.version };
  return {
    ...splitName(service.name),
    id: node.id,
    definition: { ...place, ...version, metadata: node.metadata, extensions },
  };
}

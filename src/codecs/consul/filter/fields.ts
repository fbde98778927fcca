import type { MatchOperator } from './expression';

/** A struct's fields by name. Those that no filter can select are absent. */
export interface Struct {
  kind: 'struct';
  fields: Readonly<Record<string, Field>>;
}

/**
 * A field of a record, as far as filters select it. A list of structs has the fields of its items, and a comparison of one
 * holds if it holds for any item.
 */
export type Field =
  | { kind: 'text' | 'integer' | 'boolean' | 'texts' }
  | Struct
  | { kind: 'map'; of: Field }
  | { kind: 'list'; of: Struct };

const EQUALITY = ['==', '!='] as const;
const CONTENTS = ['in', 'not in'] as const;
const EMPTINESS = ['is empty', 'is not empty'] as const;

/** Operators that a kind of field supports. Source: `GenerateFieldConfigurations` of go-bexpr 0.1.2. */
export const OPERATORS: Readonly<Record<Field['kind'], readonly MatchOperator[]>> = {
  text: [...EQUALITY, ...CONTENTS, 'matches', 'not matches'],
  integer: EQUALITY,
  boolean: EQUALITY,
  texts: [...EMPTINESS, ...CONTENTS],
  struct: [],
  map: [...EMPTINESS, ...CONTENTS],
  list: EMPTINESS,
};

const TEXT = { kind: 'text' } as const;
const INTEGER = { kind: 'integer' } as const;
const BOOLEAN = { kind: 'boolean' } as const;
const TEXTS = { kind: 'texts' } as const;
const TEXT_MAP = { kind: 'map', of: TEXT } as const;

const struct = (fields: Readonly<Record<string, Field>>): Struct => ({ kind: 'struct', fields });

const ADDRESSES: Field = { kind: 'map', of: struct({ Address: TEXT, Port: INTEGER }) };
const WEIGHTS = struct({ Passing: INTEGER, Warning: INTEGER });
const CONNECT = struct({ Native: BOOLEAN });
const PROXY = struct({
  Mode: TEXT,
  DestinationServiceName: TEXT,
  DestinationServiceID: TEXT,
  LocalServiceAddress: TEXT,
  LocalServicePort: INTEGER,
  MeshGateway: struct({ Mode: TEXT }),
});

const NODE = struct({
  ID: TEXT,
  Node: TEXT,
  Address: TEXT,
  Datacenter: TEXT,
  Partition: TEXT,
  PeerName: TEXT,
  TaggedAddresses: TEXT_MAP,
  Meta: TEXT_MAP,
});

const SERVICE = struct({
  Kind: TEXT,
  ID: TEXT,
  Service: TEXT,
  Tags: TEXTS,
  Address: TEXT,
  TaggedAddresses: ADDRESSES,
  Meta: TEXT_MAP,
  Port: INTEGER,
  SocketPath: TEXT,
  Weights: WEIGHTS,
  EnableTagOverride: BOOLEAN,
  Proxy: PROXY,
  Connect: CONNECT,
  PeerName: TEXT,
});

const CHECK = struct({
  Node: TEXT,
  CheckID: TEXT,
  Name: TEXT,
  Status: TEXT,
  Notes: TEXT,
  Output: TEXT,
  ServiceID: TEXT,
  ServiceName: TEXT,
  ServiceTags: TEXTS,
  Type: TEXT,
  Interval: TEXT,
  Timeout: TEXT,
  ExposedPort: INTEGER,
  PeerName: TEXT,
});

const CATALOG_SERVICE = struct({
  ID: TEXT,
  Node: TEXT,
  Address: TEXT,
  Datacenter: TEXT,
  TaggedAddresses: TEXT_MAP,
  NodeMeta: TEXT_MAP,
  ServiceKind: TEXT,
  ServiceID: TEXT,
  ServiceName: TEXT,
  ServiceTags: TEXTS,
  ServiceAddress: TEXT,
  ServiceTaggedAddresses: ADDRESSES,
  ServiceMeta: TEXT_MAP,
  ServicePort: INTEGER,
  ServiceSocketPath: TEXT,
  ServiceWeights: WEIGHTS,
  ServiceEnableTagOverride: BOOLEAN,
  ServiceProxy: PROXY,
  ServiceConnect: CONNECT,
  PeerName: TEXT,
});

/**
 * Fields of the records that each endpoint lists: a filter of `catalog/services` selects instances, from which the names and
 * tags of the answer are then taken.
 *
 * Source: `agent/structs/structs.go` and `agent/structs/structs_filtering_test.go`.
 */
export const FILTER_FIELDS = {
  'agent/services': SERVICE,
  'agent/checks': CHECK,
  'catalog/nodes': NODE,
  'catalog/services': CATALOG_SERVICE,
  'catalog/service': CATALOG_SERVICE,
  'catalog/node': SERVICE,
  'catalog/node-services': SERVICE,
  'health/node': CHECK,
  'health/checks': CHECK,
  'health/state': CHECK,
  'health/service': struct({ Node: NODE, Service: SERVICE, Checks: { kind: 'list', of: CHECK } }),
} as const satisfies Record<string, Struct>;
export type FilteredEndpoint = keyof typeof FILTER_FIELDS;

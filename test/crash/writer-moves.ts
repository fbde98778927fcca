import type { SeededRandom } from '../simulation/seeded-random';
import { type Entry, entryOf, type WriterState, withEntries } from './writer-state';

/** One call of a writer: the request, the possible responses, and the resulting state. */
export interface Move {
  /** Unique: stored in the metadata of what it changes. */
  mark: string;
  kind: string;
  method: string;
  path: string;
  body?: unknown;
  /** Statuses that acknowledge it. */
  statuses: number[];
  /** State after it is acknowledged. Records that it changes have revision null until the response supplies it. */
  after: WriterState;
  /** Ids of the instances whose registration it changes. */
  changed: string[];
}

const weights = {
  register: 6,
  repeat: 1,
  patch: 4,
  deregister: 2,
  override: 2,
  clear: 1,
  heartbeat: 2,
  batch: 4,
  refusedBatch: 1,
};

/** Instances of one writer. */
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

/** Chooses a writer's next move, given the state it knows. */
export function nextMove(service: string, mark: string, state: WriterState, random: SeededRandom): Move {
  const id = random.pick(IDS);
  const entry = entryOf(state, id);
  const kind = random.weighted(weights);
  const path = `/groups/DEFAULT_GROUP/services/${service}/instances/${id}`;
  const move = { mark, kind, path };
  if (kind === 'batch' || kind === 'refusedBatch') return batchMove(service, mark, state, random, kind);
  // A move that needs an instance registers it if it is missing.
  if (kind === 'register' || entry.registration === null) {
    const { body, next } = registerPart(mark, entry, random);
    return {
      ...move,
      kind: 'register',
      method: 'PUT',
      body,
      statuses: [200, 201],
      after: withEntries(state, [[id, next]]),
      changed: [id],
    };
  }
  switch (kind) {
    case 'repeat': {
      const { weight, metadata, ephemeral } = entry.registration;
      const body = registrationBody(weight, metadata, ephemeral);
      return { ...move, method: 'PUT', body, statuses: [200], after: state, changed: [] };
    }
    case 'patch': {
      const { body, next } = patchPart(mark, entry, random);
      const after = withEntries(state, [[id, next]]);
      return { ...move, method: 'PATCH', body, statuses: [200], after, changed: [id] };
    }
    case 'deregister': {
      const after = withEntries(state, [[id, { registration: null }]]);
      return { ...move, method: 'DELETE', statuses: [204], after, changed: [] };
    }
    case 'override': {
      const { body, next } = overridePart(mark, random);
      const after = withEntries(state, [[id, next]]);
      return { ...move, path: `${path}/override`, method: 'PUT', body, statuses: [200, 201], after, changed: [] };
    }
    case 'clear': {
      const after = withEntries(state, [[id, { override: null }]]);
      return { ...move, path: `${path}/override`, method: 'DELETE', statuses: [204], after, changed: [] };
    }
    case 'heartbeat': {
      const statuses = [entry.registration.ephemeral ? 200 : 409];
      return { ...move, path: `${path}/heartbeat`, method: 'POST', statuses, after: state, changed: [] };
    }
  }
}

interface Part {
  body: Record<string, unknown>;
  next: Partial<Entry>;
}

/** Half of the instances have no lease; the leases of the others outlast every run. */
function registrationBody(weight: number, metadata: Record<string, string>, ephemeral: boolean) {
  const lease = ephemeral ? { lease: { ttlMs: 12 * 60 * 60 * 1_000 } } : {};
  return { address: '10.0.0.7', port: 8080, weight, metadata, ephemeral, ...lease };
}

function registerPart(mark: string, entry: Entry, random: SeededRandom): Part {
  const weight = random.whole(1, 100);
  const metadata = { mark };
  // An instance keeps its kind: changes between the two are outside this test.
  const ephemeral = entry.registration?.ephemeral ?? random.chance(0.5);
  return {
    body: registrationBody(weight, metadata, ephemeral),
    next: { registration: { weight, metadata, ephemeral, revision: null } },
  };
}

function patchPart(mark: string, { registration }: Entry, random: SeededRandom): Part {
  const weight = random.whole(1, 100);
  const metadata = { ...registration?.metadata, patched: mark };
  return {
    body: { weight, metadata: { patched: mark } },
    next: { registration: { weight, metadata, ephemeral: registration?.ephemeral ?? false, revision: null } },
  };
}

function overridePart(mark: string, random: SeededRandom): Part {
  const override = { weight: random.whole(1, 100), metadata: { operator: mark } };
  return { body: override, next: { override } };
}

/** Creates one operation on one instance, in the form of a batch. */
function operation(mark: string, entry: Entry, random: SeededRandom): Part & { op: string; changes: boolean } {
  const op = entry.registration === null ? 'register' : random.pick(['register', 'update', 'deregister', 'override']);
  switch (op) {
    case 'update':
      return { op, changes: true, ...patchPart(mark, entry, random) };
    case 'deregister':
      return { op, changes: false, body: {}, next: { registration: null } };
    case 'override':
      return { op, changes: false, ...overridePart(mark, random) };
    default:
      return { op, changes: true, ...registerPart(mark, entry, random) };
  }
}

/** Creates a batch over several instances. A refused one ends with a condition on a revision that no record has. */
function batchMove(
  service: string,
  mark: string,
  state: WriterState,
  random: SeededRandom,
  kind: 'batch' | 'refusedBatch',
): Move {
  const ids = IDS.filter(() => random.chance(0.6));
  if (ids.length === 0) ids.push('a');
  const parts = ids.map((id) => ({ id, ...operation(mark, entryOf(state, id), random) }));
  const operations: object[] = parts.map(({ id, op, body }) => ({ op, service, id, ...body }));
  const refused = kind === 'refusedBatch';
  if (refused) operations.push({ op: 'deregister', service, id: 'never-there', ifRevision: 1 });
  return {
    mark,
    kind,
    method: 'POST',
    path: '/batch',
    body: { operations },
    statuses: [refused ? 412 : 200],
    after: refused
      ? state
      : withEntries(
          state,
          parts.map(({ id, next }) => [id, next]),
        ),
    changed: refused ? [] : parts.flatMap(({ id, changes }) => (changes ? [id] : [])),
  };
}

import { create } from '@bufbuild/protobuf';
import { type Event, Event_EventType, EventSchema, KeyValueSchema } from '../../codecs/etcd/messages/kv_pb';
import { etcdRevision } from '../../codecs/etcd/numbers';
import { bytesOf } from '../../model/bytes';
import { ETCD_WATCH_FRAGMENT_BYTES } from '../../model/limits';
import type { EntryChange } from './etcd-namespace';
import { keyValueOf } from './key-values';

/** Size of an event besides its keys and values, at most. */
const EVENT_BYTES = 128;

/**
 * Returns a change as an event. A deletion has only the key and the revision.
 *
 * @param revision Revision of the registry.
 */
export function eventOf({ type, key, after, before }: EntryChange, revision: number, withPrevious: boolean): Event {
  const prevKv = withPrevious && before != null ? { prevKv: keyValueOf(key, before) } : {};
  if (type === 'delete' || after === undefined) {
    const kv = create(KeyValueSchema, { key: bytesOf(key), modRevision: etcdRevision(revision) });
    return create(EventSchema, { type: Event_EventType.DELETE, kv, ...prevKv });
  }
  return create(EventSchema, { type: Event_EventType.PUT, kv: keyValueOf(key, after), ...prevKv });
}

/** Splits the events of a revision into pieces that clients accept as messages. */
export function fragments(events: readonly Event[]): Event[][] {
  const pieces: Event[][] = [];
  let piece: Event[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = sizeOf(event);
    if (piece.length > 0 && bytes + size > ETCD_WATCH_FRAGMENT_BYTES) {
      pieces.push(piece);
      piece = [];
      bytes = 0;
    }
    piece.push(event);
    bytes += size;
  }
  pieces.push(piece);
  return pieces;
}

function sizeOf({ kv, prevKv }: Event): number {
  return [kv, prevKv].reduce(
    (sum, each) => sum + (each === undefined ? 0 : each.key.length + each.value.length),
    EVENT_BYTES,
  );
}

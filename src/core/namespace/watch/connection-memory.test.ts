import { describe, expect, it } from 'vitest';
import { intervalOf, intervalOfPrefix } from '../../../model/key-interval';
import { ENTRY_KEY_MAX_BYTES, SOCKET_MEMORY_MAX_BYTES, WATCHES_PER_SOCKET_MAX_COUNT } from '../../../model/limits';
import { type ConnectionMemory, MEMORY_VERSION, SNAPSHOT_START, type WatchMemory } from '../../platform/connection';
import { decodeMemory, encodeMemory } from './connection-memory';

const memory = (...watches: WatchMemory[]): ConnectionMemory => ({
  version: MEMORY_VERSION,
  checkedAt: 7,
  kind: 'stream',
  subscriber: 'подписчик',
  caller: { tokenId: 'owner', address: '10.0.0.1', place: { zone: 'eu-1' } },
  grants: [{ scope: 'read', ns: 'public' }],
  namespace: 'public',
  session: 'key',
  watches,
});

const scope: WatchMemory['scope'] = [{ kind: 'namespace' }];
const place = { service: 'orders', group: 'shop', id: 'a', parts: 3, cursor: 'cx.1.1' };

describe('encodeMemory', () => {
  it('[W14] preserves a watch, whatever its scope and position', () => {
    const cases: [string, WatchMemory][] = [
      ['that is live', { name: 'w', scope }],
      ['that is live and has acknowledged', { name: 'w', scope, acknowledged: Number.MAX_SAFE_INTEGER }],
      ['for which no drain waits', { name: 'w', scope, observer: true }],
      ['with counts', { name: 'w', scope, counts: true }],
      ['without a snapshot', { name: 'w', scope, changesOnly: true }],
      ['that is behind', { name: 'w', scope, sentUntil: 7, acknowledged: 35 }],
      ['whose snapshot has not started', { name: 'w', scope, sentUntil: 7, snapshotAfter: SNAPSHOT_START }],
      ['whose snapshot is being sent', { name: 'w', scope, sentUntil: 7, snapshotAfter: place }],
      ['of a few groups', { name: 'w', scope: ['shop', 'DEFAULT_GROUP'].map((group) => ({ kind: 'group', group })) }],
      [
        'of services with similar names',
        {
          name: 'w',
          scope: [
            { kind: 'service', group: 'DEFAULT_GROUP', service: 'orders' },
            { kind: 'service', group: 'shop', service: 'orders' },
            { kind: 'service', group: 'DEFAULT_GROUP', service: 'shop@@orders' },
            { kind: 'service', group: 'DEFAULT_GROUP', service: '@@' },
          ],
        },
      ],
      [
        'of keys, prefixes and intervals of any bytes',
        {
          name: 'w',
          scope: [
            intervalOf('a\u0000\u00ff'),
            intervalOfPrefix('config/'),
            intervalOfPrefix('\u00ff'),
            { from: '', to: undefined },
            { from: 'a', to: 'a\u0001' },
            { from: '', to: '' },
            { from: 'b', to: 'a' },
          ].map(({ from, to }) => ({ kind: 'keys', from, to })),
        },
      ],
    ];
    for (const [what, watch] of cases) {
      expect(decodeMemory(encodeMemory(memory(watch, watch))), what).toEqual(memory(watch, watch));
    }
  });

  it('[W24] stores the acknowledgements of each watch separately', () => {
    const watches = [undefined, 7, undefined, 123_456].map((acknowledged) => ({ name: 'w', scope, acknowledged }));
    expect(decodeMemory(encodeMemory(memory(...watches)))).toEqual(memory(...watches));
  });

  it('[W28] stores which watches are observers by name', () => {
    const watches: WatchMemory[] = [
      { name: 'a', scope },
      { name: '__proto__', scope, observer: true },
      { name: 'b', scope, acknowledged: 7 },
    ];
    expect(decodeMemory(encodeMemory(memory(...watches)))).toEqual(memory(...watches));
  });

  it('[KV11] stores which keys a watch has, and which watches asked for entries before their changes', () => {
    const keys = [
      { kind: 'keys' as const, from: 'a', to: 'a\u0000' },
      { kind: 'keys' as const, from: '\u00ff', to: undefined },
    ];
    const key = '\u0000\u00ff';
    const watches: WatchMemory[] = [
      { name: 'a', scope: keys, previous: true },
      { name: '__proto__', scope: [...scope.filter(({ kind }) => kind === 'service'), ...keys] },
      {
        name: 'b',
        scope: keys,
        sentUntil: 7,
        snapshotAfter: { service: '', group: '', id: '', parts: 3, cursor: 'c', key },
      },
    ];
    expect(decodeMemory(encodeMemory(memory(...watches)))).toEqual(memory(...watches));
  });

  it('[W24] reads no acknowledgement from what an earlier version wrote', () => {
    const earlier = JSON.stringify({ ...memory(), watches: [['w', [], [], 7]] });
    expect(decodeMemory(earlier).watches).toEqual([{ name: 'w', scope, sentUntil: 7 }]);
  });

  it('[W14] preserves a connection without session and watches', () => {
    const { session: _session, ...bare } = memory();
    expect(decodeMemory(encodeMemory(bare))).toEqual(bare);
  });

  it('[R14, KV1] has room for the keys of two watches, however long they are and whatever their bytes', () => {
    const longest = '\u0000'.repeat(ENTRY_KEY_MAX_BYTES);
    const watches = ['one', 'two'].map((name): WatchMemory => {
      return { name, scope: [{ kind: 'keys', from: longest, to: `${longest}\u0000` }] };
    });
    expect(Buffer.byteLength(encodeMemory(memory(...watches)))).toBeLessThan(SOCKET_MEMORY_MAX_BYTES);
  });

  it('[R14] has room for as many watches as a socket may have', () => {
    const watches = Array.from({ length: WATCHES_PER_SOCKET_MAX_COUNT }, (_, index): WatchMemory => {
      const most = Number.MAX_SAFE_INTEGER;
      return {
        name: `w${index}`,
        scope: [{ kind: 'service', group: 'DEFAULT_GROUP', service: `orders-${index}` }],
        sentUntil: most,
        acknowledged: most,
      };
    });
    expect(Buffer.byteLength(encodeMemory(memory(...watches)))).toBeLessThan(SOCKET_MEMORY_MAX_BYTES);
  });
});

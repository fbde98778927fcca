import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import type { NamespaceIntervals } from '../../model/namespace';
import { type NamespaceRow, NamespaceRows, namespaceView, objectSettings, settingsText } from './namespace-rows';
import { prepareDirectory } from './tables';

const ROW: NamespaceRow = {
  id: 'a',
  state: 'there',
  settings: { title: 'A', retention: { maxCount: 3 } },
  createdAt: 0,
  createdBy: 't',
  updatedAt: 1_000,
  auditId: null,
};

describe('NamespaceRows', () => {
  it('stores every member, and lists only existing namespaces', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    const rows = new NamespaceRows(disk);
    rows.put({ ...ROW, state: 'founding', auditId: 7 });
    expect(rows.find('a')).toEqual({ ...ROW, state: 'founding', auditId: 7 });
    expect(Array.from(rows.list(), ({ id }) => id)).toEqual(['public']);
    rows.put(ROW);
    expect([...rows.list()][0]).toEqual(ROW);
    expect(Array.from(rows.list('a'), ({ id }) => id)).toEqual(['public']);
    expect(rows.count).toBe(2);
    rows.remove('a');
    expect(rows.find('a')).toBeUndefined();
  });
});

describe('settingsText', () => {
  it('is the same for equal settings, whatever the order of their members', () => {
    const full = { title: 'A', limits: { sockets: 1, perToken: { watches: 1, sockets: 2 } } };
    const turned = { limits: { perToken: { sockets: 2, watches: 1 }, sockets: 1 }, title: 'A' };
    expect(settingsText(full)).toBe(settingsText(turned));
    expect(settingsText({ retention: {}, limits: { perToken: {} } })).toBe(settingsText({}));
    expect(settingsText({ retention: { maxCount: 1, maxAgeMs: undefined } })).toBe(
      settingsText({ retention: { maxCount: 1 } }),
    );
  });

  it('differs with each member', () => {
    const cases = [
      { title: 'B' },
      { placement: { hint: 'weur' as const } },
      { placement: { jurisdiction: 'eu' as const } },
      { retention: { maxCount: 1 } },
      { limits: { perToken: { sockets: 2 } } },
    ] as const;
    for (const settings of cases) {
      expect(settingsText(settings)).not.toBe(settingsText({}));
    }
  });
});

describe('views of a namespace', () => {
  it('omit members that are not set', () => {
    expect(namespaceView(ROW)).toEqual({
      id: 'a',
      title: 'A',
      retention: { maxCount: 3 },
      limits: {},
      createdAt: '1970-01-01T00:00:00.000Z',
      createdBy: 't',
      updatedAt: '1970-01-01T00:00:01.000Z',
    });
    expect(objectSettings(ROW)).toEqual({ retention: { maxCount: 3 }, limits: {} });
    const without = { ...ROW, settings: { ...ROW.settings, selfPreservation: false } };
    expect([objectSettings(without), namespaceView(without)]).toEqual([objectSettings(ROW), namespaceView(ROW)]);
    const preserving = { ...ROW, settings: { ...ROW.settings, selfPreservation: true } };
    expect([objectSettings(preserving), namespaceView(preserving)]).toEqual([
      { ...objectSettings(ROW), selfPreservation: true },
      { ...namespaceView(ROW), selfPreservation: true },
    ]);
  });

  it('[N31] send the object the expected interval of clients and show it, if set', () => {
    const withIntervals = (intervals: NamespaceIntervals) => ({ ...ROW, settings: { ...ROW.settings, intervals } });
    const set = withIntervals({ sessionPingMs: 30_000, nacosPollMs: 10_000 });
    expect([objectSettings(set), namespaceView(set)]).toMatchObject([
      { intervals: { nacosPollMs: 10_000, sessionPingMs: 30_000 } },
      { intervals: { nacosPollMs: 10_000, sessionPingMs: 30_000 } },
    ]);
    const other = withIntervals({ nacosPollMs: 10_000, sessionPingMs: 30_000 });
    expect(settingsText(set.settings)).toBe(settingsText(other.settings));
    expect(objectSettings(withIntervals({}))).toEqual(objectSettings(ROW));
  });
});

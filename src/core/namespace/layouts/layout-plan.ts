import { byteString, isByteString, utf8Bytes } from '../../../model/bytes';
import { safeParse } from '../../../model/fast-path';
import { InstanceDefinition } from '../../../model/instance';
import type { HeldEntry, Layout, LayoutRule, ShownEntry, ShownInstance } from '../../../model/layout';
import { ENTRY_KEY_MAX_BYTES, ENTRY_VALUE_MAX_BYTES } from '../../../model/limits';
import { GroupName, InstanceId, ServiceName } from '../../../model/names';
import { DEFAULT_GROUP } from '../../../model/service-name';
import type { Platform } from '../../platform/platform';

/** An instance as an entry describes it, checked like a registration. Its id may belong to another instance. */
export interface Reading {
  /** Kind of the layout. */
  readonly layout: string;
  readonly group: string;
  readonly service: string;
  readonly id: string;
  /** Without a lease. */
  readonly definition: InstanceDefinition;
}

/** An entry by which a layout shows an instance. */
export interface Showing extends ShownEntry {
  /** Kind of the layout. */
  readonly layout: string;
}

/** A layout under a prefix of one character a byte; empty if it is read anywhere. */
interface PlacedLayout {
  layout: Layout;
  prefix: string;
}

/** The layouts of a host as the settings of a namespace use them. */
export class LayoutPlan {
  readonly #log: Platform['log'];
  readonly #reads: PlacedLayout[] = [];
  readonly #shows: PlacedLayout[] = [];
  /** Text that differs if entries may be read, or instances shown, in another way; empty if there are no layouts. */
  readonly fingerprint: string;

  constructor(layouts: readonly Layout[], rules: readonly LayoutRule[], log: Platform['log']) {
    this.#log = log;
    for (const { kind, prefix, show } of rules) {
      const layout = layouts.find((each) => each.kind === kind);
      if (layout === undefined) log('warn', 'a setting names a layout that this registry does not have', { kind });
      const placed = layout && { layout, prefix: byteString(utf8Bytes(prefix)) };
      if (placed === undefined) continue;
      // Even one that reads anywhere: it may know more entries by their prefix, or read shorter names.
      if (!placed.layout.readsAnywhere || prefix !== '') this.#reads.push(placed);
      if (show === true) this.#shows.push(placed);
    }
    for (const layout of layouts) if (layout.readsAnywhere) this.#reads.push({ layout, prefix: '' });
    const named = (placed: PlacedLayout[]) => placed.map(({ layout, prefix }) => [layout.kind, layout.version, prefix]);
    const isEmpty = this.#reads.length + this.#shows.length === 0;
    this.fingerprint = isEmpty ? '' : JSON.stringify([named(this.#reads), named(this.#shows)]);
  }

  /** True if entries may be read as instances. */
  get reads(): boolean {
    return this.#reads.length > 0;
  }

  /** True if instances may be shown as entries. */
  get shows(): boolean {
    return this.#shows.length > 0;
  }

  /** Reads an entry by the first layout that knows its shape; undefined if it is plain data. */
  read(entry: HeldEntry): Reading | undefined {
    for (const { layout, prefix } of this.#reads) {
      if (!entry.key.startsWith(prefix)) continue;
      const reading = this.#guard(layout, () => checked(layout, entry, prefix));
      if (reading !== undefined) return reading;
    }
    return undefined;
  }

  /**
   * Shows an instance in all layouts but the one that it was read from.
   *
   * @param from Kind of that layout; undefined if the instance was registered by itself.
   */
  show(instance: ShownInstance, from: string | undefined): Showing[] {
    const shown: Showing[] = [];
    for (const { layout, prefix } of this.#shows) {
      if (layout.kind === from) continue;
      const entry = this.#guard(layout, () => layout.show(instance, prefix));
      if (entry === undefined || !isAllowed(entry, prefix)) continue;
      if (shown.some((each) => each.key === entry.key && each.layout === layout.kind)) continue;
      shown.push({ ...entry, layout: layout.kind });
    }
    return shown;
  }

  /** A layout that fails must not make the registry fail: what it can't read is plain data, what it can't show is absent. */
  #guard<Result>(layout: Layout, work: () => Result | undefined): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.#log('error', 'a layout failed', { kind: layout.kind, error: String(error) });
      return undefined;
    }
  }
}

function checked(layout: Layout, entry: HeldEntry, prefix: string): Reading | undefined {
  const found = layout.read(entry, prefix);
  if (found === undefined) return undefined;
  const group = GroupName.safeParse(found.group ?? DEFAULT_GROUP);
  const service = ServiceName.safeParse(found.service);
  const id = InstanceId.safeParse(found.id);
  const definition = safeParse(InstanceDefinition, { ...found.definition, ephemeral: false });
  if (!group.success || !service.success || !id.success || !definition.success) return undefined;
  return { layout: layout.kind, group: group.data, service: service.data, id: id.data, definition: definition.data };
}

function isAllowed({ key, value }: ShownEntry, prefix: string): boolean {
  const isKey = key.length > 0 && key.length <= ENTRY_KEY_MAX_BYTES && isByteString(key) && key.startsWith(prefix);
  return isKey && value.length <= ENTRY_VALUE_MAX_BYTES;
}

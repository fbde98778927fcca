import * as z from 'zod';
import type { InstanceDefinitionInput, InstanceView } from './instance';
import { ENTRY_KEY_MAX_BYTES, LAYOUTS_PER_NAMESPACE_MAX_COUNT } from './limits';
import { utf8Length } from './names';

/** Kind of a layout, as the settings of a namespace name it. */
const LayoutKind = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'a kind has 1 to 32 characters from a-z 0-9 -, and begins with a letter')
  .meta({ description: 'Kind of the layout' });

const Prefix = z
  .string()
  .refine(
    (prefix) => prefix.isWellFormed() && utf8Length(prefix) <= ENTRY_KEY_MAX_BYTES,
    `a prefix is text of at most ${ENTRY_KEY_MAX_BYTES} bytes`,
  )
  .meta({ description: 'Beginning of the keys of the layout; empty: all keys' });

/** Use of a layout under one prefix of a namespace. */
export const LayoutRule = z
  .strictObject({
    kind: LayoutKind,
    prefix: Prefix,
    show: z.boolean().optional().meta({
      description: 'true: instances also appear as entries under the prefix, in the form of this layout',
    }),
  })
  .meta({ id: 'LayoutRule' });
export type LayoutRule = z.output<typeof LayoutRule>;

/** The setting `layouts` of a namespace. */
export const LayoutRules = z
  .array(LayoutRule)
  .max(LAYOUTS_PER_NAMESPACE_MAX_COUNT)
  .refine((rules) => new Set(rules.map(({ kind, prefix }) => `${kind} ${prefix}`)).size === rules.length, {
    error: 'a kind and a prefix are listed at most once together',
  })
  .meta({
    description:
      'Layouts: under its prefix, entries that a framework writes are read as instances, and with `show` instances ' +
      'appear as entries that can only be read',
  });

/** An entry that a layout may read as an instance. */
export interface HeldEntry {
  /** One character a byte. */
  readonly key: string;
  readonly value: Uint8Array;
  /** Decimal numbers by which clients know its lease: the id, and the alias if there is one. */
  readonly leaseNames: readonly string[];
}

/** An instance, as an entry describes it. The registry checks it as it checks a registration. */
export interface DescribedInstance {
  /** Absent: the default group. */
  readonly group?: string | undefined;
  readonly service: string;
  /** Id within the service. The registry appends to it if another instance has it already. */
  readonly id: string;
  /** Without a lease, as the instance has that of the entry. */
  readonly definition: Omit<InstanceDefinitionInput, 'lease' | 'ephemeral'>;
}

/** An instance that takes traffic, with the operator's override merged over it. */
export type ShownInstance = Pick<
  InstanceView,
  'group' | 'service' | 'id' | 'cluster' | 'address' | 'port' | 'url' | 'ports' | 'weight' | 'metadata' | 'tags'
> &
  Partial<Pick<InstanceView, 'node' | 'version' | 'location' | 'extensions'>>;

/** An entry by which a layout shows an instance. */
export interface ShownEntry {
  /** One character a byte. It begins with the prefix. */
  readonly key: string;
  readonly value: Uint8Array<ArrayBuffer>;
}

/**
 * The way in which a framework keeps instances as entries. Both directions depend on nothing but their arguments: the
 * registry expects the same result every time.
 */
export interface Layout {
  readonly kind: string;
  /** Increase it if anything is read or shown differently: namespaces then read their entries again. */
  readonly version: number;
  /** True if its entries identify themselves, and are read under any key; all are read under prefixes of the settings. */
  readonly readsAnywhere: boolean;
  /**
   * Reads an entry as an instance; undefined if it is not one.
   *
   * @param prefix One character a byte, and the key begins with it; empty if it is read anywhere.
   */
  read(entry: HeldEntry, prefix: string): DescribedInstance | undefined;
  /** Shows an instance as an entry under a prefix; undefined if the layout can't express it. */
  show(instance: ShownInstance, prefix: string): ShownEntry | undefined;
}

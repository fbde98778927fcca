import { consulDoor } from './consul-door';
import { DEFAULTS, type Door, type Seen, type Spoken, type Written } from './door';
import { eurekaDoor } from './eureka-door';
import { goMicroDoor } from './go-micro-door';
import { MatrixStage } from './matrix-stage';
import { nacosDoor } from './nacos-door';
import { nativeDoor } from './native-door';

const DOORS = {
  native: nativeDoor,
  'go-micro': goMicroDoor,
  eureka: eurekaDoor,
  nacos: nacosDoor,
  consul: consulDoor,
};
/** Names of all doors. */
export const NAMES = Object.keys(DOORS) as DoorName[]; // `as`: these are its keys

/** Name of a door. */
export type DoorName = keyof typeof DOORS;

/** Longest time from the limit of a lease to its end while the registry listens. */
export const LEASE_ENDS_WITHIN_MS = 1_000;

/** Creates a namespace with all doors in front of it. */
export function doors(): { stage: MatrixStage; of: Record<DoorName, Door> } {
  const stage = new MatrixStage();
  const of = {
    native: nativeDoor(stage),
    'go-micro': goMicroDoor(stage),
    eureka: eurekaDoor(stage),
    nacos: nacosDoor(stage),
    consul: consulDoor(stage),
  };
  return { stage, of };
}

/** An instance with all members. */
export const INSTANCE: Written = {
  id: '10.0.0.7:8080',
  address: '10.0.0.7',
  port: 8080,
  metadata: { zone: 'a', protocol: 'http' },
  weight: 2.5,
  cluster: 'EAST',
  version: '1.2.0',
  securePort: 8443,
};

/** Returns what a reader must see: members that both can express, and defaults for those that only the reader can. */
export function expected(writer: Door, reader: Door, instance: Written): Seen {
  const { address, port, metadata } = instance;
  const spoken = reader.speaks.map((name): [Spoken, unknown] => {
    const value = writer.speaks.includes(name) ? instance[name] : DEFAULTS[name];
    // An absent version has a name there.
    const isLatest = reader.name === 'go-micro' && writer.name !== 'go-micro' && name === 'version' && value === '';
    return [name, isLatest ? 'latest' : value];
  });
  // `as`: each name with its value.
  return { address, port, metadata, ...(Object.fromEntries(spoken) as Partial<Written>), traffic: true };
}

/** Returns what is seen by a reader that may have no metadata. */
export const withMetadata = <Shown extends { metadata?: unknown }>(
  { metadata, ...seen }: Shown,
  hasMetadata: boolean,
) => (hasMetadata ? { ...seen, metadata } : seen);

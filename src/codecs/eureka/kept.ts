import { isRecord } from '../../model/json';
import { DATA_CENTERS, type DataCenter, type EurekaPort, KEPT_TEXTS, type WrittenInfo } from './info';
import { type EurekaStatus, STATUSES } from './status';

/** Key of the extension with data of an instance that only Eureka uses. */
export const EXTENSION = 'eureka';

/** Members of an instance that are stored unchanged. */
const WRITTEN = ['ipAddr', 'sid', 'countryId', 'renewalIntervalInSecs', 'lastDirtyTimestamp', ...KEPT_TEXTS] as const;

/**
 * Data of an instance that only Eureka uses. An absent member has the value of the core, or else Eureka's default.
 */
export interface Kept extends Partial<Pick<WrittenInfo, (typeof WRITTEN)[number]>> {
  /** Status that the instance reported, even if another one is in effect. */
  status?: EurekaStatus;
  port?: EurekaPort;
  securePort?: EurekaPort;
  dataCenter?: DataCenter;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isInt32 = (value: unknown): boolean => typeof value === 'number' && value === (value | 0);
const isOneOf = (list: readonly string[], value: unknown): boolean => list.some((each) => each === value);
const isPort = (value: unknown): boolean =>
  isRecord(value) && isInt32(value.number) && typeof value.enabled === 'boolean';
const isDataCenter = (value: unknown): boolean =>
  isRecord(value) && isOneOf(DATA_CENTERS, value.name) && (value.metadata === undefined || areTexts(value.metadata));

/** Reports whether a value is a map of strings without an empty key, which can't be the name of an XML element. */
const areTexts = (value: unknown): boolean =>
  isRecord(value) && Object.entries(value).every(([key, text]) => key !== '' && typeof text === 'string');

/** Checks of the members. Not a schema, because a list runs them for every instance. */
const CHECKS = Object.entries({
  ipAddr: isText,
  sid: isText,
  status: (value) => isOneOf(STATUSES, value),
  port: isPort,
  securePort: isPort,
  countryId: isInt32,
  dataCenter: isDataCenter,
  renewalIntervalInSecs: isInt32,
  lastDirtyTimestamp: Number.isSafeInteger,
  appGroupName: isText,
  homePageUrl: isText,
  statusPageUrl: isText,
  healthCheckUrl: isText,
  secureHealthCheckUrl: isText,
  vipAddress: isText,
  secureVipAddress: isText,
  asgName: isText,
} satisfies Record<keyof Kept, (value: unknown) => boolean>);

/**
 * Reads the stored data; undefined if there is none, or it is invalid.
 *
 * Any client can write it through another API, and a client that can't read one instance rejects the whole list, so this
 * is as strict as the reader of registrations.
 */
export function readKept(value: unknown): Kept | undefined {
  if (!isRecord(value)) return undefined;
  const kept: Record<string, unknown> = {};
  for (const [name, isRight] of CHECKS) {
    const member = value[name];
    if (member === undefined) continue;
    if (!isRight(member)) return undefined;
    kept[name] = member;
  }
  return kept as Kept; // `as`: each member was just checked
}

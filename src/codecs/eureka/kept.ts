import { isRecord } from '../../model/json';
import { DATA_CENTERS, type DataCenter, type EurekaPort, KEPT_TEXTS, type WrittenInfo } from './info';
import { type EurekaStatus, STATUSES } from './status';

/** The extension of an instance in which it keeps what only Eureka understands. */
export const EXTENSION = 'eureka';

/** Members of an instance that are kept as they are written. */
const WRITTEN = ['ipAddr', 'sid', 'countryId', 'renewalIntervalInSecs', 'lastDirtyTimestamp', ...KEPT_TEXTS] as const;

/**
 * The part of an instance that only Eureka understands. A member that is missing is as the core has it, or Eureka's
 * default.
 */
export interface Kept extends Partial<Pick<WrittenInfo, (typeof WRITTEN)[number]>> {
  /** The instance's own word, whatever counts. */
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

/** An empty key can't be the name of an element of XML. */
const areTexts = (value: unknown): boolean =>
  isRecord(value) && Object.entries(value).every(([key, text]) => key !== '' && typeof text === 'string');

/** By hand, not by schema: a list reads this of every instance. */
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
 * Reads what was kept; undefined where there is none, or another door wrote it.
 *
 * Anyone may write it through another door, and one instance that a client can't read costs that client the whole list:
 * so this is as narrow as what is taken of a registration.
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

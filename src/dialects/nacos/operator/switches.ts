import { nacosError } from '../../../codecs/nacos/refusals';
import { quote, type RegistryError } from '../../../model/errors';
import { NACOS_BEAT_INTERVAL_DEFAULT_MS, NACOS_CACHE_MS } from '../../../model/limits';

/**
 * Switches of Nacos with their values here, which never change; a namespace may configure other intervals. The values are
 * true: there is no push, clusters have no members to distribute to, and authentication is always on.
 * Source: `SwitchDomain` of Nacos 2.5.1, with its defaults.
 */
export const SWITCHES = {
  name: '00-00---000-NACOS_SWITCH_DOMAIN-000---00-00',
  masters: null,
  adWeightMap: {},
  defaultPushCacheMillis: 10_000,
  clientBeatInterval: NACOS_BEAT_INTERVAL_DEFAULT_MS,
  defaultCacheMillis: NACOS_CACHE_MS,
  distroThreshold: 0.7,
  healthCheckEnabled: true,
  autoChangeHealthCheckEnabled: false,
  distroEnabled: false,
  enableStandalone: true,
  pushEnabled: false,
  checkTimes: 3,
  httpHealthParams: { max: 5_000, min: 500, factor: 0.85 },
  tcpHealthParams: { max: 5_000, min: 1_000, factor: 0.75 },
  mysqlHealthParams: { max: 3_000, min: 2_000, factor: 0.65 },
  incrementalList: [],
  serverStatusSynchronizationPeriodMillis: 2_000,
  serviceStatusSynchronizationPeriodMillis: 5_000,
  disableAddIP: false,
  sendBeatOnly: false,
  lightBeatEnabled: true,
  limitedUrlMap: {},
  distroServerExpiredMillis: 10_000,
  pushGoVersion: '0.1.0',
  pushJavaVersion: '0.1.0',
  pushPythonVersion: '0.4.3',
  pushCVersion: '1.0.12',
  pushCSharpVersion: '0.9.0',
  enableAuthentication: true,
  overriddenServerStatus: null,
  defaultInstanceEphemeral: true,
  healthCheckWhiteList: [],
} as const;

const VALUES = new Map<string, string>(Object.entries(SWITCHES).map(([entry, value]) => [entry, switchText(value)]));

/** Formats the value of a switch as a request to set it sends it. */
function switchText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Returns the error for setting a switch; undefined if it already has the value, because switches are read-only. */
export function switchFault(entry: string, value: string): RegistryError | undefined {
  const now = VALUES.get(entry);
  if (now === value) return undefined;
  const about =
    now === undefined
      ? `there is no switch ${quote(entry)}; GET this path to list all of them`
      : `the switch ${quote(entry)} is ${now} for all clients and can't be set; set times for each instance in its metadata`;
  return nacosError('PARAMETER_VALIDATE_ERROR', about);
}

import type { Nanoseconds } from './duration';
import { Members } from './members';
import { consulError } from './refusals';

/** Statuses of checks. */
export const CHECK_STATUSES = ['passing', 'warning', 'critical'] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

/** Parses the status of a check; undefined for other text. */
export const checkStatus = (text: string): CheckStatus | undefined => CHECK_STATUSES.find((each) => each === text);

/** Kinds of checks, as `Type` names them. An alias check copies the status of another service or node. */
export type CheckKind =
  | 'grpc'
  | 'http'
  | 'ttl'
  | 'tcp'
  | 'udp'
  | 'alias'
  | 'docker'
  | 'script'
  | 'h2ping'
  | 'os_service'
  | '';

/** A check as its client defines it. Empty texts and zeros mean that a member is absent. */
export interface CheckDefinition {
  id: string;
  name: string;
  notes: string;
  /** Only in a registration of a single check. */
  serviceId: string;
  /** Status until the first result; critical if it is absent. */
  status: CheckStatus | '';
  kind: CheckKind;
  ttl: Nanoseconds;
  interval: Nanoseconds;
  timeout: Nanoseconds;
  /** Time for which the check may be critical before its service is removed. */
  deregisterAfter: Nanoseconds;
  http: string;
  method: string;
  header: Record<string, string[]>;
  body: string;
  disableRedirects: boolean;
  /** Host and port. */
  tcp: string;
  tcpUseTls: boolean;
  udp: string;
  grpc: string;
  grpcUseTls: boolean;
  h2ping: string;
  h2pingUseTls: boolean;
  tlsServerName: string;
  tlsSkipVerify: boolean;
  aliasNode: string;
  aliasService: string;
  scriptArgs: string[];
  dockerContainerId: string;
  shell: string;
  osService: string;
  /** Number of results beyond the first that a change of the status takes. */
  successBeforePassing: number;
  failuresBeforeWarning: number;
  failuresBeforeCritical: number;
  outputMaxSize: number;
}

/** Reads the check of a service, or a check of its own, without validating it. */
export function readCheck(value: unknown, type: 'CheckType' | 'CheckDefinition' = 'CheckType'): CheckDefinition {
  const members = Members.of(value, type);
  // Definitions in the catalog have a second spelling, with which some clients send them.
  const duration = (name: string, alias = `${name}Duration`) =>
    members.duration(name) || (members.duration(alias) ?? 0);
  const h2ping = members.text('H2PING');
  const check: CheckDefinition = {
    id: type === 'CheckType' ? members.text('CheckID') : members.text('ID', 'CheckID'),
    name: members.text('Name'),
    notes: members.text('Notes'),
    serviceId: type === 'CheckType' ? '' : members.text('ServiceID', 'service_id'),
    status: '',
    kind: '',
    ttl: duration('TTL'),
    interval: duration('Interval'),
    timeout: duration('Timeout'),
    deregisterAfter: duration('DeregisterCriticalServiceAfter') || duration('deregister_critical_service_after'),
    http: members.text('HTTP'),
    method: members.text('Method'),
    header: members.map((each) => Members.of({ each }, 'Header').texts('each'), 'Header'),
    body: members.text('Body'),
    disableRedirects: members.flag('DisableRedirects', 'disable_redirects'),
    tcp: members.text('TCP'),
    tcpUseTls: members.flag('TCPUseTLS', 'tcp_use_tls'),
    udp: members.text('UDP'),
    grpc: members.text('GRPC'),
    grpcUseTls: members.flag('GRPCUseTLS', 'grpc_use_tls'),
    h2ping,
    h2pingUseTls: h2ping !== '' && !isFalse(members, 'H2PingUseTLS', 'h2ping_use_tls'),
    tlsServerName: members.text('TLSServerName', 'tls_server_name'),
    tlsSkipVerify: members.flag('TLSSkipVerify', 'tls_skip_verify'),
    aliasNode: members.text('AliasNode', 'alias_node'),
    aliasService: members.text('AliasService', 'alias_service'),
    scriptArgs: members.texts('ScriptArgs', 'Args', 'script_args'),
    dockerContainerId: members.text('DockerContainerID', 'docker_container_id'),
    shell: members.text('Shell'),
    osService: members.text('OSService', 'os_service'),
    successBeforePassing: members.integer('SuccessBeforePassing'),
    failuresBeforeWarning: members.integer('FailuresBeforeWarning'),
    failuresBeforeCritical: members.integer('FailuresBeforeCritical'),
    outputMaxSize: members.integer('OutputMaxSize'),
  };
  const status = members.text('Status');
  const known = checkStatus(status);
  if (status !== '' && known === undefined) {
    const forService = "Status for checks must 'passing', 'warning', 'critical'";
    throw consulError(400, type === 'CheckType' ? forService : 'Bad check status');
  }
  check.status = known ?? '';
  check.kind = kindOf(check);
  return check;
}

/** Reports whether a flag is present and false. TLS is the default of one kind of checks only. */
function isFalse(members: Members, ...names: string[]): boolean {
  return names.some((name) => members.has(name)) && !members.flag(...names);
}

/** Returns the kind of a check: the first that its members make it. Source: `CheckType.Type`. */
function kindOf(check: Omit<CheckDefinition, 'kind'>): CheckKind {
  const periodic = check.interval > 0;
  if (check.grpc !== '' && periodic) return 'grpc';
  if (check.http !== '' && periodic) return 'http';
  if (check.ttl > 0) return 'ttl';
  if (check.tcp !== '' && periodic) return 'tcp';
  if (check.udp !== '' && periodic) return 'udp';
  if (isAlias(check)) return 'alias';
  if (check.scriptArgs.length > 0) return check.dockerContainerId !== '' && periodic ? 'docker' : 'script';
  if (check.h2ping !== '' && periodic) return 'h2ping';
  return check.osService !== '' && periodic ? 'os_service' : '';
}

const isAlias = ({ aliasNode, aliasService }: Pick<CheckDefinition, 'aliasNode' | 'aliasService'>): boolean =>
  aliasNode !== '' || aliasService !== '';

/** Reports whether a check has no member at all. Consul ignores such a one, because some clients always send it. */
export function isEmptyCheck(check: CheckDefinition): boolean {
  return Object.values(check).every((value) => {
    if (Array.isArray(value)) return value.length === 0;
    return typeof value === 'object' ? Object.keys(value).length === 0 : !value;
  });
}

/**
 * Returns Consul's message for a check that can't be; undefined for a valid one.
 *
 * Source: `CheckType.Validate`.
 */
export function checkProblem(check: CheckDefinition): string | undefined {
  const targets = [check.http, check.tcp, check.udp, check.grpc, check.h2ping, check.osService];
  const isProbe = check.scriptArgs.length > 0 || targets.some((target) => target !== '');
  if (check.interval > 0 && check.ttl > 0) return 'Interval and TTL cannot both be specified';
  if (isProbe && check.interval <= 0) {
    return 'Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks';
  }
  if (isProbe && isAlias(check)) return 'Interval cannot be set for Alias checks';
  if (isAlias(check) && check.ttl > 0) return 'TTL must be not be set for Alias checks';
  if (!isProbe && !isAlias(check) && check.ttl <= 0) return 'TTL must be > 0 for TTL checks';
  if (check.outputMaxSize < 0) return 'MaxOutputMaxSize must be positive';
  if (check.failuresBeforeWarning > check.failuresBeforeCritical) {
    return "FailuresBeforeWarning can't be higher than FailuresBeforeCritical";
  }
  return undefined;
}

/**
 * Reads the registration of a single check, whose id is its name by default.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with Consul's text.
 */
export function readCheckRegistration(body: unknown): CheckDefinition {
  if (Members.of(body, 'CheckDefinition').text('Name') === '') throw consulError(400, 'Missing check name');
  const check = readCheck(body, 'CheckDefinition');
  const problem = checkProblem(check);
  if (problem !== undefined) throw consulError(400, `Invalid check: ${problem}`);
  return { ...check, id: check.id === '' ? check.name : check.id };
}

/** A result that a client reports for its check. */
export interface CheckUpdate {
  status: CheckStatus;
  output: string;
}

/** Reads the body of an update of a TTL check. */
export function readCheckUpdate(body: unknown): CheckUpdate {
  const members = Members.of(body, 'checkUpdate');
  const text = members.text('Status');
  const status = checkStatus(text);
  if (status === undefined) throw consulError(400, `Invalid check status: '${text}'`);
  return { status, output: members.text('Output') };
}

/** Largest output that Consul keeps of a check. */
export const OUTPUT_BYTES = 4_096;

/** Shortens an output as Consul does, to the first bytes and a remark with the whole number of bytes. */
export function keptOutput(output: string): string {
  const bytes = new TextEncoder().encode(output);
  if (bytes.length <= OUTPUT_BYTES) return output;
  const kept = new TextDecoder().decode(bytes.subarray(0, OUTPUT_BYTES));
  return `${kept} ... (captured ${OUTPUT_BYTES} of ${bytes.length} bytes)`;
}

/** Returns the output of a TTL check that was not updated in time. */
export function expiredOutput(last: string): string {
  return last === '' ? 'TTL expired' : `TTL expired (last output before timeout follows): ${last}`;
}

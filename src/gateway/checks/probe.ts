import type { CheckDefinition, CheckStatus } from '../../codecs/consul/check';
import { inBrackets } from '../../model/address';

/** Kinds of checks that the runner carries out. */
export const PROBE_KINDS = ['http', 'tcp', 'grpc'] as const;
export type ProbeKind = (typeof PROBE_KINDS)[number];

/** Members of a check's definition that a probe uses. Durations are nanoseconds, as in Consul. */
export type ProbeDefinition = Pick<
  CheckDefinition,
  | 'interval'
  | 'timeout'
  | 'deregisterAfter'
  | 'http'
  | 'method'
  | 'header'
  | 'body'
  | 'tcp'
  | 'tcpUseTls'
  | 'grpc'
  | 'grpcUseTls'
  | 'tlsServerName'
  | 'tlsSkipVerify'
  | 'successBeforePassing'
  | 'failuresBeforeWarning'
  | 'failuresBeforeCritical'
> & {
  kind: ProbeKind;
  /** The only status with which an HTTP check passes; absent: Consul's rule. */
  expectedStatus?: number | undefined;
};

/** Result of a check. */
export interface CheckResult {
  status: CheckStatus;
  output: string;
}

/** Place of a server, as a check names it, and the address to connect to. */
export interface Target {
  /** Host name or address. */
  host: string;
  port: number;
  /** Address that belongs to the checked instance. */
  address: string;
}

/** Time after which a check without a timeout of its own fails. */
export const PROBE_TIMEOUT_MS = 10_000;

/** Longest timeout of a check, so that servers that hang do not hold all probes. */
export const PROBE_TIMEOUT_MAX_MS = 60_000;

/** Number of bytes of a response that a probe reads. Servers that send more are cut off. */
export const PROBE_BODY_MAX_BYTES = 64 * 1024;

/** Number of bytes of a response that become the output. Registries store fewer. */
export const PROBE_OUTPUT_MAX_BYTES = 1_024;

/** Returns the time that a probe may take. */
export function timeoutMs({ timeout }: Pick<ProbeDefinition, 'timeout'>): number {
  return timeout > 0 ? Math.min(Math.max(1, timeout / 1e6), PROBE_TIMEOUT_MAX_MS) : PROBE_TIMEOUT_MS;
}

/** Returns the time between the end of a probe and the next one. Consul's minimum is a second. */
export function intervalMs({ interval }: Pick<ProbeDefinition, 'interval'>): number {
  return Math.max(1_000, interval / 1e6);
}

/** Describes a system error as Go does where clients and people know its text. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const place = 'address' in error && 'port' in error ? `dial tcp ${error.address}:${error.port}: ` : '';
  switch (code) {
    case 'ECONNREFUSED':
      return `${place}connect: connection refused`;
    case 'EHOSTUNREACH':
      return `${place}connect: no route to host`;
    case 'ENETUNREACH':
      return `${place}connect: network is unreachable`;
    case 'ECONNRESET':
      return `${place}connection reset by peer`;
    default:
      return error.message === '' ? code || error.name : error.message;
  }
}

/** Formats an address and a port. */
export const addressWithPort = (address: string, port: number): string => `${inBrackets(address)}:${port}`;

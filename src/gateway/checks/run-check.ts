import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { withoutBrackets } from '../../model/address';
import { deferred } from '../../model/deferred';
import { RefusedTarget, type TargetRules } from './addresses';
import { probeGrpc } from './grpc-probe';
import { probeHttp } from './http-probe';
import { addressWithPort, type CheckResult, describeError, type ProbeDefinition, type Target } from './probe';

/** Splits `host:port`; an IPv6 address has brackets. */
function placeOf(text: string): { host: string; port: number } {
  const [, host = '', digits = ''] = /^(\[[^\]]*\]|[^:/[\]]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === '' || port < 1 || port > 65_535) {
    throw new RefusedTarget(`the target must be a host and a port, not ${JSON.stringify(text.slice(0, 200))}`);
  }
  return { host: withoutBrackets(host), port };
}

/** Returns the host and the port that a check names. */
export function targetOf(check: ProbeDefinition): { host: string; port: number } {
  if (check.kind === 'tcp') return placeOf(check.tcp);
  if (check.kind === 'grpc') return placeOf(check.grpc.split('/', 1)[0] ?? '');
  const url = URL.canParse(check.http) ? new URL(check.http) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const text = JSON.stringify(check.http.slice(0, 200));
    throw new RefusedTarget(`the target must be a URL with http or https, not ${text}`);
  }
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: withoutBrackets(url.hostname), port };
}

/**
 * Connects to the port of a TCP check, with a TLS handshake if it asks for one. The check passes if that succeeds.
 *
 * @param signal Aborts at the timeout of the check.
 */
async function probeTcp(check: ProbeDefinition, target: Target, signal: AbortSignal): Promise<CheckResult> {
  const { address: host, port } = target;
  const { promise, resolve, reject } = deferred<void>();
  const name = check.tlsServerName || target.host;
  const socket = check.tcpUseTls
    ? connectTls(
        { host, port, servername: isIP(name) > 0 ? '' : name, rejectUnauthorized: !check.tlsSkipVerify },
        resolve,
      )
    : connect({ host, port }, resolve);
  socket.on('error', reject);
  const abort = () => reject(new Error(`dial tcp ${addressWithPort(host, port)}: i/o timeout`));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await promise;
    return { status: 'passing', output: `TCP connect ${check.tcp}: Success` };
  } catch (error) {
    return { status: 'critical', output: describeError(error) };
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

const PROBES: Readonly<
  Record<ProbeDefinition['kind'], (check: ProbeDefinition, target: Target, signal: AbortSignal) => Promise<CheckResult>>
> = { http: probeHttp, tcp: probeTcp, grpc: probeGrpc };

/** Rejects when a signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = deferred<never>();
  const abort = () => reject(new Error('context deadline exceeded'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return promise;
}

/**
 * Runs a check once. Never rejects: whatever goes wrong is a critical result.
 *
 * @param instance Address of the instance that is checked.
 * @param signal Aborts at the timeout of the check.
 */
export async function runCheck(
  check: ProbeDefinition,
  instance: string,
  rules: TargetRules,
  signal: AbortSignal,
): Promise<CheckResult> {
  try {
    const { host, port } = targetOf(check);
    const late = aborted(signal);
    late.catch(() => {});
    const target = await Promise.race([rules.target(instance, host, port), late]);
    return await PROBES[check.kind](check, target, signal);
  } catch (error) {
    const refused = error instanceof RefusedTarget ? 'The check was not run: ' : '';
    return { status: 'critical', output: `${refused}${describeError(error)}` };
  }
}

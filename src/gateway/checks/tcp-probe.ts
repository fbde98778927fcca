import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { deferred } from './deferred';
import { addressWithPort, type CheckResult, describeError, type ProbeDefinition, type Target } from './probe';

/**
 * Connects to the port of a TCP check, with a TLS handshake if it asks for one. The check passes if that succeeds.
 *
 * @param signal Aborts at the timeout of the check.
 */
export async function probeTcp(check: ProbeDefinition, target: Target, signal: AbortSignal): Promise<CheckResult> {
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

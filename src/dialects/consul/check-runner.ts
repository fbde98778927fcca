import type { CheckDefinition } from '../../codecs/consul/check';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import { RUN_KINDS } from '../../codecs/consul/registration';
import { ShortName } from '../../model/names';
import type { ServiceKey } from '../../model/namespace-api';
import { serviceOf } from './names';

/** Header with the name of the program that runs the checks which a request registers: a gateway adds it. */
const RUNNER_HEADER = 'rollcall-check-runner';

/** Reads the name of the program that runs checks and forwards a request; undefined if a client sent it itself. */
export function runnerIn({ headers }: Request): string | undefined {
  const name = headers.get(RUNNER_HEADER);
  if (name === null) return undefined;
  const parsed = ShortName.safeParse(name);
  if (parsed.success) return parsed.data;
  throw consulError(400, `the header Rollcall-Check-Runner must be a name, got ${JSON.stringify(name)}`);
}

/** Header with the service that a program means: only tokens and services together make ids of Consul unique. */
const SERVICE_HEADER = 'rollcall-check-service';

/** Reads the service of the check or instance that a program changes; undefined if a client sent the request itself. */
export function serviceIn({ headers }: Request): ServiceKey | undefined {
  const name = headers.get(SERVICE_HEADER);
  if (name === null) return undefined;
  try {
    return serviceOf(decodeURIComponent(name));
  } catch {
    throw consulError(400, `the header Rollcall-Check-Service must be percent-encoded, got ${JSON.stringify(name)}`);
  }
}

/**
 * Refuses checks that nothing would run.
 *
 * @param runner Program that runs HTTP, TCP and gRPC checks; undefined if there is none.
 * @throws {RegistryError} With Consul's text for script checks.
 */
export function assertRunnable(checks: readonly CheckDefinition[], runner: string | undefined): void {
  for (const { kind, name } of checks) {
    if (kind === 'ttl') continue;
    if (kind === 'script' || kind === 'docker') throw REFUSALS.scriptsDisabled();
    if (!RUN_KINDS.includes(kind)) {
      throw consulError(
        400,
        `Invalid check: ${JSON.stringify(name)} has the type "${kind}", which is not supported; use a TTL, HTTP, TCP or gRPC check`,
      );
    }
    if (runner !== undefined) continue;
    throw consulError(
      400,
      `Invalid check: nothing here can run the ${kind.toUpperCase()} check ${JSON.stringify(name)}; run "rollcall gateway --consul-port 8500" on the machine of the service and register through it, or use a TTL check`,
    );
  }
}

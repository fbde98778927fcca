import type { CheckDefinition } from '../../codecs/consul/check';
import { INSTANCE_HEADER, instanceInHeader, RUNNER_HEADER } from '../../codecs/consul/check-headers';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import { RUN_KINDS } from '../../codecs/consul/registration';
import type { InstanceKey } from '../../model/batch';
import { ShortName } from '../../model/names';

/** Reads the name of the program that runs checks and forwards a request; undefined if a client sent it itself. */
export function runnerIn({ headers }: Request): string | undefined {
  const name = headers.get(RUNNER_HEADER);
  if (name === null) return undefined;
  const parsed = ShortName.safeParse(name);
  if (parsed.success) return parsed.data;
  throw consulError(400, `the header Rollcall-Check-Runner must be a name, got ${JSON.stringify(name)}`);
}

/** Reads the instance that a program reports or removes; undefined if a client sent the request itself. */
export function instanceIn({ headers }: Request): InstanceKey | undefined {
  const text = headers.get(INSTANCE_HEADER);
  if (text === null) return undefined;
  try {
    return instanceInHeader(text);
  } catch {
    throw consulError(400, `the header Rollcall-Check-Instance must be percent-encoded, got ${JSON.stringify(text)}`);
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

import type { Admin } from '../../client/admin';
import { RollcallError } from '../../client/wire/rollcall-error';
import { CliError, EXIT } from '../terminal/failure';
import { type ServiceName, serviceText } from '../terminal/option-values';

/** Largest share of a name's characters that may differ in a suggestion: a third, as in `ordres` for `orders`. */
const DIFFERENCE_MAX_SHARE = 1 / 3;

/** Returns the number of insertions, deletions and replacements that turn one text into the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, character] of [...one].entries()) {
    const next = [at + 1];
    for (let index = 1; index < row.length; index += 1) {
      const replaced = (row[index - 1] ?? 0) + (other[index - 1] === character ? 0 : 1);
      next.push(Math.min((row[index] ?? 0) + 1, (next[index - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

/** Returns the name that is most like a misspelt one; undefined if none is. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((each) => ({ each, edits: distance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, edits }) => edits <= Math.max(name.length, each.length) * DIFFERENCE_MAX_SHARE)
    .sort((a, b) => a.edits - b.edits);
  return nearest?.each;
}

/**
 * Checks that a service exists, after a list of its instances was empty.
 *
 * @throws {CliError} `SERVICE_NOT_FOUND`, with the nearest name that exists.
 */
export async function assertServiceExists(registry: Admin, name: ServiceName, namespace: string): Promise<void> {
  try {
    await registry.readService(name);
  } catch (error) {
    if (!(error instanceof RollcallError) || error.code !== 'SERVICE_NOT_FOUND') throw error;
    const { services } = await registry.listServices({});
    const known = services.map((each) => serviceText({ group: each.group, service: each.name }));
    const nearest = nearestName(serviceText(name), known);
    throw new CliError(
      EXIT.notFound,
      `There is no service ${JSON.stringify(serviceText(name))} in namespace ${namespace}.${nearest === undefined ? '' : ` Did you mean ${nearest}?`}`,
      known.length === 0
        ? 'No service has registered there yet; see: rollcall register --help'
        : 'List the services: rollcall ls',
      { cause: error, code: error.code },
    );
  }
}

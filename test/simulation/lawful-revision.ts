import type { JournaledChange } from '../../src/core/namespace/commit/journal-format';
import type { JournaledRevision } from './journal-rows';

/**
 * Finds changes that are never allowed in the journal, whatever the state. Returns the invariant and a description of each.
 */
export function unlawful({ revision, actor, changes }: JournaledRevision): [invariant: string, what: string][] {
  const problems: [string, string][] = [];
  for (const change of changes) {
    const problem = repeat(change) ?? overreach(change, actor) ?? survivor(change) ?? amnesia(change);
    if (problem !== undefined) problems.push([problem[0], `revision ${revision}: ${problem[1]}`]);
  }
  return problems;
}

/** A repeated registration renews, and changes nothing. */
function repeat({ kind, id, cause, before, after }: JournaledChange): [string, string] | undefined {
  if (kind !== 'instance' || cause !== 'registered' || before === null || after === null) return undefined;
  const isUnhealthy = before.includes('"healthy":false');
  if (isUnhealthy || definitionOf(before) !== definitionOf(after)) return undefined;
  return ['R2', `${id} made a revision by registering the same content again`];
}

/** Overrides belong to the operator: no registration changes them. */
function overreach({ kind, id }: JournaledChange, actor: string): [string, string] | undefined {
  if (kind !== 'override' || !actor.startsWith('owner-')) return undefined;
  return ['O1', `the override of ${id} was changed by ${actor}`];
}

/** Expired instances are gone. */
function survivor({ id, cause, after }: JournaledChange): [string, string] | undefined {
  return cause === 'expired' && after !== null ? ['I6', `${id} has expired, but still exists`] : undefined;
}

/** Changes of an instance keep its registration time. */
function amnesia({ kind, id, before, after }: JournaledChange): [string, string] | undefined {
  if (kind !== 'instance' || before === null || after === null || originOf(before) === originOf(after))
    return undefined;
  return ['R3', `${id} had the origin ${originOf(before)}, and now has ${originOf(after)}`];
}

function originOf(text: string): string {
  const { createdRevision, registeredAt } = JSON.parse(text) as { createdRevision: number; registeredAt: number }; // likewise
  return `revision ${createdRevision} at ${registeredAt}`;
}

function definitionOf(text: string): string {
  const { definition } = JSON.parse(text) as { definition: unknown }; // `as`: only the core writes these texts
  return JSON.stringify(definition);
}

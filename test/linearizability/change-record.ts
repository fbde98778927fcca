import type { Condition, Content, Step, StepResult } from './operation';
import { contentText, type RecordState, removed, shownRecord, withText } from './record-state';

/** Effect of a step on its record, or the code of its refusal. */
export interface StepOutcome {
  record: RecordState;
  changed: boolean;
  refused?: string | undefined;
}

/** Context of a step. */
export interface StepContext {
  /** The revision that it takes if it changes anything; undefined if no answer reports it. */
  revision: number | undefined;
  /** The step's result in the answer. */
  reported: StepResult | undefined;
  /** Time of the renewal, if the step renews its lease. */
  renewed: { sentAt: number; answeredAt: number };
  /** The session whose socket carried it. */
  session: string | undefined;
  /** True if the call was refused because of a revision. */
  isMismatch: boolean;
}

/** Applies one step to its record. Returns undefined if the step can't have had this answer. */
export function changeRecord(record: RecordState, step: Step, context: StepContext): StepOutcome | undefined {
  const refused = refusal(record, step);
  // The answer shows whether an unknown revision matched the condition.
  const isRefused = refused === 'unknown' ? context.isMismatch : refused !== undefined;
  if (isRefused) return { record, changed: false, refused: refused === 'unknown' ? 'REVISION_MISMATCH' : refused };
  return done(record, step, context);
}

/** Returns the code of a step's refusal; `unknown` if it depends on a revision that no answer has reported. */
function refusal({ content, revision }: RecordState, { op, condition }: Step): string | undefined {
  const { absent, since } = condition;
  const exists = content !== null;
  if (absent !== undefined && absent === exists) return 'REVISION_MISMATCH';
  if (condition.revision !== undefined || since !== undefined) {
    if (!exists) return 'REVISION_MISMATCH';
    if (revision === undefined) return 'unknown';
    if (!isMet(condition, revision)) return 'REVISION_MISMATCH';
  }
  return op === 'update' && !exists ? 'INSTANCE_NOT_FOUND' : undefined;
}

const isMet = (condition: Condition, revision: number) =>
  (condition.revision ?? revision) === revision && revision <= (condition.since?.revision ?? revision);

function done(record: RecordState, step: Step, context: StepContext): StepOutcome | undefined {
  const { reported, revision, renewed, session } = context;
  if (step.op === 'deregister') {
    const changed = record.content !== null;
    if (!fits(reported, changed ? 'removed' : 'absent', null)) return undefined;
    return { record: changed ? removed(revision) : record, changed };
  }
  const content = contentAfter(record, step);
  // A registration that a session holds differs from one with its own lease, so a new holder is a change.
  const holder = step.op === 'update' ? record.session : content.lease === null ? undefined : session;
  const isSame =
    record.content !== null && contentText(record.content) === contentText(content) && record.session === holder;
  const changed = !isSame || (step.op === 'register' && !record.healthy);
  const renews = step.op === 'register' && holder === undefined;
  const next = withText({
    content,
    revision: changed ? revision : record.revision,
    healthy: step.op === 'register' || record.healthy,
    session: holder,
    sentAt: renews ? renewed.sentAt : record.sentAt,
    answeredAt: renews ? renewed.answeredAt : record.answeredAt,
  });
  const outcome = record.content === null ? 'created' : changed ? 'changed' : 'unchanged';
  if (!fits(reported, outcome, next.revision)) return undefined;
  const known = reported?.shown === undefined ? next : shownRecord(next, reported.shown);
  return known && { record: known, changed };
}

function contentAfter({ content }: RecordState, step: Exclude<Step, { op: 'deregister' }>): Content {
  if (step.op === 'register') return step.content;
  if (content === null) throw new Error('an absent record cannot be updated');
  return { ...content, weight: step.weight, metadata: { ...content.metadata, ...step.metadata } };
}

/** Returns whether the result in an answer agrees with a step's effect; omitted members agree. */
function fits(reported: StepResult | undefined, outcome: StepResult['outcome'], revision: number | null | undefined) {
  if (reported === undefined) return true;
  if (reported.outcome !== undefined && reported.outcome !== outcome) return false;
  return reported.revision === undefined || revision === undefined || reported.revision === revision;
}

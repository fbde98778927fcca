import { KEEPER_TTL_MS } from '../../../../src/gateway/etcd/kept-leases';
import { leaseBounds } from '../../../crash/lease-bounds';
import type { EtcdOutage } from './faulty-etcd';
import type { LeaseLife } from './history';
import { leasesEnded } from './model';
import type { Truth } from './truth';

/** Difference between the clocks of a client and a registry on one machine. */
const CLOCK_MARGIN_MS = 50;

/** Time that a watch may need to show the end of a lease, on a busy machine. */
const SHOWN_WITHIN_MS = 2_000;

/** Evidence for {@link leaseProblems}. */
export interface LeaseFacts {
  truth: Truth;
  outages: readonly EtcdOutage[];
  /** Time at which the run was over. */
  overAt: number;
}

/** Checks that no lease ended while its client kept it, and that each other one ended in time, with all of its keys. */
export function leaseProblems(leases: readonly LeaseLife[], facts: LeaseFacts): string[] {
  const expiries = expiriesIn(facts.truth);
  return leases.flatMap((life) => [
    ...earlyEnds(life, expiries.get(life.id) ?? [], facts),
    ...lateEnds(life, expiries.get(life.id) ?? [], facts),
  ]);
}

/** Returns the times at which all keys of a lease were seen to be deleted at once, by lease. */
function expiriesIn(truth: Truth): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { revision, effects, before } of truth.revisions) {
    for (const lease of leasesEnded(before, effects) ?? []) {
      found.set(lease, [...(found.get(lease) ?? []), truth.seenAt.get(revision) ?? Number.POSITIVE_INFINITY]);
    }
  }
  return found;
}

type Sign = ReturnType<typeof signsOf>[number];

const signsOf = ({ renewals }: LeaseLife) =>
  renewals.flatMap(({ isGrant, sentAt, answeredAt }) =>
    answeredAt === null ? [] : [{ isRegistration: isGrant, sentAt, answeredAt }],
  );

function earlyEnds(life: LeaseLife, expiries: readonly number[], { outages }: LeaseFacts): string[] {
  const { id, ttlMs, revokedAt } = life;
  const bounds = signsOf(life).map((sign) => leaseBounds({ ttlMs, removeAfterMs: ttlMs, ...sign }, ttlMs, outages));
  const earliest = Math.max(...bounds.map((each) => each.earliest)) - CLOCK_MARGIN_MS;
  return [...life.goneAt, ...expiries].flatMap((at) => {
    if (at >= earliest || (revokedAt !== null && revokedAt <= at)) return [];
    return [`the lease ${id} of ${ttlMs} ms was gone ${Math.round(earliest - at)} ms before it could end`];
  });
}

/** Returns the latest time at which a lease ends, whose last sign this is. */
function latestEnd(ttlMs: number, sign: Sign, outages: readonly EtcdOutage[]): number {
  const { latest } = leaseBounds({ ttlMs, removeAfterMs: ttlMs, ...sign }, ttlMs, outages);
  // The gateway that kept it may have died before it has found out that the client is dead.
  const death = outages.find(({ endsKeeper, from, downBy }) => endsKeeper && downBy >= sign.sentAt && from <= latest);
  if (death === undefined) return latest;
  const { from, downBy } = death;
  const keeper = { ttlMs: KEEPER_TTL_MS, removeAfterMs: KEEPER_TTL_MS, sentAt: from, answeredAt: downBy };
  const keptUntil = leaseBounds(keeper, KEEPER_TTL_MS, outages).latest;
  const spared = { ttlMs, removeAfterMs: ttlMs, sentAt: keptUntil, answeredAt: keptUntil };
  return leaseBounds(spared, ttlMs, outages).latest;
}

function lateEnds(life: LeaseLife, expiries: readonly number[], { truth, outages, overAt }: LeaseFacts): string[] {
  const { id, ttlMs, renewals, revokedAt } = life;
  const last = signsOf(life).at(-1);
  // A renewal without an answer may have come through, or be under way.
  if (last === undefined || revokedAt !== null || renewals.at(-1)?.answeredAt === null) return [];
  const by = latestEnd(ttlMs, last, outages) + SHOWN_WITHIN_MS;
  const late = expiries.filter((at) => at > by).map((at) => `the lease ${id} ended ${Math.round(at - by)} ms too late`);
  const left = [...truth.stateAt(truth.head).values()].filter(({ lease }) => lease === id);
  if (left.length > 0 && by < overAt) late.push(`the lease ${id} did not end`);
  return late;
}

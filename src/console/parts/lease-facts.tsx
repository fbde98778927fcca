import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { RollcallError } from '../../client/admin';
import type { GrantedLeaseDetail } from '../../client/wire/lease-answers';
import { actorName } from '../state/actors';
import { bytesOfKey, keyTitle, queryOfPlace } from '../state/entry-keys';
import { entriesPath, instancePath } from '../state/paths';
import { ask, may } from '../state/session';
import { count, duration, moment } from '../words/format';
import { words } from '../words/words';

/** Pause between reads: a renewal is no change that a watch would see. */
const READ_AGAIN_MS = 5_000;

const SECOND_MS = 1_000;

/** Keys and instances that are named. */
const NAMED_MAX_COUNT = 10;

/** A lease, and the time of its read on the clock of the page. */
interface ReadLease {
  lease: GrantedLeaseDetail;
  at: number;
}

/**
 * Shows a lease: its remaining time, and what it holds and locks. Only for operators, as a lease is its owner's.
 *
 * @param isNamed True: the heading has its id, as there are several on the page.
 */
export function LeaseFacts({ ns, id, isNamed }: { ns: string; id: string; isNamed: boolean }) {
  const isAllowed = may('operate', { namespace: ns });
  const [read, setRead] = useState<ReadLease | 'ended'>();
  const [, draw] = useState(0);
  useEffect(() => {
    if (!isAllowed) return;
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const load = async () => {
      try {
        if (document.hidden) return;
        const lease = await ask((admin) => admin.readGrantedLease({ ns, lease: id }));
        if (!isOver) setRead({ lease, at: performance.now() });
      } catch (error) {
        // Otherwise the last answer stays; the page shows that the connection is lost.
        if (RollcallError.from(error, 'lease').code === 'LEASE_NOT_FOUND' && !isOver) setRead('ended');
      } finally {
        if (!isOver) timer = setTimeout(load, READ_AGAIN_MS);
      }
    };
    void load();
    const clock = setInterval(() => draw((count) => count + 1), SECOND_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
      clearInterval(clock);
    };
  }, [ns, id, isAllowed]);
  if (read === undefined) return null;
  const { entries: text, common } = words.value;
  if (read === 'ended') return <p class="card defs mute">{text.leaseEnded}</p>;
  const { ttlMs, remainingMs, owner, grantedAt, holds, entries, locks, instances } = read.lease;
  // A lease may hold an entry and lock it, too.
  const keys = [...new Set([...entries.slice(0, NAMED_MAX_COUNT), ...locks.slice(0, NAMED_MAX_COUNT)].map(bytesOfKey))];
  const leftMs = remainingMs === null ? null : Math.max(0, remainingMs - (performance.now() - read.at));
  return (
    <section class="card defs">
      <h2>
        {text.lease} {isNamed && <code>{id}</code>}
      </h2>
      <dl>
        <Fact name={text.remaining}>
          {leftMs === null || ttlMs === null
            ? text.untilRevoked
            : text.remainingOf(duration(Math.ceil(leftMs / SECOND_MS) * SECOND_MS), duration(ttlMs))}
        </Fact>
        <Fact name={common.owner}>{actorName(owner)}</Fact>
        <Fact name={common.created}>{moment(grantedAt)}</Fact>
        <Fact name={text.holds}>
          {common.entries(holds.entries)} · {common.instances(holds.instances)}
          {holds.locks > 0 && ` · ${text.locks(holds.locks)}`}
        </Fact>
      </dl>
      <ul class="held">
        {keys.map((key) => (
          <li key={key}>
            <Link class="link mono" href={entriesPath(ns, queryOfPlace({ prefix: '', key }))}>
              {keyTitle(key)}
            </Link>
          </li>
        ))}
        {instances.slice(0, NAMED_MAX_COUNT).map(({ group, service, id: instance }) => (
          <li key={JSON.stringify([group, service, instance])}>
            <Link class="link" href={instancePath({ ns, group, service, id: instance })}>
              {service}/{instance}
            </Link>
          </li>
        ))}
      </ul>
      {Math.max(holds.entries, holds.instances, holds.locks) > NAMED_MAX_COUNT && (
        <p class="mute">{text.firstOnly(count(NAMED_MAX_COUNT))}</p>
      )}
    </section>
  );
}

/** A term and its value in a list of definitions. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

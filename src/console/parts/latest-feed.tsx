import { Link } from 'wouter-preact';
import type { Cause } from '../../client/wire/history-answers';
import { actorName } from '../state/actors';
import type { State } from '../state/instance-state';
import type { LatestChanges } from '../state/latest-change';
import { instancePath, servicePath } from '../state/paths';
import { words } from '../words/words';
import { StateMark } from './state-mark';
import { Time } from './time';

/** State that a change leads to, for its shape. */
export const STATE_OF_CAUSE: Record<Cause, State> = {
  registered: 'up',
  updated: 'up',
  deregistered: 'gone',
  expired: 'gone',
  revoked: 'gone',
  unhealthy: 'unhealthy',
  recovered: 'up',
  overridden: 'out',
  quarantined: 'quarantined',
  drained: 'draining',
  'drain-cancelled': 'up',
  'session-closed': 'gone',
  put: 'up',
  deleted: 'gone',
  imported: 'up',
  'rolled-back': 'up',
  restored: 'up',
};

/**
 * Lists changes, newest first, with links to their explanation.
 *
 * @param isMain True: the keyboard reaches the links as rows.
 * @param isGone True: all changes are removals.
 */
export function LatestFeed({
  ns,
  title = words.value.services.latest,
  changes,
  isMain = false,
  isGone = false,
}: {
  ns: string;
  title?: string;
  changes: LatestChanges;
  isMain?: boolean;
  isGone?: boolean;
}) {
  const { causes, common, services: text } = words.value;
  const causeText = (cause: Cause) => (isGone && cause === 'drained' ? text.drained : (causes[cause] ?? cause));
  return (
    <aside class="card feed" aria-label={title}>
      <h2>{title}</h2>
      {changes.length === 0 && <p class="mute">{common.none}</p>}
      <ol>
        {changes.map(({ key, at, cause, actor, group, service, id }) => (
          <li key={key}>
            <Time at={at} />
            <span>
              <Link
                href={id === '' ? servicePath({ ns, group, service }) : instancePath({ ns, group, service, id })}
                data-row={isMain ? '' : undefined}
              >
                <StateMark state={isGone ? 'gone' : (STATE_OF_CAUSE[cause] ?? 'up')}>
                  {id === '' ? service : id} {causeText(cause)}
                </StateMark>
              </Link>
              <br />
              <span class="mute">
                {id === '' ? '' : `${service} · `}
                {common.by(actorName(actor))}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </aside>
  );
}

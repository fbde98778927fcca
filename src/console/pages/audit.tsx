import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { AuditEntry, Token } from '../../client/wire/access-answers';
import { DEFAULT_GROUP, GROUP_SEPARATOR } from '../../model/service-name';
import { AccessTabs } from '../parts/access-tabs';
import { More, Select } from '../parts/form';
import { Denied, Empty, Problem, Skeleton } from '../parts/problem';
import { StateMark } from '../parts/state-mark';
import { Time } from '../parts/time';
import { type AuditPart, searchAudit, targetPath } from '../state/audit-pages';
import { setQuery, useQuery } from '../state/location';
import { knownNamespaces } from '../state/namespaces';
import { administered, ask, may, session } from '../state/session';
import { readTokens } from '../state/token-list';
import { moment } from '../words/format';
import { words } from '../words/words';

/** Start of the target of an entry about a service of the default group. */
const IN_DEFAULT_GROUP = new RegExp(`^${DEFAULT_GROUP}${GROUP_SEPARATOR}`);

/** Pause after the last key in the field of the token, before the trail is searched. */
const TYPING_MS = 400;

/** Lists who did what, newest first. */
export function Audit() {
  const { audit: text, nav, common, tokens } = words.value;
  const query = useQuery();
  const mine = administered();
  const isForAll = mine.includes('*');
  const ns = query.get('ns') ?? (isForAll ? undefined : mine[0]);
  const action = query.get('action') ?? undefined;
  const actor = query.get('actor') ?? undefined;
  const isAllowed = may('admin', { namespace: ns ?? '*' });
  const [part, setPart] = useState<AuditPart>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const names = useTokenNames(isAllowed);
  const nameOf = (id: string) => names.get(id) ?? id;
  const newest = useRef(0);

  const search = async (before?: AuditPart) => {
    newest.current += 1;
    const mine = newest.current;
    setBusy(true);
    try {
      const found = await searchAudit(
        (page) => ask((admin) => admin.readAudit({ ...page, ...(ns !== undefined && { ns }) })),
        { action, actor },
        nameOf,
        before?.next,
      );
      if (newest.current !== mine) return;
      setPart({ ...found, entries: [...(before?.entries ?? []), ...found.entries] });
      setError(undefined);
    } catch (failure) {
      if (newest.current !== mine) return;
      setError(failure);
    }
    setBusy(false);
  };
  useEffect(() => {
    if (!isAllowed) return;
    const timer = setTimeout(search, part === undefined ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
    // Names are only needed to search for one.
  }, [ns, action, actor, isAllowed, actor !== undefined && names]);

  const offered = new Set([...(isForAll ? ['', ...knownNamespaces()] : mine), ns ?? '']);
  const isFiltered = action !== undefined || actor !== undefined;
  return (
    <main id="content">
      <div class="head">
        <h1>{nav.access}</h1>
        <AccessTabs here="audit" />
      </div>
      <div class="tools">
        <Select
          label={nav.namespace}
          value={ns ?? ''}
          options={[...offered].map((each) => [each, each || nav.allNamespaces])}
          onChange={(chosen) => setQuery({ ns: chosen })}
        />
        <Select
          label={text.action}
          value={action ?? ''}
          options={[['', text.allActions], ...Object.entries(text.actions)]}
          onChange={(chosen) => setQuery({ action: chosen })}
        />
        <input
          class="find"
          type="search"
          data-find
          placeholder={text.findActor}
          aria-label={text.findActor}
          value={actor ?? ''}
          onInput={({ currentTarget }) => setQuery({ actor: currentTarget.value })}
        />
        <button class="btn" type="button" disabled={isBusy || !isAllowed} onClick={() => void search()}>
          {common.reload}
        </button>
      </div>
      {!isAllowed && (
        <Denied scope="admin" target={ns === undefined ? tokens.everywhere : words.value.problem.allOf(ns)} />
      )}
      {error !== undefined && <Problem error={error} onRetry={() => void search()} />}
      {isAllowed && part === undefined && error === undefined && <Skeleton />}
      {isAllowed && part !== undefined && (
        <>
          {part.entries.length === 0 ? (
            <Empty>{isFiltered ? common.noneFound : text.none}</Empty>
          ) : (
            <div class="card">
              <table class="list">
                <thead>
                  <tr>
                    <th>{common.time}</th>
                    <th>{common.token}</th>
                    <th>{text.action}</th>
                    <th>{text.target}</th>
                    <th>{text.outcome}</th>
                    <th>{common.address}</th>
                  </tr>
                </thead>
                <tbody>
                  {part.entries.map((entry) => (
                    <Entry key={entry.id} entry={entry} name={nameOf(entry.actor)} />
                  ))}
                </tbody>
              </table>
            </div>
          )}
          <div class="tools after">
            {part.next !== undefined && <More isBusy={isBusy} onClick={() => void search(part)} />}
            <span class="mute">
              {isFiltered && part.searchedTo && text.searched(moment(part.searchedTo))} {text.note}
            </span>
          </div>
        </>
      )}
    </main>
  );
}

function Entry({ entry, name }: { entry: AuditEntry; name: string }) {
  const { audit: text, common } = words.value;
  const { at, action, actor, address, ns, target, detail, outcome, code } = entry;
  const path = targetPath(entry);
  // A token that is gone is only known by what was noted then.
  const isToken = /^(token|ticket)-/.test(action);
  const title = isToken ? detail : (target?.replace(IN_DEFAULT_GROUP, '') ?? ns);
  const more = isToken ? [target, ns] : [title !== ns && ns, detail];
  return (
    <tr>
      <td>
        <Time at={at} />
      </td>
      <td>
        <b>{name}</b> {name !== actor && <code class="mute">{actor}</code>}
      </td>
      <td>{text.actions[action] ?? action}</td>
      <td>
        {path === undefined ? (
          title
        ) : (
          <Link class="link" href={path}>
            {title}
          </Link>
        )}{' '}
        <span class="mute">{more.filter(Boolean).join(' · ')}</span>
      </td>
      <td data-label={text.outcome}>
        {outcome === 'done' ? (
          text.outcomes.done
        ) : (
          <StateMark state={outcome === 'begun' ? 'starting' : 'unhealthy'}>
            {text.outcomes[outcome]} {code}
          </StateMark>
        )}
      </td>
      <td data-label={common.address}>
        <span class="mono">{address ?? '–'}</span>
      </td>
    </tr>
  );
}

/** Returns the names of the tokens that the visitor's token manages. Revoked ones have none. */
function useTokenNames(isAllowed: boolean): ReadonlyMap<string, string> {
  const own = session.value?.own;
  const [tokens, setTokens] = useState<Token[]>([]);
  useEffect(() => {
    // Without names, the trail shows ids.
    if (isAllowed) readTokens().then(setTokens, () => {});
  }, [isAllowed]);
  return useMemo(
    () => new Map([...(own === undefined ? [] : [own]), ...tokens].map(({ id, name }) => [id, name])),
    [tokens, own],
  );
}

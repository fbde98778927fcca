import { useEffect, useState } from 'preact/hooks';
import type { Grant, Token } from '../../client/wire/access-answers';
import { AccessTabs } from '../parts/access-tabs';
import { Find, More } from '../parts/form';
import { Denied, Empty, Problem, Skeleton } from '../parts/problem';
import { StateMark } from '../parts/state-mark';
import { Time } from '../parts/time';
import { expiryOf, matchedServices, patternTitle } from '../state/grants';
import { useQuery } from '../state/location';
import { registryNow } from '../state/registry-clock';
import { isMatch } from '../state/search';
import { forgetServiceNames, readServiceNames, servicesOf } from '../state/service-names';
import { administered, session } from '../state/session';
import { byOwnAndName, readTokens } from '../state/token-list';
import { count, moment } from '../words/format';
import { words } from '../words/words';
import { NewToken, RevokeToken, RotateToken } from './token-dialogs';

/** Tokens that are shown at first, and with each step. */
const STEP = 100;

/** Namespaces whose services are read to count what the shown grants match. */
const COUNTED_MAX_COUNT = 10;

type Act = { kind: 'new' } | { kind: 'rotate' | 'revoke'; token: Token };

/** Lists the tokens that the visitor's token may manage, and what each may do. */
export function Tokens() {
  const { tokens: text, nav, common } = words.value;
  const [list, setList] = useState<Token[]>();
  const [error, setError] = useState<unknown>();
  const [shown, setShown] = useState(STEP);
  const [act, setAct] = useState<Act>();
  const find = (useQuery().get('q') ?? '').trim();
  const own = session.value?.own;
  const isManager = administered().length > 0;
  const load = () => {
    setError(undefined);
    readTokens().then(setList, setError);
  };
  useEffect(() => {
    if (isManager) load();
    return forgetServiceNames;
  }, [isManager]);
  if (own === undefined) return null;

  const isLink = own.redeemedId !== undefined;
  const names = new Map(list?.map(({ id, name }) => [id, name]));
  const nameOf = (id: string) => names.get(id) ?? (id === own.id ? own.name : id);
  const found = (list ?? [])
    .filter(({ id, name, grants }) => isMatch(find, id, name, ...grants.map(({ ns }) => ns)))
    .sort(byOwnAndName(own.id));
  const put = (token: Token) => setList((known) => [...(known ?? []).filter(({ id }) => id !== token.id), token]);
  const page = found.slice(0, shown);
  return (
    <main id="content">
      <div class="head">
        <h1>{nav.access}</h1>
        <AccessTabs here="tokens" />
        <span class="grow" />
        {isManager && !isLink && (
          <button class="btn main" type="button" onClick={() => setAct({ kind: 'new' })}>
            {text.create}
          </button>
        )}
      </div>
      <section class="card own">
        <h2>{text.own}</h2>
        <p>
          <b>{own.name}</b> <code class="mute">{own.id}</code>
        </p>
        <Grants grants={own.grants} />
        <p>
          <span class="mute">{text.expiry}:</span> <Expiry at={own.expiresAt} />
        </p>
        {isLink && <p class="mute">{isManager ? text.linkManages : text.link}</p>}
      </section>
      {!isManager && <Denied scope="admin" target={text.someNamespace} />}
      {error !== undefined && <Problem error={error} onRetry={load} />}
      {isManager && list === undefined && error === undefined && <Skeleton />}
      {list !== undefined && (
        <>
          <div class="tools">
            <Find label={text.find} value={find} />
            <span class="mute">{text.count(found.length)}</span>
          </div>
          {found.length === 0 ? (
            <Empty>{find === '' ? text.none : common.noneFound}</Empty>
          ) : (
            <div class="card">
              <table class="list">
                <thead>
                  <tr>
                    <th>{text.name}</th>
                    <th>{text.grants}</th>
                    <th>{common.created}</th>
                    <th>{text.used}</th>
                    <th>{text.expiry}</th>
                    <th aria-label={text.acts} />
                  </tr>
                </thead>
                <tbody>
                  {page.map((token) => (
                    <tr key={token.id}>
                      <td>
                        <b>{token.name}</b>
                        {token.id === own.id && <span class="tag">{text.yours}</span>}
                        <br />
                        <code class="mute">{token.id}</code>
                      </td>
                      <td>
                        <Grants grants={token.grants} counts={page} />
                        {token.pathWrite && <small class="mute">{text.inPath}</small>}
                      </td>
                      <td data-label={common.created}>
                        <Time at={token.createdAt} /> <br />
                        <span class="mute">{common.by(nameOf(token.createdBy))}</span>
                      </td>
                      <td data-label={text.used}>
                        {token.lastUsedAt === undefined ? (
                          <span class="mute">{text.unused}</span>
                        ) : (
                          moment(token.lastUsedAt)
                        )}
                      </td>
                      <td data-label={text.expiry}>
                        <Expiry at={token.expiresAt} />
                      </td>
                      <td class="acts">
                        {!isLink && (
                          <button class="btn" type="button" onClick={() => setAct({ kind: 'rotate', token })}>
                            {text.rotate}
                            <span class="vh"> {token.name}</span>
                          </button>
                        )}
                        <button class="btn grave" type="button" onClick={() => setAct({ kind: 'revoke', token })}>
                          {text.revoke}
                          <span class="vh"> {token.name}</span>
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {found.length > shown && <More onClick={() => setShown(shown + STEP)} />}
        </>
      )}
      {act?.kind === 'new' && <NewToken onMade={put} onClose={() => setAct(undefined)} />}
      {act?.kind === 'rotate' && <RotateToken token={act.token} onMade={put} onClose={() => setAct(undefined)} />}
      {act?.kind === 'revoke' && (
        <RevokeToken
          token={act.token}
          onDone={() => setList((known) => known?.filter(({ id }) => id !== act.token.id))}
          onClose={() => setAct(undefined)}
        />
      )}
    </main>
  );
}

/** Grants as sentences, with the number of services that each matches today, if that is known. */
function Grants({
  grants,
  counts = [{ grants }],
}: {
  grants: readonly Grant[];
  counts?: readonly { grants: readonly Grant[] }[];
}) {
  const { tokens: text } = words.value;
  const patterned = counts.flatMap((each) => each.grants).filter(({ ns, services }) => ns !== '*' && services?.length);
  const namespaces = [...new Set(patterned.map(({ ns }) => ns))].slice(0, COUNTED_MAX_COUNT).join();
  useEffect(() => {
    for (const ns of namespaces.split(',')) if (ns !== '') void readServiceNames(ns);
  }, [namespaces]);
  return (
    <ul>
      {grants.map((grant) => {
        const { scope, ns, services, keys } = grant;
        // A grant on keys alone has no services.
        const all = services?.length ? servicesOf(ns) : undefined;
        const where = ns === '*' ? text.everywhere : ns;
        const sentences = [
          (all || !keys) && text.sentences[scope](services?.map(patternTitle).join(', ') ?? text.allServices, where),
          keys && text[scope === 'read' ? 'readsKeys' : 'writesKeys'](keys.join(', '), where),
        ];
        return (
          <li key={JSON.stringify(grant)}>
            {sentences.filter(Boolean).join(' · ')}
            {all && (
              <span class="mute"> ({text.matches(count(matchedServices(grant, all.list).length), all.hasMore)})</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Expiry({ at }: { at: string | undefined }) {
  const { tokens: text } = words.value;
  const mark = expiryOf(at, registryNow());
  if (at === undefined) return <span class="mute">{text.never}</span>;
  if (mark === 'later') return <span>{text.until(moment(at))}</span>;
  return mark === 'soon' ? (
    <StateMark state="starting">{text.soon(moment(at))}</StateMark>
  ) : (
    <StateMark state="unhealthy">{text.expired(moment(at))}</StateMark>
  );
}

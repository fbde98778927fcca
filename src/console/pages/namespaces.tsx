import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { NamespaceList } from '../../client/wire/directory-answers';
import { Empty, Problem, Skeleton } from '../parts/problem';
import { servicesPath } from '../state/paths';
import { ask } from '../state/session';
import { moment } from '../words/format';
import { words } from '../words/words';

/** Lists the namespaces that the token has a grant on. */
export function Namespaces() {
  const { namespaces: text, common } = words.value;
  const [list, setList] = useState<NamespaceList>();
  const [error, setError] = useState<unknown>();
  const load = (after?: string) => {
    setError(undefined);
    ask((admin) => admin.listNamespaces({ after, limit: 100 })).then(
      ({ namespaces, next }) =>
        setList((known) => ({ namespaces: [...(after ? (known?.namespaces ?? []) : []), ...namespaces], next })),
      setError,
    );
  };
  useEffect(() => load(), []);
  return (
    <main id="content">
      <div class="head">
        <h1>{text.title}</h1>
        <span class="mute">{text.lead}</span>
      </div>
      {error !== undefined && <Problem error={error} onRetry={() => load()} />}
      {list === undefined && error === undefined && <Skeleton />}
      {list?.namespaces.length === 0 && <Empty>{text.none}</Empty>}
      {list !== undefined && list.namespaces.length > 0 && (
        <ul class="card links">
          {list.namespaces.map(({ id, title, createdAt }) => (
            <li key={id}>
              <Link class="name" href={servicesPath(id)}>
                {id}
              </Link>
              <span class="mute">{title}</span>
              <span class="mute n">{createdAt && `${text.created} ${moment(createdAt)}`}</span>
            </li>
          ))}
        </ul>
      )}
      {list?.next !== undefined && (
        <button class="btn" type="button" onClick={() => load(list.next)}>
          {common.more}
        </button>
      )}
    </main>
  );
}

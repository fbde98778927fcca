import { useEffect, useMemo, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { utf8ByteString } from '../../model/bytes';
import { intervalOfPrefix } from '../../model/key-interval';
import { Crumbs } from '../parts/entry-crumbs';
import { Find } from '../parts/form';
import { Denied, Empty, Problem, Skeleton } from '../parts/problem';
import { Cell, HeadCell, Rows } from '../parts/rows';
import { useSteadyOrder } from '../parts/steady-order';
import {
  byFolderAndKey,
  folderOf,
  keyTitle,
  placeOfQuery,
  queryOfPlace,
  type TreeRow,
  treeRows,
} from '../state/entry-keys';
import { entryList, type KnownEntry } from '../state/entry-list';
import { connection } from '../state/live-feed';
import { useQuery } from '../state/location';
import { entriesPath } from '../state/paths';
import { isMatch } from '../state/search';
import { grantedKeys, may, mayUseEntries } from '../state/session';
import { bytes, count } from '../words/format';
import { words } from '../words/words';
import { EntryPage } from './entry';
import { NewEntry } from './entry-dialogs';

type Row = TreeRow<KnownEntry>;

/** Shows the entries of a namespace below a prefix, or one of them. */
export function Entries({ ns }: { ns: string }) {
  const { prefix, key } = placeOfQuery(useQuery());
  const keys = key === undefined ? intervalOfPrefix(prefix) : { from: key, to: `${key}\u0000` };
  if (!may('read', { namespace: ns, keys })) return <Limited ns={ns} place={key ?? prefix} />;
  return key === undefined ? (
    <Folder key={`${ns} ${prefix}`} ns={ns} prefix={prefix} />
  ) : (
    <EntryPage key={`${ns} ${key}`} ns={ns} id={key} />
  );
}

function Folder({ ns, prefix }: { ns: string; prefix: string }) {
  const { entries: text, common, titles } = words.value;
  const list = useMemo(() => entryList(ns, prefix), [ns, prefix]);
  useEffect(() => () => list.close(), [list]);
  const [isNew, setNew] = useState(false);
  const find = useQuery().get('q') ?? '';
  const { items } = list;
  const isSearch = find.trim() !== '';
  const version = list.version.value;
  const all = useMemo(
    () => treeRows(items, prefix, isSearch ? (name) => isMatch(find, name) : undefined),
    [items, version, prefix, find],
  );
  const { items: rows, moved, sort, guard } = useSteadyOrder(all, rowKey, byFolderAndKey);
  const error = list.error.value;
  const isComplete = list.isComplete.value;
  return (
    <main id="content">
      {prefix !== '' && <Crumbs ns={ns} prefix={folderOf(prefix.slice(0, -1))} />}
      <div class="head">
        <h1 class={prefix === '' ? '' : 'mono'}>{prefix === '' ? titles.entries : keyTitle(prefix)}</h1>
        <span class="mute">{common.entries(items.size)}</span>
        <span class="grow" />
        {mayUseEntries('register', ns) && (
          <button
            class="btn main"
            type="button"
            disabled={connection.value.state === 'lost'}
            onClick={() => setNew(true)}
          >
            {text.create}
          </button>
        )}
      </div>
      {error !== undefined && <Problem error={error} onRetry={() => list.reload()} />}
      <div class="tools">
        <Find label={text.find} value={find} />
        <span class="grow" />
        {moved > 0 && (
          <button class="btn pill" type="button" onClick={sort}>
            {words.value.services.moved(moved)}
          </button>
        )}
      </div>
      <div {...guard}>
        {!isComplete && items.size === 0 && error === undefined && <Skeleton />}
        {rows.length > 0 && (
          <Rows
            label={titles.entries}
            class="entries"
            head={
              <>
                <HeadCell>{text.key}</HeadCell>
                <HeadCell class="n">{text.size}</HeadCell>
                <HeadCell class="n">{text.revision}</HeadCell>
                <HeadCell>{text.lease}</HeadCell>
              </>
            }
            items={rows}
            keyOf={rowKey}
            cells={(row) => <RowCells ns={ns} row={row} />}
          />
        )}
        {isComplete && rows.length === 0 && <Empty>{isSearch ? common.noneFound : text.none}</Empty>}
      </div>
      {isNew && <NewEntry ns={ns} prefix={prefix} onClose={() => setNew(false)} />}
    </main>
  );
}

const rowKey = ({ kind, key }: Row): string => kind + key;

function RowCells({ ns, row }: { ns: string; row: Row }) {
  const { common } = words.value;
  const { key, name } = row;
  if (row.kind === 'folder')
    return (
      <>
        <Cell class="name mono">
          <Link href={entriesPath(ns, queryOfPlace({ prefix: key }))} data-row>
            {name}
          </Link>
        </Cell>
        <Cell class="n mute">{common.entries(row.count)}</Cell>
        <Cell class="n" />
        <Cell />
      </>
    );
  const { bytes: size, revision, lease } = row.item;
  return (
    <>
      <Cell class="name mono">
        <Link href={entriesPath(ns, queryOfPlace({ prefix: '', key }))} data-row>
          {name}
        </Link>
      </Cell>
      <Cell class="n">{bytes(size)}</Cell>
      <Cell class="n rev">{count(revision)}</Cell>
      <Cell class="lease mono cut">{lease}</Cell>
    </>
  );
}

/** Offers the keys that the token's grants name, as it may not read the place. */
function Limited({ ns, place }: { ns: string; place: string }) {
  const { entries: text, problem, titles } = words.value;
  const patterns = grantedKeys('read', ns);
  const placeOf = (pattern: string) =>
    queryOfPlace(
      pattern.endsWith('*')
        ? { prefix: utf8ByteString(pattern.slice(0, -1)) }
        : { prefix: '', key: utf8ByteString(pattern) },
    );
  return (
    <main id="content">
      <div class="head">
        <h1>{titles.entries}</h1>
      </div>
      {(place !== '' || patterns.length === 0) && (
        <Denied scope="read" target={place === '' ? problem.allOf(ns) : keyTitle(place)} />
      )}
      {patterns.length > 0 && (
        <>
          <p class="hint">{text.limited}</p>
          <ul class="card links">
            {patterns.map((pattern) => (
              <li key={pattern}>
                <Link class="name mono" href={entriesPath(ns, placeOf(pattern))}>
                  {pattern}
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </main>
  );
}

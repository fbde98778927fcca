import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Cause } from '../../client/wire/history-answers';
import { intervalOf } from '../../model/key-interval';
import { CopyButton } from '../parts/copy-button';
import { Crumbs } from '../parts/entry-crumbs';
import { EntryValue } from '../parts/entry-value';
import { Fact, LeaseFacts } from '../parts/lease-facts';
import { Empty, Problem, Skeleton } from '../parts/problem';
import { StateShape } from '../parts/state-mark';
import { Time } from '../parts/time';
import { actorName } from '../state/actors';
import { folderOf, keyTitle } from '../state/entry-keys';
import { type EntryChange, EntryLive, type KnownEntry } from '../state/entry-list';
import { isEditable } from '../state/entry-values';
import { connection } from '../state/live-feed';
import { may } from '../state/session';
import { bytes, count } from '../words/format';
import { words } from '../words/words';
import { DeleteEntry, EditEntry } from './entry-dialogs';

/** Shows one entry: its value, its lease, its lock and its history. @param id Key, one character a byte. */
export function EntryPage({ ns, id }: { ns: string; id: string }) {
  const { entries: text, common } = words.value;
  const live = useMemo(() => new EntryLive(ns, id), [ns, id]);
  useEffect(() => () => live.close(), [live]);
  const [act, setAct] = useState<{ kind: 'edit' | 'delete'; seen: KnownEntry | undefined }>();
  const { list, entry } = live;
  const error = list.error.value;
  const isComplete = list.isComplete.value;
  const mayWrite = may('register', { namespace: ns, keys: intervalOf(id) });
  const isOff = connection.value.state === 'lost' || error !== undefined;
  const close = () => setAct(undefined);
  return (
    <main id="content">
      <Crumbs ns={ns} prefix={folderOf(id)} />
      <div class="head">
        <h1 class="mono">{keyTitle(id)}</h1>
        <span class="grow" />
        <span class="acts" data-acts>
          {mayWrite && isComplete && (entry === undefined || isEditable(entry)) && (
            <button
              class="btn main"
              type="button"
              disabled={isOff}
              onClick={() => setAct({ kind: 'edit', seen: entry })}
            >
              {entry === undefined ? text.create : text.edit}
            </button>
          )}
          {mayWrite && entry !== undefined && (
            <button
              class="btn grave"
              type="button"
              disabled={isOff}
              onClick={() => setAct({ kind: 'delete', seen: entry })}
            >
              {text.delete}
            </button>
          )}
          <CopyButton text={() => location.href} label={common.copyLink} />
        </span>
      </div>
      {error !== undefined && <Problem error={error} onRetry={() => list.reload()} />}
      {!isComplete && error === undefined && <Skeleton />}
      {isComplete && entry === undefined && <Empty>{words.value.problem.byCode.ENTRY_NOT_FOUND}</Empty>}
      {entry !== undefined && (
        <div class="two">
          <section class="card entry-value">
            <EntryValue value={entry} />
            {mayWrite && !isEditable(entry) && <p class="mute">{text.notEditable}</p>}
          </section>
          <Facts ns={ns} entry={entry} />
        </div>
      )}
      <History live={live} />
      {act?.kind === 'edit' && (
        <EditEntry ns={ns} id={id} seen={act.seen} current={entry} isNew={act.seen === undefined} onClose={close} />
      )}
      {act?.kind === 'delete' && act.seen && (
        <DeleteEntry ns={ns} id={id} seen={act.seen} current={entry} onClose={close} />
      )}
    </main>
  );
}

function Facts({ ns, entry }: { ns: string; entry: KnownEntry }) {
  const { entries: text, common } = words.value;
  const { bytes: size, contentType, version, revision, createdRevision, lease, lock } = entry;
  const leases = new Set([lease, lock?.lease].filter((each) => each !== undefined));
  return (
    <aside class="defs-side">
      <section class="card defs">
        <dl>
          <Fact name={text.size}>{bytes(size)}</Fact>
          <Fact name={text.type}>{contentType ?? common.none}</Fact>
          <Fact name={common.version}>{count(version)}</Fact>
          <Fact name={text.revision}>{count(revision)}</Fact>
          <Fact name={text.createdRevision}>{count(createdRevision)}</Fact>
          <Fact name={text.lease}>{lease === undefined ? common.none : <code>{lease}</code>}</Fact>
          {lock?.lease !== undefined && (
            <Fact name={text.lock}>
              <code>{lock.lease}</code> {text.since(count(lock.acquiredRevision))}
            </Fact>
          )}
        </dl>
      </section>
      {[...leases].map((each) => (
        <LeaseFacts key={each} ns={ns} id={each} isNamed={leases.size > 1} />
      ))}
    </aside>
  );
}

function History({ live }: { live: EntryLive }) {
  const { entries: text, common, instance, titles } = words.value;
  const changes = live.changes.value;
  if (changes.length === 0) return null;
  return (
    <section class="below">
      <h2>{titles.history}</h2>
      <div class="card">
        <ol class="tl" aria-label={instance.timeline.label}>
          {changes.map((change) => (
            <Change key={change.revision} change={change} />
          ))}
        </ol>
        {live.next.value !== undefined && (
          <button class="btn more" type="button" onClick={() => void live.more()}>
            {common.more}
          </button>
        )}
        {live.isCompacted.value && <p class="mute more">{text.compacted}</p>}
      </div>
    </section>
  );
}

function Change({ change: { at, cause, actor, after, revision } }: { change: EntryChange }) {
  const { entries: text, causes } = words.value;
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <Time at={at} />
      <span class="dot">
        <StateShape state={after === null ? 'gone' : 'up'} />
      </span>
      <div class="what">
        {/* `as`: the registry may have causes that this page does not know */}
        <span>{causes[cause as Cause] ?? cause}</span>
        {after !== null && (
          <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
            <summary>{text.valueThen(count(revision), bytes(after.bytes))}</summary>
            {isOpen && <EntryValue value={after} />}
          </details>
        )}
      </div>
      <span class="who">{actorName(actor)}</span>
    </li>
  );
}

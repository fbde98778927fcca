import { useEffect, useState } from 'preact/hooks';
import type { Cause } from '../../client/wire/history-answers';
import { DEFAULT_GROUP } from '../../model/service-name';
import { ChangeList, useHistoryList } from '../parts/change-list';
import { ChangeStrip } from '../parts/change-strip';
import { Select } from '../parts/form';
import { MomentField } from '../parts/moment-field';
import { Denied } from '../parts/problem';
import { actorName, isActor } from '../state/actors';
import { linesOf } from '../state/change-lines';
import type { HistoryList, HistoryOptions } from '../state/history-list';
import { setQuery, useQuery } from '../state/location';
import { PRESETS, rangeOf } from '../state/moments';
import { registryNow } from '../state/registry-clock';
import { may } from '../state/session';
import { words } from '../words/words';

/** Lists what changed in a namespace or in one of its services, and when. */
export function History({ ns }: { ns: string }) {
  const { problem, titles } = words.value;
  const query = useQuery();
  const value = (name: string) => query.get(name)?.trim() || undefined;
  const [since, until, service] = [value('since'), value('until'), value('service')];
  const group = value('group') ?? (service === undefined ? undefined : DEFAULT_GROUP);
  const named = group === undefined ? {} : service === undefined ? { group } : { service: { group, service } };
  const isAllowed = may('read', { namespace: ns, ...named });
  const options: HistoryOptions = { ns, group, service, since, until, cause: causeOf(value('cause')) };
  return (
    <main id="content">
      <div class="head">
        <h1>{titles.history}</h1>
      </div>
      <Filters options={options} actor={value('actor')} />
      {isAllowed ? (
        <Changes key={ns} options={options} actor={value('actor')} />
      ) : (
        <Denied scope="read" target={service ?? problem.allOf(ns)} />
      )}
    </main>
  );
}

/** Returns a cause of the address; undefined if there is none of this name. */
function causeOf(name: string | undefined): Cause | undefined {
  // `as`: the texts have all causes
  return name !== undefined && Object.hasOwn(words.value.causes, name) ? (name as Cause) : undefined;
}

function Filters({ options, actor }: { options: HistoryOptions; actor: string | undefined }) {
  const { history: text, causes, common } = words.value;
  const { group, service, since, until, cause } = options;
  const isBounded = since !== undefined || until !== undefined;
  const [typed, setTyped] = useState(actor ?? '');
  useEffect(() => setTyped(actor ?? ''), [actor]);
  const name = service === undefined || group === DEFAULT_GROUP ? service : `${group}@@${service}`;
  const setService = (entered: string) => {
    const [first = '', second] = entered.trim().split('@@');
    setQuery(second === undefined ? { service: first, group: undefined } : { service: second, group: first }, true);
  };
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <div class="tools presets">
        {PRESETS.map((preset) => (
          <button
            key={preset}
            class="btn"
            type="button"
            onClick={() => setQuery({ until: undefined, ...rangeOf(preset, registryNow()) }, true)}
          >
            {text.presets[preset]}
          </button>
        ))}
        {isBounded && (
          <button class="btn" type="button" onClick={() => setQuery({ since: undefined, until: undefined }, true)}>
            {text.clearTime}
          </button>
        )}
      </div>
      <div class="tools">
        <MomentField label={text.since} value={since} onChange={(time) => setQuery({ since: time }, true)} />
        <MomentField label={text.until} value={until} onChange={(time) => setQuery({ until: time }, true)} />
        <Select
          label={text.cause}
          value={cause ?? ''}
          options={[['', text.anyCause], ...Object.entries(causes)]}
          onChange={(chosen) => setQuery({ cause: chosen }, true)}
        />
        <input
          type="search"
          data-actor
          aria-label={text.actor}
          placeholder={text.anyActor}
          list="actors"
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          onChange={({ currentTarget }) => setQuery({ actor: currentTarget.value.trim() })}
        />
        <input
          type="search"
          data-find
          aria-label={common.service}
          placeholder={text.anyService}
          value={name ?? ''}
          onChange={({ currentTarget }) => setService(currentTarget.value)}
        />
      </div>
    </form>
  );
}

function Changes({ options, actor }: { options: HistoryOptions; actor: string | undefined }) {
  const { history: text } = words.value;
  const list = useHistoryList(options);
  const entries = list.parts.value.flat();
  const actors = [...new Set(entries.map((entry) => actorName(entry.actor)))];
  return (
    <>
      <datalist id="actors">
        {actors.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <Strip list={list} actor={actor} />
      {actor !== undefined && list.hasMore.value && (
        <p class="mute hint">{text.loadedOnly(linesOf(entries, undefined).length)}</p>
      )}
      <ChangeList list={list} actor={actor} />
    </>
  );
}

function Strip({ list, actor }: { list: HistoryList; actor: string | undefined }) {
  const { since, until } = list.options;
  const entries = list.parts.value.flat();
  const oldest = entries.at(-1);
  const newest = entries[0];
  if (oldest === undefined || newest === undefined) return null;
  const sought = entries.filter((entry) => actor === undefined || isActor(entry.actor, actor));
  // The time of a cursor is not known.
  const timeOf = (point: string | undefined) => Date.parse(point ?? '') || undefined;
  const first = Date.parse(oldest.at);
  return (
    <ChangeStrip
      times={sought.flatMap(({ at, changes }) => changes.map(() => Date.parse(at)))}
      from={timeOf(since) ?? first}
      to={timeOf(until) ?? (until === undefined ? registryNow() : Date.parse(newest.at))}
      loadedFrom={list.hasMore.value ? first : undefined}
      onNarrow={(from, to) =>
        setQuery(
          {
            since: new Date(from).toISOString(),
            until: to < registryNow() ? new Date(to).toISOString() : undefined,
          },
          true,
        )
      }
    />
  );
}

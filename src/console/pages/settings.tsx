import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { Namespace, Stats } from '../../client/wire/namespace-answers';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { Denied, Problem, Skeleton } from '../parts/problem';
import { StateMark } from '../parts/state-mark';
import { type Amount, lastName, NUMBERS, numberAt, pathsUnder } from '../state/namespace-form';
import { loadNamespaces } from '../state/namespaces';
import { query, TOKENS_PATH } from '../state/paths';
import { administered, ask, may, mayKnowOf } from '../state/session';
import { bytes, count, duration, moment } from '../words/format';
import { words } from '../words/words';
import { EditNamespace, RemoveNamespace } from './namespace-dialogs';

/** Interval at which the statistics are read while the page is visible. */
const REFRESH_MS = 10_000;

/** Share of a limit above which it is marked. */
const NEARLY_FULL = 0.9;

/** Shows settings and statistics of a namespace. */
export function Settings({ ns }: { ns: string }) {
  if (mayKnowOf(ns)) return <KnownNamespace key={ns} ns={ns} />;
  return (
    <main id="content">
      <Denied scope="read" target={ns} />
    </main>
  );
}

function KnownNamespace({ ns }: { ns: string }) {
  const { settings: text } = words.value;
  const [, navigate] = useLocation();
  const [namespace, setNamespace] = useState<Namespace>();
  const [stats, setStats] = useState<Stats>();
  const [error, setError] = useState<unknown>();
  const [statsError, setStatsError] = useState<unknown>();
  const [act, setAct] = useState<'edit' | 'remove'>();
  const mayRead = may('read', { namespace: ns });
  const readStats = () =>
    ask((admin) => admin.readStats({ ns })).then((read) => {
      setStats(read);
      setStatsError(undefined);
    }, setStatsError);
  const load = () => {
    setError(undefined);
    ask((admin) => admin.readNamespace({ ns })).then(setNamespace, setError);
    if (mayRead) void readStats();
  };
  useEffect(() => {
    load();
    const timer = setInterval(() => {
      if (mayRead && !document.hidden) void readStats();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [ns]);
  return (
    <main id="content">
      <div class="head">
        <h1>{ns}</h1>
        {namespace && <About namespace={namespace} />}
        <span class="grow" />
        {namespace && may('admin', { namespace: ns }) && (
          <button class="btn" type="button" onClick={() => setAct('edit')}>
            {text.edit}
          </button>
        )}
      </div>
      {(error ?? statsError) !== undefined && <Problem error={error ?? statsError} onRetry={load} />}
      {namespace === undefined && error === undefined && <Skeleton />}
      {!mayRead && <Denied scope="read" target={words.value.problem.allOf(ns)} />}
      {namespace && stats && <Statistics namespace={namespace} stats={stats} />}
      {namespace && <Values namespace={namespace} />}
      {namespace && ns !== DEFAULT_NAMESPACE && may('admin', { namespace: '*' }) && (
        <button class="btn grave" type="button" onClick={() => setAct('remove')}>
          {text.remove}
        </button>
      )}
      {act === 'edit' && namespace && (
        <EditNamespace namespace={namespace} onDone={setNamespace} onClose={() => setAct(undefined)} />
      )}
      {act === 'remove' && (
        <RemoveNamespace
          ns={ns}
          stats={stats}
          onClose={() => setAct(undefined)}
          onDone={() => {
            void loadNamespaces().catch(() => {});
            navigate('/');
          }}
        />
      )}
    </main>
  );
}

function About({ namespace }: { namespace: Namespace }) {
  const { settings: text } = words.value;
  const { title, createdAt, createdBy = '', updatedAt } = namespace;
  const parts = [
    title,
    createdAt === undefined ? text.always : text.created(moment(createdAt), createdBy),
    updatedAt !== undefined && updatedAt !== createdAt && text.changed(moment(updatedAt)),
  ];
  return <span class="mute">{parts.filter(Boolean).join(' · ')}</span>;
}

function Section({ title, note, children }: { title: string; note?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card section">
      <h2>
        {title} {note && <small class="mute">{note}</small>}
      </h2>
      {children}
    </section>
  );
}

/** Names and values. */
function Facts({ facts }: { facts: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Statistics({ namespace, stats }: { namespace: Namespace; stats: Stats }) {
  const { settings: text, causes, common } = words.value;
  const { sinceStart, journal, largestHolders } = stats;
  const limit = (path: string) => numberAt(namespace, path) ?? NUMBERS[path]?.fallback ?? 0;
  const bar = (name: Amount & keyof typeof text.bars, value: number) => (
    <Bar
      label={text.bars[name]}
      value={value}
      most={limit(`limits.${name}`)}
      format={name === 'bytes' || name === 'entryBytes' ? bytes : count}
      isHard
    />
  );
  const removed = Object.entries(sinceStart.removed).filter(([, value]) => value > 0);
  return (
    <div class="sections">
      <Section title={text.contents}>
        {bar('instances', stats.instances)}
        {bar('services', stats.services)}
        {bar('bytes', stats.recordBytes)}
        {stats.entries && bar('entries', stats.entries.count)}
        {stats.entries && bar('entryBytes', stats.entries.keyBytes + stats.entries.valueBytes)}
        {stats.grantedLeases !== undefined && bar('grantedLeases', stats.grantedLeases)}
        {bar('sockets', stats.sockets)}
        {bar('watches', stats.watches)}
        <Bar label={text.bars.revisions} value={journal.revisions} most={limit('retention.maxCount')} format={count} />
        <Bar label={text.bars.journal} value={journal.bytes} most={limit('retention.maxBytes')} format={bytes} />
        <p class="mute">{text.journalNote}</p>
      </Section>
      <Section title={common.now}>
        <Facts facts={entriesOf(text.counts).map(([name, title]) => [title, count(stats[name])])} />
        <h2>{text.holders}</h2>
        {largestHolders.length === 0 && <p class="mute">{words.value.common.none}</p>}
        <ul>
          {largestHolders.map(({ token, instances, recordBytes }) => (
            <li key={token}>
              {administered().length > 0 && token !== 'root' ? (
                <Link class="link mono" href={TOKENS_PATH + query({ q: token })}>
                  {token}
                </Link>
              ) : (
                <span class="mono">{token}</span>
              )}{' '}
              <span class="mute">
                {words.value.common.instances(instances)}, {bytes(recordBytes)}
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title={text.activity} note={text.since(moment(sinceStart.startedAt))}>
        <Facts
          facts={[
            ...entriesOf(text.sinceStart).map(([name, title]) => [title, count(sinceStart[name])] as const),
            [
              text.removed,
              removed.length === 0
                ? count(0)
                : // `as`: the registry counts by cause
                  removed
                    .map(([cause, value]) => `${causes[cause as keyof typeof causes] ?? cause} ${count(value)}`)
                    .join(', '),
            ],
          ]}
        />
      </Section>
    </div>
  );
}

// `as`: an object of our own has no other keys
const entriesOf = <Name extends string>(object: Record<Name, string>) => Object.entries(object) as [Name, string][];

/** An amount against its limit. */
function Bar({
  label,
  value,
  most,
  format,
  isHard = false,
}: {
  label: string;
  value: number;
  most: number;
  format: (value: number) => string;
  /** True: beyond the limit, the registry refuses. */
  isHard?: boolean;
}) {
  const { settings: text } = words.value;
  const share = Math.min(1, value / most);
  const isFull = isHard && share >= NEARLY_FULL;
  const sentence = text.used(format(value), format(most));
  return (
    <div class="amount">
      <span>{label}</span>
      <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={`${label}: ${sentence}`}>
        <rect class="o" width="100" height="10" />
        <rect class={isFull ? 'u' : 'a'} width={value === 0 ? 0 : Math.max(0.5, share * 100)} height="10" />
      </svg>
      <span class="n">{sentence}</span>
      {isFull && <StateMark state="unhealthy">{text.nearlyFull}</StateMark>}
    </div>
  );
}

/** Shows each setting, and the default where none is set. */
function Values({ namespace }: { namespace: Namespace }) {
  const { settings: text, titles } = words.value;
  const { placement, selfPreservation } = namespace;
  const where =
    placement === undefined
      ? text.placements.none
      : 'hint' in placement
        ? text.placements.hint(placement.hint)
        : text.placements.jurisdiction(placement.jurisdiction);
  const facts = (start: string): [string, ComponentChildren][] =>
    pathsUnder(start).map((path) => [text.numbers[lastName(path)] ?? path, valueAt(namespace, path)]);
  return (
    <Section title={titles.settings}>
      <div class="groups">
        {(['retention', 'limits', 'perToken', 'intervals'] as const).map((group) => (
          <div key={group}>
            <h3>{text[group]}</h3>
            <Facts facts={facts(group === 'perToken' ? 'limits.perToken' : group)} />
            {group === 'retention' && (
              <>
                <h3>{text.selfPreservation}</h3>
                <p>
                  {selfPreservation === undefined ? text.byDefault(text.off) : selfPreservation ? text.on : text.off}
                </p>
                <h3>{text.placement}</h3>
                <p title={text.placementNote}>{where}</p>
              </>
            )}
          </div>
        ))}
      </div>
    </Section>
  );
}

function valueAt(namespace: Namespace, path: string): ComponentChildren {
  const { settings: text } = words.value;
  const field = NUMBERS[path];
  const value = numberAt(namespace, path);
  const format = (amount: number) =>
    field?.unit === 'mebibytes'
      ? bytes(amount)
      : field?.unit === 'hours' || field?.unit === 'seconds'
        ? duration(amount)
        : count(amount);
  if (value !== undefined) return <b>{format(value)}</b>;
  if (field?.fallback !== undefined) return <span class="mute">{text.byDefault(format(field.fallback))}</span>;
  const hasShare = /perToken\.(instances|services|bytes)$/.test(path);
  return <span class="mute">{hasShare ? text.share : text.unlimited}</span>;
}

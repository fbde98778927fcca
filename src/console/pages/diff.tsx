import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { ServiceDiff } from '../../client/wire/history-answers';
import type { Instance } from '../../client/wire/instance';
import { FieldChanges } from '../parts/field-changes';
import { MomentField } from '../parts/moment-field';
import { BadPoint, PointProblem } from '../parts/point-problem';
import { Denied, Empty, Skeleton } from '../parts/problem';
import { RollbackDialog } from '../parts/rollback-dialog';
import { StateMark } from '../parts/state-mark';
import { stateOf } from '../state/instance-state';
import { setQuery, useQuery } from '../state/location';
import { isPoint } from '../state/moments';
import { historyPath, instancePath, type ServiceAddress, servicePath, serviceTitle } from '../state/paths';
import { changedFields } from '../state/record-diff';
import { countsOf, type InstanceDiff, pointBefore, readDiff } from '../state/service-diff';
import { may } from '../state/session';
import { fullTime, moment } from '../words/format';
import { words } from '../words/words';

/** Shapes of the counts. */
const MARKS = { appeared: 'up', disappeared: 'gone', changed: 'starting' } as const;

/** Compares a service at two moments, and offers to roll it back to the first. */
export function Diff({ address }: { address: ServiceAddress }) {
  const { diff: text, history } = words.value;
  const { ns, group, service } = address;
  const query = useQuery();
  const [from, to] = [query.get('from') ?? undefined, query.get('to') ?? undefined];
  const bad = Object.entries({ from, to }).find(([, point]) => point !== undefined && !isPoint(point));
  const isAllowed = may('read', { namespace: ns, service: { group, service } });
  const { diff, error, isReading, more, reload } = useDiff(address, from, to, isAllowed && bad === undefined);
  const [isRollingBack, setRollingBack] = useState(false);
  return (
    <main id="content">
      <div class="head">
        <h1>{text.of(serviceTitle(address))}</h1>
        <Link class="btn" href={servicePath(address)}>
          {words.value.services.service}
        </Link>
        <Link class="btn" href={historyPath(ns, { group, service })}>
          {history.title}
        </Link>
      </div>
      <div class="tools">
        <MomentField
          label={text.from}
          value={from}
          at={diff?.from.at}
          canType
          onChange={(point) => setQuery({ from: point }, true)}
        />
        <MomentField
          label={text.to}
          value={to}
          at={diff?.to.at}
          canType
          onChange={(point) => setQuery({ to: point }, true)}
        >
          <button
            class="btn"
            type="button"
            aria-pressed={to === undefined}
            onClick={() => (to === undefined ? reload() : setQuery({ to: undefined }, true))}
          >
            {text.now}
          </button>
        </MomentField>
        <span class="grow" />
        {diff !== undefined && may('operate', { namespace: ns, service: { group, service } }) && (
          <button class="btn" type="button" data-roll-back onClick={() => setRollingBack(true)}>
            {text.rollBack(moment(diff.from.at))}
          </button>
        )}
      </div>
      {!isAllowed && <Denied scope="read" target={serviceTitle(address)} />}
      {bad?.[1] !== undefined && <BadPoint name={bad[0]} value={bad[1]} />}
      {error !== undefined && (
        <PointProblem error={error} onRetry={reload} param={from === undefined ? 'to' : 'from'} />
      )}
      {diff === undefined && isReading && <Skeleton />}
      {diff !== undefined && error === undefined && bad === undefined && <Differences address={address} diff={diff} />}
      {diff?.next !== undefined && (
        <div class="end">
          <button class="btn" type="button" disabled={isReading} onClick={more}>
            {isReading ? words.value.common.loading : words.value.common.more}
          </button>
        </div>
      )}
      {isRollingBack && diff !== undefined && (
        <RollbackDialog address={address} to={diff.from} onDone={reload} onClose={() => setRollingBack(false)} />
      )}
    </main>
  );
}

/** Reads the differences page by page. Those of other moments are shown until the new ones have been read. */
function useDiff(
  { ns, group, service }: ServiceAddress,
  from: string | undefined,
  to: string | undefined,
  isOn: boolean,
) {
  const [read, setRead] = useState<{ diff?: ServiceDiff | undefined; error?: unknown; isReading: boolean }>({
    isReading: true,
  });
  const [round, setRound] = useState(0);
  const address = { ns, group, service };
  const { diff } = read;
  useEffect(() => {
    if (!isOn) return;
    const reading = new AbortController();
    const { signal } = reading;
    const run = async () => {
      setRead((known) => ({ diff: known.diff, isReading: true }));
      try {
        if (from === undefined) {
          const before = await pointBefore(address, to, signal);
          // The address changes, and this runs again.
          if (!signal.aborted && before !== undefined) setQuery({ from: before });
          if (before !== undefined) return;
        }
        // Without any change there is one moment only.
        const diff = await readDiff(address, { from: from ?? new Date().toISOString(), to, signal });
        if (!signal.aborted) setRead({ diff, isReading: false });
      } catch (error) {
        if (!signal.aborted) setRead((known) => ({ diff: known.diff, error, isReading: false }));
      }
    };
    void run();
    return () => reading.abort();
  }, [ns, group, service, from, to, isOn, round]);
  const more = async () => {
    if (diff?.next === undefined) return;
    setRead({ diff, isReading: true });
    try {
      // The same moments as those of the first page.
      const page = await readDiff(address, { from: diff.from.cursor, to: diff.to.cursor, after: diff.next });
      const instances = [...diff.instances, ...page.instances];
      setRead((known) =>
        known.diff === diff ? { diff: { ...diff, instances, next: page.next }, isReading: false } : known,
      );
    } catch (error) {
      setRead({ diff, error, isReading: false });
    }
  };
  return { ...read, more: () => void more(), reload: () => setRound((known) => known + 1) };
}

function Differences({ address, diff }: { address: ServiceAddress; diff: ServiceDiff }) {
  const { diff: text } = words.value;
  const { from, to, service, instances, next } = diff;
  const counts = countsOf(instances);
  if (instances.length === 0 && service === undefined) return <Empty>{text.same}</Empty>;
  return (
    <>
      <p class="big summary" role="status">
        {(['appeared', 'disappeared', 'changed'] as const).map((kind) => (
          <StateMark key={kind} state={MARKS[kind]} isCalm={counts[kind] === 0}>
            {text[kind](counts[kind])}
          </StateMark>
        ))}
        {next !== undefined && <span class="mute"> {text.soFar}</span>}
      </p>
      {service !== undefined && (
        <section class="card note">
          <h2>{text.settings}</h2>
          <FieldChanges changes={changedFields(service.before, service.after)} />
        </section>
      )}
      {instances.length > 0 && (
        <table class="card diff">
          <thead>
            <tr>
              <th scope="col">{text.instance}</th>
              {[from, to].map(({ at, cursor }, index) => (
                <th key={cursor} scope="col">
                  {index === 0 ? text.from : text.to}{' '}
                  <time dateTime={at} title={fullTime(at)}>
                    {moment(at)}
                  </time>
                </th>
              ))}
              <th scope="col">{text.fields}</th>
            </tr>
          </thead>
          <tbody>
            {instances.map((each) => (
              <Row key={each.id} address={address} each={each} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Row({ address, each: { id, before, after } }: { address: ServiceAddress; each: InstanceDiff }) {
  const { diff: text } = words.value;
  return (
    <tr>
      <th scope="row">
        <Link class="name" href={instancePath({ ...address, id })}>
          {id}
        </Link>
      </th>
      <td>
        <span class="lbl">{text.from}</span>
        <Side instance={before} />
      </td>
      <td>
        <span class="lbl">{text.to}</span>
        <Side instance={after} />
      </td>
      <td>{before !== null && after !== null && <FieldChanges changes={changedFields(before, after)} />}</td>
    </tr>
  );
}

/** Shows an instance as it was at one of the moments. */
function Side({ instance }: { instance: Instance | null }) {
  if (instance === null) return <span class="mute">{words.value.diff.absent}</span>;
  const { address, port, url, version } = instance;
  const place = address === undefined ? url : port === undefined ? address : `${address}:${port}`;
  const state = stateOf(instance);
  return (
    <span class="side">
      <StateMark state={state} isCalm={state === 'up'} />
      <span class="mute">{[place, version].filter((each) => each !== undefined).join(' · ')}</span>
    </span>
  );
}

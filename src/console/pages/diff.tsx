import { useEffect, useMemo, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { ServiceDiff } from '../../client/wire/history-answers';
import type { Instance } from '../../client/wire/instance';
import { FieldChanges } from '../parts/field-changes';
import { More } from '../parts/form';
import { MomentField } from '../parts/moment-field';
import { PointProblem } from '../parts/point-problem';
import { Denied, Empty, Skeleton } from '../parts/problem';
import { RollbackDialog } from '../parts/rollback-dialog';
import { StateMark } from '../parts/state-mark';
import { Time } from '../parts/time';
import { endpointOf, stateOf } from '../state/instance-state';
import { setQuery, useQuery } from '../state/location';
import { rangeOf } from '../state/moments';
import { historyPath, instancePath, type ServiceAddress, servicePath, serviceTitle } from '../state/paths';
import { changedFields, type FieldChange } from '../state/record-diff';
import { registryNow } from '../state/registry-clock';
import { ask, may } from '../state/session';
import { moment } from '../words/format';
import { words } from '../words/words';

/** Shapes of the counts. */
const MARKS = { appeared: 'up', disappeared: 'gone', changed: 'starting' } as const;

/** Compares a service at two moments, and offers to roll it back to the first. */
export function Diff({ address }: { address: ServiceAddress }) {
  const { diff: text, common, titles } = words.value;
  const { ns, group, service } = address;
  const query = useQuery();
  const hourAgo = useMemo(() => rangeOf('hour', registryNow()).since, []);
  const [from = '', to] = [query.get('from') ?? hourAgo, query.get('to') ?? undefined];
  const isAllowed = may('read', { namespace: ns, service: { group, service } });
  const { diff, error, isReading, more, reload } = useDiff(address, from, to, isAllowed);
  const [isRollingBack, setRollingBack] = useState(false);
  return (
    <main id="content">
      <div class="head">
        <h1>{text.of(serviceTitle(address))}</h1>
        <Link class="btn" href={servicePath(address)}>
          {words.value.common.service}
        </Link>
        <Link class="btn" href={historyPath(ns, { group, service })}>
          {titles.history}
        </Link>
      </div>
      <div class="tools">
        <MomentField
          label={text.from}
          value={from}
          at={diff?.from.at}
          onChange={(point) => setQuery({ from: point }, true)}
        />
        <MomentField label={text.to} value={to} at={diff?.to.at} onChange={(point) => setQuery({ to: point }, true)}>
          <button
            class="btn"
            type="button"
            aria-pressed={to === undefined}
            onClick={() => (to === undefined ? reload() : setQuery({ to: undefined }, true))}
          >
            {common.now}
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
      {error !== undefined && <PointProblem error={error} onRetry={reload} param={isOf(error, to) ? 'to' : 'from'} />}
      {diff === undefined && isReading && <Skeleton />}
      {diff !== undefined && error === undefined && <Differences address={address} diff={diff} />}
      {diff?.next !== undefined && (
        <div class="end">
          <More isBusy={isReading} onClick={more} />
        </div>
      )}
      {isRollingBack && diff !== undefined && (
        <RollbackDialog address={address} to={diff.from} onDone={reload} onClose={() => setRollingBack(false)} />
      )}
    </main>
  );
}

/** Reports whether the registry's error is about a point. */
const isOf = (error: unknown, point: string | undefined): boolean =>
  point !== undefined && String(error).includes(point);

/** Instances of a page. */
const PAGE = 200;

/** A difference of an instance. */
type InstanceDiff = ServiceDiff['instances'][number];

const readDiff = (
  { ns, group, service }: ServiceAddress,
  page: { from: string; to?: string | undefined; after?: string | undefined; signal?: AbortSignal },
): Promise<ServiceDiff> => ask((admin) => admin.diffService({ ns, group, service, limit: PAGE, ...page }));

/** Reads the differences page by page. Those of other moments are shown until the new ones have been read. */
function useDiff({ ns, group, service }: ServiceAddress, from: string, to: string | undefined, isOn: boolean) {
  const [read, setRead] = useState<{ diff?: ServiceDiff | undefined; error?: unknown; isReading: boolean }>({
    isReading: isOn,
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
        const diff = await readDiff(address, { from, to, signal });
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
  const { diff: text, common } = words.value;
  const { from, to, service, instances, next } = diff;
  const counts = { appeared: 0, disappeared: 0, changed: 0 };
  for (const { before, after } of instances)
    counts[before === null ? 'appeared' : after === null ? 'disappeared' : 'changed'] += 1;
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
              <th scope="col">{common.instance}</th>
              {[from, to].map(({ at, cursor }, index) => (
                <th key={cursor} scope="col">
                  {index === 0 ? text.from : text.to} <Time at={at} />
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
      <td>{before !== null && after !== null && <FieldChanges changes={fieldsOf(before, after)} />}</td>
    </tr>
  );
}

/** Returns the fields that differ. If an instance was set to what it was before, only its revision does. */
function fieldsOf(before: Instance, after: Instance): FieldChange[] {
  const fields = changedFields(before, after);
  return fields.length > 0 ? fields : [{ field: 'revision', before: before.revision, after: after.revision }];
}

/** Shows an instance as it was at one of the moments. */
function Side({ instance }: { instance: Instance | null }) {
  if (instance === null) return <span class="mute">{words.value.diff.absent}</span>;
  const state = stateOf(instance);
  return (
    <span class="side">
      <StateMark state={state} isCalm={state === 'up'} />
      <span class="mute">{[endpointOf(instance), instance.version].filter(Boolean).join(' · ')}</span>
    </span>
  );
}

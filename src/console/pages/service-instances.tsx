import { Link } from 'wouter-preact';
import type { Instance } from '../../client/wire/instance';
import { FirstInstance } from '../parts/first-instance';
import { Find } from '../parts/form';
import { RowAct } from '../parts/instance-acts';
import { Empty, Skeleton } from '../parts/problem';
import { Cell, HeadCell, Rows } from '../parts/rows';
import { StateMark } from '../parts/state-mark';
import { useSteadyOrder } from '../parts/steady-order';
import { Time } from '../parts/time';
import { actorName } from '../state/actors';
import { type InstanceCounts, isFound, worstInstanceFirst } from '../state/instance-rows';
import { endpointOf, STATES, stateOf } from '../state/instance-state';
import { setQuery, useQuery } from '../state/location';
import { instancePath, type ServiceAddress } from '../state/paths';
import { registryNow } from '../state/registry-clock';
import type { ServiceLive } from '../state/service-live';
import { count, duration, fullTime, moment } from '../words/format';
import { words } from '../words/words';

const keyOf = ({ id }: Instance): string => id;

interface InstancesProps {
  address: ServiceAddress;
  live: ServiceLive;
  counts: InstanceCounts;
  isPast: boolean;
}

/** Lists the instances of a service, the worst first, and those that are gone lately. */
export function Instances({ address, live, counts, isPast }: InstancesProps) {
  const { service: text, services, states, common } = words.value;
  const query = useQuery();
  const find = query.get('q') ?? '';
  const show = STATES.find((state) => state === query.get('show'));
  const { list } = live;
  const needle = find.trim().toLowerCase();
  const found = [...list.items.values()].filter(
    (each) => (show === undefined || stateOf(each) === show) && (needle === '' || isFound(each, needle)),
  );
  const { items, moved, sort, guard } = useSteadyOrder(found, keyOf, worstInstanceFirst);
  const isComplete = list.isComplete.value;
  const isEmpty = isComplete && counts.instances === 0;
  return (
    <>
      {!isEmpty && (
        <>
          {/* biome-ignore lint/a11y/useSemanticElements: a fieldset can't be laid out in a row */}
          <div class="tiles" role="group" aria-label={services.filter}>
            {STATES.filter((state) => counts.states[state] > 0 || state === show).map((state) => (
              <button
                key={state}
                class="tile"
                type="button"
                aria-pressed={state === show}
                onClick={() => setQuery({ show: state === show ? undefined : state })}
              >
                <StateMark state={state}>
                  <b>{count(counts.states[state])}</b> {states[state]}
                </StateMark>
              </button>
            ))}
          </div>
          <div class="tools">
            <Find label={common.find} value={find} />
            <span class="grow" />
            {moved > 0 && (
              <button class="btn pill" type="button" onClick={sort}>
                {services.moved(moved)}
              </button>
            )}
          </div>
        </>
      )}
      <div {...guard}>
        {!isComplete && counts.instances === 0 && list.error.value === undefined && <Skeleton />}
        {isEmpty &&
          (isPast ? <Empty>{text.noneThen}</Empty> : <FirstInstance address={address}>{text.first}</FirstInstance>)}
        {items.length > 0 && (
          <Rows
            label={text.tab.instances}
            class="instances"
            head={
              <>
                <HeadCell>{common.state}</HeadCell>
                <HeadCell>{common.instance}</HeadCell>
                <HeadCell>{common.address}</HeadCell>
                <HeadCell>{text.zone}</HeadCell>
                <HeadCell class="n">{common.weight}</HeadCell>
                <HeadCell>{common.version}</HeadCell>
                <HeadCell class="n">{isPast ? common.registered : text.age}</HeadCell>
                <HeadCell />
              </>
            }
            items={items}
            keyOf={keyOf}
            cells={(each) => <InstanceCells address={address} instance={each} isPast={isPast} />}
          />
        )}
        {isComplete && !isEmpty && items.length === 0 && <Empty>{common.noneFound}</Empty>}
      </div>
      {!isPast && <GoneLately address={address} live={live} />}
    </>
  );
}

interface InstanceCellsProps {
  address: ServiceAddress;
  instance: Instance;
  isPast: boolean;
}

function InstanceCells({ address, instance, isPast }: InstanceCellsProps) {
  const { id, cluster, location, weight, version, registeredAt } = instance;
  const names = { ...address, id };
  const state = stateOf(instance);
  const place = [location?.zone, cluster === 'DEFAULT' ? undefined : cluster].filter(Boolean).join(' · ');
  return (
    <>
      <Cell class="say">
        <StateMark state={state} isCalm={state === 'up'} />
      </Cell>
      <Cell class="name">
        <Link href={instancePath(names)} data-row>
          {id}
        </Link>
      </Cell>
      <Cell class="cut mono address">{endpointOf(instance)}</Cell>
      <Cell class="cut place">{place}</Cell>
      <Cell class="n weight">{count(weight)}</Cell>
      <Cell class="cut version">{version}</Cell>
      <Cell class="n age">
        <time dateTime={registeredAt} title={fullTime(registeredAt)}>
          {isPast ? moment(registeredAt) : duration(Math.max(0, registryNow() - Date.parse(registeredAt)))}
        </time>
      </Cell>
      <Cell class="n act">{!isPast && <RowAct address={names} subject={{ instance }} />}</Cell>
    </>
  );
}

/** Lists instances that are gone, with links to the reason. */
function GoneLately({ address, live }: { address: ServiceAddress; live: ServiceLive }) {
  const { services, causes, common } = words.value;
  const { items } = live.list;
  const gone = live.gone.value.filter(({ id }) => !items.has(id));
  if (gone.length === 0) return null;
  return (
    <section class="below">
      <h2>{services.goneLately}</h2>
      <ul class="card links gone-list">
        {gone.map(({ id, at, cause, actor }) => (
          <li key={id}>
            <StateMark state="gone">
              <Link href={instancePath({ ...address, id })}>{id}</Link>
            </StateMark>
            <span>
              {cause === 'drained' ? services.drained : causes[cause]}{' '}
              <span class="mute">{common.by(actorName(actor))}</span>
            </span>
            <Time class="n mute" at={at} />
          </li>
        ))}
      </ul>
    </section>
  );
}

import { useEffect, useMemo } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { ServiceSummary } from '../../client/wire/answers';
import { DEFAULT_GROUP } from '../../model/service-name';
import { Band } from '../parts/band';
import { FirstInstance } from '../parts/first-instance';
import { Find } from '../parts/form';
import { GoneLately } from '../parts/gone-lately';
import { LatestFeed } from '../parts/latest-feed';
import { Denied, Empty, Problem, Skeleton } from '../parts/problem';
import { Cell, HeadCell, Rows } from '../parts/rows';
import { StateMark } from '../parts/state-mark';
import { useSteadyOrder } from '../parts/steady-order';
import { byName, type State, sharesOf, type Verdict, verdictOf, worstFirst } from '../state/instance-state';
import { setQuery, useQuery } from '../state/location';
import { servicePath } from '../state/paths';
import { isMatch } from '../state/search';
import { ServiceDirectory } from '../state/service-list';
import { may, mayKnowServices, readablePatterns } from '../state/session';
import { count } from '../words/format';
import { words } from '../words/words';

/** State that shows a verdict. */
const MARKS: Record<Verdict, State> = {
  'no-traffic': 'unhealthy',
  unhealthy: 'unhealthy',
  out: 'out',
  up: 'up',
  empty: 'out',
};

/** Filters of the list, by their name in the address. */
const FILTERS = {
  'no-traffic': {
    state: 'unhealthy',
    text: 'noTraffic',
    has: (each: ServiceSummary) => verdictOf(each) === 'no-traffic',
  },
  unhealthy: {
    state: 'unhealthy',
    text: 'unhealthy',
    has: ({ instances, healthy }: ServiceSummary) => healthy < instances,
  },
  out: { state: 'out', text: 'out', has: ({ healthy, available }: ServiceSummary) => available < healthy },
  available: { state: 'up', text: 'available', has: ({ available }: ServiceSummary) => available > 0 },
} as const;
type Filter = keyof typeof FILTERS;

const keyOf = ({ group, name }: ServiceSummary): string => JSON.stringify([group, name]);

/** Lists the services of a namespace, the worst first, and what changed last. */
export function Services({ ns }: { ns: string }) {
  if (may('read', { namespace: ns })) return <AllServices key={ns} ns={ns} />;
  if (mayKnowServices(ns)) return <NamedServices ns={ns} />;
  return (
    <main id="content">
      <Denied scope="read" target={words.value.problem.allOf(ns)} />
    </main>
  );
}

function AllServices({ ns }: { ns: string }) {
  const { services: text, common, titles } = words.value;
  const directory = useMemo(() => new ServiceDirectory(ns), [ns]);
  useEffect(() => () => directory.close(), [directory]);
  const query = useQuery();
  const find = query.get('q') ?? '';
  const show = (query.get('show') ?? undefined) as Filter | undefined; // `as`: checked by the next line
  const filter = show !== undefined && Object.hasOwn(FILTERS, show) ? FILTERS[show] : undefined;
  const compare = query.get('sort') === 'name' ? byName : worstFirst;

  const { list } = directory;
  const all = [...list.items.values()];
  const found = all.filter(
    (each) => (filter === undefined || filter.has(each)) && isMatch(find, `${each.group}/${each.name}`),
  );
  const { items, moved, sort, guard } = useSteadyOrder(found, keyOf, compare);
  const isFirst = list.isComplete.value && all.length === 0;
  const error = list.error.value;
  return (
    <main id="content">
      <div class="head">
        <h1>{titles.services}</h1>
        <span class="mute">
          {common.services(all.length)} · {common.instances(sum(all, ({ instances }) => instances))}
        </span>
      </div>
      {error !== undefined && <Problem error={error} onRetry={() => list.reload()} />}
      <Tiles all={all} pressed={filter && show} />
      <div class="tools">
        <Find label={text.find} value={find} />
        <span class="grow" />
        {moved > 0 && (
          <button class="btn pill" type="button" onClick={sort}>
            {text.moved(moved)}
          </button>
        )}
        <select
          aria-label={text.sorts.worst}
          value={compare === byName ? 'name' : 'worst'}
          onChange={({ currentTarget }) => setQuery({ sort: currentTarget.value === 'name' ? 'name' : undefined })}
        >
          <option value="worst">{text.sorts.worst}</option>
          <option value="name">{text.sorts.name}</option>
        </select>
      </div>
      <div class="cols">
        <div {...guard}>
          {!list.isComplete.value && all.length === 0 && error === undefined && <Skeleton />}
          {isFirst && (
            <FirstInstance address={{ ns, group: DEFAULT_GROUP, service: 'orders' }}>{text.first}</FirstInstance>
          )}
          {items.length > 0 && (
            <Rows
              label={titles.services}
              class="services"
              head={
                <>
                  <HeadCell>{common.service}</HeadCell>
                  <HeadCell>{text.health}</HeadCell>
                  <HeadCell class="n">{text.traffic}</HeadCell>
                  <HeadCell>{common.state}</HeadCell>
                </>
              }
              items={items}
              keyOf={keyOf}
              cells={(each) => <ServiceCells ns={ns} service={each} />}
            />
          )}
          {!isFirst && list.isComplete.value && items.length === 0 && <Empty>{common.noneFound}</Empty>}
          {find !== '' && <GoneLately ns={ns} find={find.trim()} services={all} latest={directory.latest.value} />}
        </div>
        <LatestFeed ns={ns} changes={directory.latest.value} />
      </div>
    </main>
  );
}

const sum = <Item,>(items: readonly Item[], amountOf: (item: Item) => number): number =>
  items.reduce((total, item) => total + amountOf(item), 0);

/** Counts of the namespace, which filter the list. */
function Tiles({ all, pressed }: { all: readonly ServiceSummary[]; pressed: Filter | undefined }) {
  const { services: text } = words.value;
  const values: Record<Filter, number> = {
    'no-traffic': all.filter(FILTERS['no-traffic'].has).length,
    unhealthy: sum(all, ({ instances, healthy }) => instances - healthy),
    out: sum(all, ({ healthy, available }) => Math.max(0, healthy - available)),
    available: sum(all, ({ available }) => available),
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset can't be laid out in a row
    <div class="tiles" role="group" aria-label={text.filter}>
      {(Object.keys(FILTERS) as Filter[]).map(
        (
          name, // `as`: keys of an object of our own
        ) => (
          <button
            key={name}
            class="tile"
            type="button"
            aria-pressed={pressed === name}
            onClick={() => setQuery({ show: pressed === name ? undefined : name })}
          >
            <StateMark state={values[name] === 0 ? 'out' : FILTERS[name].state}>
              <b>{count(values[name])}</b> {text[FILTERS[name].text]}
            </StateMark>
          </button>
        ),
      )}
    </div>
  );
}

function ServiceCells({ ns, service }: { ns: string; service: ServiceSummary }) {
  const { services: text } = words.value;
  const { group, name, instances, available } = service;
  return (
    <>
      <Cell class="name">
        <Link href={servicePath({ ns, group, service: name })} data-row>
          {name}
        </Link>
        {group !== DEFAULT_GROUP && <span class="mute"> {group}</span>}
      </Cell>
      <Cell class="bars">
        <Band {...sharesOf(service)} />
      </Cell>
      <Cell class="n cnt">
        <b>{count(available)}</b> <span class="mute">{text.of(instances)}</span>
      </Cell>
      <Cell class="say">
        <VerdictMark service={service} />
      </Cell>
    </>
  );
}

/** Shows the verdict on a service in words. */
export function VerdictMark({ service }: { service: ServiceSummary }) {
  const { verdicts } = words.value.services;
  const verdict = verdictOf(service);
  const { unhealthy, out } = sharesOf(service);
  const parts = [
    verdict === 'no-traffic' && verdicts['no-traffic'],
    unhealthy > 0 && verdicts.unhealthy(unhealthy),
    out > 0 && verdict !== 'no-traffic' && verdicts.out(out),
    verdict === 'up' && verdicts.up,
    verdict === 'empty' && verdicts.empty,
  ].filter((part) => part !== false);
  return (
    <StateMark state={MARKS[verdict]} isCalm={verdict === 'up' || verdict === 'empty'}>
      {parts.join(', ')}
    </StateMark>
  );
}

/** Offers the services that the token's grants name, as it may not list all. */
function NamedServices({ ns }: { ns: string }) {
  const { services: text, common, titles } = words.value;
  const [, navigate] = useLocation();
  const named = readablePatterns(ns).filter((pattern) => !pattern.endsWith('*') && pattern.includes('@@'));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    // `as`: the event comes from this form
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const service = String(form.get('service')).trim();
    if (service !== '')
      navigate(servicePath({ ns, group: String(form.get('group')).trim() || DEFAULT_GROUP, service }));
  };
  return (
    <main id="content">
      <div class="head">
        <h1>{titles.services}</h1>
      </div>
      <div class="card note">
        <p>{text.limited}</p>
        <form class="tools" onSubmit={submit}>
          <label>
            {common.service} <input name="service" required />
          </label>
          <label>
            {text.group} <input name="group" placeholder={DEFAULT_GROUP} />
          </label>
          <button class="btn main" type="submit">
            {text.open}
          </button>
        </form>
      </div>
      {named.length > 0 && (
        <ul class="card links">
          {named.map((pattern) => {
            const [group = '', service = ''] = pattern.split('@@');
            return (
              <li key={pattern}>
                <Link class="name" href={servicePath({ ns, group, service })}>
                  {service}
                </Link>
                <span class="mute">{group}</span>
              </li>
            );
          })}
        </ul>
      )}
    </main>
  );
}

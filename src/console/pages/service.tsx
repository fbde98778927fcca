import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { ServiceSummary } from '../../client/wire/answers';
import { DEFAULT_GROUP } from '../../model/service-name';
import { Band } from '../parts/band';
import { ServiceHistory } from '../parts/change-list';
import { CopyButton } from '../parts/copy-button';
import { LastAct } from '../parts/instance-acts';
import { PastSlider } from '../parts/past-slider';
import { PointProblem } from '../parts/point-problem';
import { Denied, Skeleton } from '../parts/problem';
import { countsOf } from '../state/instance-rows';
import { sharesOf } from '../state/instance-state';
import { useQuery } from '../state/location';
import { diffPath, query, type ServiceAddress, servicePath, servicesPath, serviceTitle } from '../state/paths';
import { ServiceLive } from '../state/service-live';
import { may } from '../state/session';
import { words } from '../words/words';
import { Instances } from './service-instances';
import { ServiceSettingsForm } from './service-settings';
import { Subscribers } from './service-subscribers';
import { VerdictMark } from './services';

/** Tabs of the page; the first is the default. Those of the past show a moment of it. */
const TABS = ['instances', 'subscribers', 'history', 'settings'] as const;
const PAST_TABS = ['instances', 'history'] as const;

/** Shows a service live, or at a moment of the past: its verdict, instances, subscribers, history and settings. */
export function Service({ address }: { address: ServiceAddress }) {
  const at = useQuery().get('at') ?? undefined;
  if (!may('read', { namespace: address.ns, service: address }))
    return (
      <main id="content">
        <Denied scope="read" target={serviceTitle(address)} />
      </main>
    );
  return <ServiceAt key={servicePath(address)} address={address} at={at} />;
}

function ServiceAt({ address, at }: { address: ServiceAddress; at: string | undefined }) {
  const { service: text, services, nav, common } = words.value;
  const { ns, group, service } = address;
  // The address is a new object at each render of the page.
  const next = useMemo(() => new ServiceLive(address, at), [servicePath(address), at]);
  useEffect(() => () => next.close(), [next]);
  // Another moment takes the place of the last one once it has been read.
  const shown = useRef(next);
  if (next.list.isComplete.value || next.list.error.value !== undefined) shown.current = next;
  const live = shown.current;
  const asked = useQuery().get('tab');
  const tabs: readonly (typeof TABS)[number][] = at === undefined ? TABS : PAST_TABS;
  const tab = tabs.find((each) => each === asked) ?? 'instances';

  const { list } = live;
  const counts = countsOf(list.items.values());
  const settings = live.settings.value?.service;
  const isComplete = list.isComplete.value;
  // The registry's counts, until all instances are read.
  const { instances, healthy, available } = isComplete || settings === undefined ? counts : settings;
  const summary: ServiceSummary = {
    group,
    name: service,
    instances,
    healthy,
    available,
    persistent: settings?.persistent ?? false,
    revision: 0,
  };
  const isKnown = isComplete || settings !== undefined;
  const isMissing = at === undefined && live.settings.value !== undefined && settings === undefined && instances === 0;
  const isProtected = instances > 0 && healthy / instances < (settings?.protectThreshold ?? 0);
  const error = list.error.value;
  return (
    <main id="content">
      <nav class="crumbs" aria-label={text.path}>
        <Link href={servicesPath(ns)}>{nav.services}</Link>
        {group !== DEFAULT_GROUP && (
          <>
            {' '}
            / <span>{group}</span>
          </>
        )}
      </nav>
      <div class="head">
        <h1>{service}</h1>
        {(instances > 0 || summary.persistent) && <VerdictMark service={summary} />}
        {isMissing && <span class="mute">{text.missingShort}</span>}
        <span class="grow" />
        {at !== undefined && (
          <Link class="btn" href={diffPath(address, at)}>
            {text.compare}
          </Link>
        )}
        <CopyButton text={() => location.href} label={common.copyLink} />
      </div>
      <PastSlider address={address} />
      {error !== undefined && <PointProblem error={error} onRetry={() => list.reload()} param="at" />}
      {isKnown && instances > 0 && (
        <div class="card health">
          <Band {...sharesOf(summary)} />
          <p>
            <b>{services.available_of(available, instances)}</b>
            {isProtected && ` · ${text.protected}`}
          </p>
        </div>
      )}
      {at === undefined && <LastAct address={address} />}
      <nav class="tabs views" aria-label={text.tabs}>
        {tabs.map((each) => (
          <Link
            key={each}
            href={`${servicePath(address)}${query({ at, tab: each === 'instances' ? undefined : each })}`}
            aria-current={each === tab ? 'page' : undefined}
          >
            {text.tab[each]}
          </Link>
        ))}
      </nav>
      {tab === 'instances' && <Instances address={address} live={live} counts={counts} isPast={at !== undefined} />}
      {tab === 'subscribers' && <Subscribers address={address} live={live} />}
      {tab === 'history' && <ServiceHistory address={address} at={at} />}
      {tab === 'settings' && <SettingsTab address={address} live={live} />}
    </main>
  );
}

function SettingsTab({ address, live }: { address: ServiceAddress; live: ServiceLive }): ComponentChildren {
  const settings = live.settings.value;
  if (settings === undefined) return <Skeleton />;
  return <ServiceSettingsForm address={address} settings={settings} onSaved={() => live.readSettings()} />;
}

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { connection } from '../state/live-feed';
import { homePath, knownNamespaces, loadNamespaces } from '../state/namespaces';
import {
  AUDIT_PATH,
  entriesPath,
  historyPath,
  placeOf,
  servicesPath,
  settingsPath,
  TOKENS_PATH,
  titleOf,
} from '../state/paths';
import { administered, may, mayKnowOf, mayKnowServices, mayUseEntries } from '../state/session';
import { clock } from '../words/format';
import { words } from '../words/words';
import { Account } from './account';
import { useArrival } from './arrival';
import { Select } from './form';
import { Icon } from './icon';
import { StateShape } from './state-mark';

/** The frame of all pages: namespace, navigation, connection and account. */
export function Layout({ children }: { children: ComponentChildren }) {
  const [path] = useLocation();
  const { nav, titles } = words.value;
  const place = placeOf(path);
  const { ns, section } = place;
  useArrival(path, titleOf(place, titles));
  const known = knownNamespaces();
  const last = useRef<string>();
  last.current = ns ?? last.current;
  const home = last.current ?? (known.includes(DEFAULT_NAMESPACE) ? DEFAULT_NAMESPACE : known[0]) ?? DEFAULT_NAMESPACE;
  const links = [
    {
      name: 'services',
      href: servicesPath(home),
      isOffered: mayKnowServices(home),
      isHere: section === 'services',
    },
    { name: 'entries', href: entriesPath(home), isOffered: mayUseEntries('read', home), isHere: section === 'entries' },
    {
      name: 'history',
      href: historyPath(home),
      isOffered: may('read', { namespace: home }),
      isHere: section === 'history',
    },
    {
      name: 'access',
      href: section === 'audit' ? AUDIT_PATH : TOKENS_PATH,
      isOffered: administered().length > 0,
      isHere: section === 'tokens' || section === 'audit',
    },
    { name: 'settings', href: settingsPath(home), isOffered: mayKnowOf(home), isHere: section === 'settings' },
  ] as const;
  // A page that was opened by its address is shown in the navigation although the token lacks access.
  const anchors = links
    .filter(({ isOffered, isHere }) => isOffered || isHere)
    .map(({ name, href, isHere }) => (
      <Link key={name} href={href} aria-current={isHere ? 'page' : undefined}>
        <Icon name={name} />
        {nav[name]}
      </Link>
    ));
  return (
    <>
      <a class="skip" href="#content">
        {nav.skip}
      </a>
      <header class="top">
        <Link class="brand" href="/" aria-label={`Rollcall, ${nav.allNamespaces}`}>
          <Icon name="rollcall" />
          <span>Rollcall</span>
        </Link>
        <NamespaceSelect ns={ns} known={known} />
        <nav class="nav" aria-label={nav.main}>
          {anchors}
        </nav>
        <span class="grow" />
        <ConnectionState />
        <Account />
      </header>
      {children}
      <nav class="bottom" aria-label={nav.main}>
        {anchors}
      </nav>
    </>
  );
}

function NamespaceSelect({ ns, known }: { ns: string | undefined; known: readonly string[] }) {
  const [, navigate] = useLocation();
  const { nav } = words.value;
  // The page itself shows why the registry can't be read.
  useEffect(() => void loadNamespaces().catch(() => {}), []);
  const ids = ns === undefined || known.includes(ns) ? known : [ns, ...known];
  return (
    <Select
      class="ns"
      label={nav.namespace}
      value={ns ?? ''}
      options={[['', nav.allNamespaces], ...ids.map((id) => [id, id] as const)]}
      onChange={(id) => navigate(id === '' ? '/' : homePath(id))}
    />
  );
}

function ConnectionState() {
  const { connection: text } = words.value;
  const { state, asOf } = connection.value;
  if (state === 'none') return null;
  return (
    <span class={`live ${state}`} role="status" title={state === 'lost' ? text.lostHint : undefined}>
      <StateShape state={state === 'live' ? 'up' : 'starting'} />
      <span>{state === 'lost' ? text.lost(clock(asOf)) : text[state]}</span>
    </span>
  );
}

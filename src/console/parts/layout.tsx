import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { connection } from '../state/live-feed';
import { decoded } from '../state/location';
import { knownNamespaces, loadNamespaces } from '../state/namespaces';
import { AUDIT_PATH, historyPath, servicesPath, settingsPath, TOKENS_PATH } from '../state/paths';
import { session, signOut } from '../state/session';
import { setTheme, THEMES, theme } from '../state/theme';
import { clock } from '../words/format';
import { setLanguage, words } from '../words/words';
import { Icon } from './icon';
import { openKeyHelp } from './keys';
import { StateShape } from './state-mark';

/** The frame of all pages: namespace, navigation, connection and account. */
export function Layout({ children }: { children: ComponentChildren }) {
  const [path] = useLocation();
  const { nav } = words.value;
  const [, first = '', second = ''] = path.split('/');
  const isAccess = first === 'access' && (second === 'tokens' || second === 'audit');
  const ns = isAccess || first === '' ? undefined : decoded(first);
  const home = ns ?? knownNamespaces.value[0] ?? 'public';
  const links = [
    {
      name: 'services',
      text: nav.services,
      href: servicesPath(home),
      isHere: ns !== undefined && second === 'services',
    },
    { name: 'history', text: nav.history, href: historyPath(home), isHere: second === 'history' },
    { name: 'access', text: nav.access, href: path === AUDIT_PATH ? AUDIT_PATH : TOKENS_PATH, isHere: isAccess },
    { name: 'settings', text: nav.settings, href: settingsPath(home), isHere: second === 'settings' },
  ] as const;
  const anchors = links.map(({ name, text, href, isHere }) => (
    <Link key={name} href={href} aria-current={isHere ? 'page' : undefined}>
      <Icon name={name} />
      {text}
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
        <NamespaceSelect ns={ns} />
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

function NamespaceSelect({ ns }: { ns: string | undefined }) {
  const [, navigate] = useLocation();
  const { nav } = words.value;
  useEffect(() => void loadNamespaces(), []);
  const known = knownNamespaces.value;
  const ids = ns === undefined || known.includes(ns) ? known : [ns, ...known];
  return (
    <select
      class="ns"
      aria-label={nav.namespace}
      value={ns ?? ''}
      onChange={({ currentTarget }) => navigate(currentTarget.value === '' ? '/' : servicesPath(currentTarget.value))}
    >
      <option value="">{nav.allNamespaces}</option>
      {ids.map((id) => (
        <option key={id} value={id}>
          {id}
        </option>
      ))}
    </select>
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

function Account() {
  const { nav, language: name } = words.value;
  const known = session.value;
  if (known === undefined) return null;
  return (
    <details class="menu">
      <summary class="btn" aria-label={nav.account}>
        <Icon name="account" />
        <span class="hide">{known.own.name}</span>
      </summary>
      <div class="card">
        <p class="mono mute">{known.own.id}</p>
        <label>
          {nav.theme}
          <select
            value={theme.value}
            onChange={({ currentTarget }) => setTheme(THEMES[currentTarget.selectedIndex] ?? 'auto')}
          >
            {THEMES.map((each) => (
              <option key={each} value={each}>
                {nav.themes[each]}
              </option>
            ))}
          </select>
        </label>
        <button class="btn" type="button" onClick={() => void setLanguage(name === 'English' ? 'zh' : 'en')}>
          {name === 'English' ? '中文' : 'English'}
        </button>
        <button class="btn" type="button" onClick={openKeyHelp}>
          {nav.keys}
        </button>
        <button class="btn" type="button" onClick={() => void signOut()}>
          {nav.signOut}
        </button>
      </div>
    </details>
  );
}

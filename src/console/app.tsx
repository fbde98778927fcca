import { signal } from '@preact/signals';
import { Component, type ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Namespaces } from './pages/namespaces';
import { Services } from './pages/services';
import { Resuming, SignIn } from './pages/sign-in';
import { Announcer } from './parts/announcer';
import { Keys } from './parts/keys';
import { Layout } from './parts/layout';
import { Problem, Skeleton } from './parts/problem';
import { path } from './state/location';
import { AUDIT_PATH, namesOf, TOKENS_PATH } from './state/paths';
import { resuming, session } from './state/session';
import { words } from './words/words';

type MorePages = typeof import('./pages/more');

/** The pages of the file that is loaded on demand, once it has been loaded. */
const morePages = signal<MorePages | undefined>(undefined);

async function loadMorePages(): Promise<void> {
  morePages.value ??= await import('./pages/more');
}

/** Pause before the other pages are loaded ahead. */
const AHEAD_MS = 1_000;

/** The whole page: the form until the visitor has signed in, then the page of the address. */
export function App() {
  return (
    <Boundary>
      <Entrance />
      <Announcer />
    </Boundary>
  );
}

function Entrance() {
  const own = session.value?.own;
  if (own !== undefined) return <Pages key={own.redeemedId ?? own.id} />;
  return resuming.value === undefined ? <SignIn /> : <Resuming />;
}

function Pages() {
  useEffect(() => {
    // After the page itself: most visits go on to a service.
    const timer = setTimeout(() => void loadMorePages().catch(() => {}), AHEAD_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Layout>
      <Keys />
      <Page />
    </Layout>
  );
}

/** The page of the address. */
function Page() {
  const [ns, section, group, service, part, id, ...rest] = namesOf(path.value);
  if (ns === undefined) return <Namespaces />;
  if (section === 'services' && group === undefined) return <Services ns={ns} />;
  if (section === 'services' && group !== undefined && service !== undefined && rest.length === 0) {
    const address = { ns, group, service };
    if (part === undefined) return <Loaded>{({ Service }) => <Service address={address} />}</Loaded>;
    if (part === 'diff' && id === undefined) return <Loaded>{({ Diff }) => <Diff address={address} />}</Loaded>;
    if (part === 'instances' && id !== undefined)
      return <Loaded>{({ Instance }) => <Instance address={{ ...address, id }} />}</Loaded>;
  } else if (group === undefined) {
    if (section === 'history') return <Loaded>{({ History }) => <History ns={ns} />}</Loaded>;
    if (section === 'settings') return <Loaded>{({ Settings }) => <Settings ns={ns} />}</Loaded>;
    const other = `/${ns}/${section}`;
    if (other === TOKENS_PATH) return <Loaded>{({ Tokens }) => <Tokens />}</Loaded>;
    if (other === AUDIT_PATH) return <Loaded>{({ Audit }) => <Audit />}</Loaded>;
  }
  return (
    <main id="content">
      <div class="card note">{words.value.problem.notFound}</div>
    </main>
  );
}

/** Shows a page that is loaded on demand. If it can't be loaded, as after an update of the registry, it offers a reload. */
function Loaded({ children: show }: { children: (pages: MorePages) => ComponentChildren }) {
  const [isLost, setLost] = useState(false);
  useEffect(() => void loadMorePages().catch(() => setLost(true)), []);
  if (morePages.value !== undefined) return show(morePages.value);
  const { problem, common } = words.value;
  return isLost ? (
    <main id="content">
      <div class="card note bad" role="alert">
        <p>{problem.chunk}</p>
        <button class="btn" type="button" onClick={() => location.reload()}>
          {common.reload}
        </button>
      </div>
    </main>
  ) : (
    <Skeleton />
  );
}

/** Shows an error of the page itself instead of an empty page. */
class Boundary extends Component<{ children: ComponentChildren }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static override getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <main>
        <Problem error={error} onRetry={() => location.reload()} />
      </main>
    );
  }
}

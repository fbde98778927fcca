import { signal } from '@preact/signals';
import { Component, type ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Route, Router, Switch } from 'wouter-preact';
import { Namespaces } from './pages/namespaces';
import { Services } from './pages/services';
import { Resuming, SignIn } from './pages/sign-in';
import { Announcer } from './parts/announcer';
import { Keys } from './parts/keys';
import { Layout } from './parts/layout';
import { Problem, Skeleton } from './parts/problem';
import { usePath } from './state/location';
import { AUDIT_PATH, BASE, decoded, type ServiceAddress, TOKENS_PATH } from './state/paths';
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

const addressOf = ({ ns, group, service }: ServiceAddress): ServiceAddress => ({
  ns: decoded(ns),
  group: decoded(group),
  service: decoded(service),
});

/** The whole page: the form until the visitor has signed in, then the page of the address. */
export function App() {
  return (
    <Boundary>
      <Router base={BASE} hook={usePath}>
        <Entrance />
      </Router>
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
      <Switch>
        <Route path="/">
          <Namespaces />
        </Route>
        <Route path="/:ns/services">{({ ns }) => <Services ns={decoded(ns)} />}</Route>
        <Route path="/:ns/services/:group/:service">
          {(names) => <Loaded>{({ Service }) => <Service address={addressOf(names)} />}</Loaded>}
        </Route>
        <Route path="/:ns/services/:group/:service/diff">
          {(names) => <Loaded>{({ Diff }) => <Diff address={addressOf(names)} />}</Loaded>}
        </Route>
        <Route path="/:ns/services/:group/:service/instances/:id">
          {(names) => (
            <Loaded>{({ Instance }) => <Instance address={{ ...addressOf(names), id: decoded(names.id) }} />}</Loaded>
          )}
        </Route>
        <Route path="/:ns/entries">
          {({ ns }) => <Loaded>{({ Entries }) => <Entries ns={decoded(ns)} />}</Loaded>}
        </Route>
        <Route path="/:ns/history">
          {({ ns }) => <Loaded>{({ History }) => <History ns={decoded(ns)} />}</Loaded>}
        </Route>
        <Route path="/:ns/settings">
          {({ ns }) => <Loaded>{({ Settings }) => <Settings ns={decoded(ns)} />}</Loaded>}
        </Route>
        <Route path={TOKENS_PATH}>
          <Loaded>{({ Tokens }) => <Tokens />}</Loaded>
        </Route>
        <Route path={AUDIT_PATH}>
          <Loaded>{({ Audit }) => <Audit />}</Loaded>
        </Route>
        <Route>
          <main id="content">
            <div class="card note">{words.value.problem.notFound}</div>
          </main>
        </Route>
      </Switch>
    </Layout>
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

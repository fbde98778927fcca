import { Component, type ComponentChildren, type ComponentType } from 'preact';
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

// Two files, loaded on demand: more would share little of what compression saves.
const details = () => import('./pages/details');
const administration = () => import('./pages/administration');
/** Pause before the pages about services are loaded ahead. */
const AHEAD_MS = 1_000;

const loadService = () => details().then(({ Service }) => Service);
const loadInstance = () => details().then(({ InstancePage }) => InstancePage);
const loadHistory = () => details().then(({ History }) => History);
const loadDiff = () => details().then(({ Diff }) => Diff);
const loadTokens = () => administration().then(({ Tokens }) => Tokens);
const loadAudit = () => administration().then(({ Audit }) => Audit);
const loadSettings = () => administration().then(({ Settings }) => Settings);

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
    // Loaded ahead, after the page itself: most visits go on to a service.
    const timer = setTimeout(() => void details().catch(() => {}), AHEAD_MS);
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
          {(names) => <Loaded load={loadService} props={{ address: addressOf(names) }} />}
        </Route>
        <Route path="/:ns/services/:group/:service/diff">
          {(names) => <Loaded load={loadDiff} props={{ address: addressOf(names) }} />}
        </Route>
        <Route path="/:ns/services/:group/:service/instances/:id">
          {(names) => (
            <Loaded load={loadInstance} props={{ address: { ...addressOf(names), id: decoded(names.id) } }} />
          )}
        </Route>
        <Route path="/:ns/history">{({ ns }) => <Loaded load={loadHistory} props={{ ns: decoded(ns) }} />}</Route>
        <Route path="/:ns/settings">{({ ns }) => <Loaded load={loadSettings} props={{ ns: decoded(ns) }} />}</Route>
        <Route path={TOKENS_PATH}>
          <Loaded load={loadTokens} props={{}} />
        </Route>
        <Route path={AUDIT_PATH}>
          <Loaded load={loadAudit} props={{}} />
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

/** Components that have been loaded, by their loader. */
const loaded = new Map<() => Promise<unknown>, unknown>();

/**
 * Shows a page that is loaded on demand. If it can't be loaded, as after an update of the registry, it offers a reload.
 *
 * @param load Must be the same function each time.
 */
function Loaded<Props extends object>({ load, props }: { load: () => Promise<ComponentType<Props>>; props: Props }) {
  const [ended, setEnded] = useState<{ load: typeof load; isLost: boolean }>();
  // `as`: entries are made below, from the same loader
  const Page = loaded.get(load) as ComponentType<Props> | undefined;
  useEffect(() => {
    if (loaded.has(load)) return;
    load().then(
      (page) => {
        loaded.set(load, page);
        setEnded({ load, isLost: false });
      },
      () => setEnded({ load, isLost: true }),
    );
  }, [load]);
  const { problem, common } = words.value;
  // The next page has the same component, with another loader.
  if (ended?.load === load && ended.isLost)
    return (
      <main id="content">
        <div class="card note bad" role="alert">
          <p>{problem.chunk}</p>
          <button class="btn" type="button" onClick={() => location.reload()}>
            {common.reload}
          </button>
        </div>
      </main>
    );
  return Page === undefined ? <Skeleton /> : <Page {...props} />;
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

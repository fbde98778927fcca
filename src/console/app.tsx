import { Component, type ComponentChildren } from 'preact';
import { Route, Router, Switch } from 'wouter-preact';
import { Announcer } from './parts/announcer';
import { Layout } from './parts/layout';
import { Loaded } from './parts/loaded';
import { Problem } from './parts/problem';
import { Namespaces } from './pages/namespaces';
import { Services } from './pages/services';
import { SignIn } from './pages/sign-in';
import { decoded, usePath } from './state/location';
import { BASE } from './state/paths';
import { session } from './state/session';
import { words } from './words/words';

/** The whole page: the form until the visitor has signed in, then the page of the address. */
export function App() {
  return (
    <Boundary>
      <Router base={BASE} hook={usePath}>
        {session.value === undefined ? <SignIn /> : <Pages />}
      </Router>
      <Announcer />
    </Boundary>
  );
}

function Pages() {
  return (
    <Layout>
      <Switch>
        <Route path="/">
          <Namespaces />
        </Route>
        <Route path="/:ns/services">{({ ns }) => <Services ns={decoded(ns)} />}</Route>
        <Route>
          <main id="content">
            <div class="card note">{words.value.problem.notFound}</div>
          </main>
        </Route>
      </Switch>
    </Layout>
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

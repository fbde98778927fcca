import '@preact/signals';
import { render } from 'preact';
import { App } from './app';
import './console.css';
import { followVisibility } from './state/live-feed';
import { resume } from './state/session';
import { startTheme } from './state/theme';
import { startLanguage } from './words/words';

startTheme();
followVisibility();
// Without waiting: the registry may be down, which the page then shows.
void resume();
// A link that is opened in the tab of the page only changes the fragment.
addEventListener('hashchange', () => void resume());
await startLanguage();
const root = document.getElementById('root');
if (root !== null) render(<App />, root);

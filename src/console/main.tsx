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
// The registry may be down: the form then shows that, once it is used.
await Promise.all([startLanguage(), resume().catch(() => {})]);
const root = document.getElementById('root');
if (root !== null) render(<App />, root);

import { render } from 'preact';
import './console.css';

render(<main>Rollcall</main>, document.body);

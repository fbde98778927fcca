/** Writes `dist/console-files.js`, which the Worker imports: `npm run build:console`. */
import { builtConsole } from '../src/launcher/bundle';

await builtConsole();

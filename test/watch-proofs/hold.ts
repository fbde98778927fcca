/** Holds instances by one socket until it is killed. Its only argument is a `Holding` as JSON. */
import { type Holding, SessionHolder } from './session-holder';

const holding = JSON.parse(process.argv[2] ?? '') as Holding; // `as`: the test that starts this writes it
await new SessionHolder(holding).start();
console.log('holding');

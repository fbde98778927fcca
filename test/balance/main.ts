import { writeFileSync } from 'node:fs';
import { pickSpeeds } from './pick-speed';
import { balanceReport } from './report';

/** Writes what the simulation of load balancing shows, and prints how long picks take here: `npm run balance`. */
const { page, svg } = balanceReport();
writeFileSync('docs/balancing.md', page);
writeFileSync('docs/balancing.svg', svg);
console.log([page, ...pickSpeeds()].join('\n'));

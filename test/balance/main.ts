import { writeFileSync } from 'node:fs';
import { pickSpeeds } from './pick-speed';
import { balanceReport } from './report';

/** Writes the results of the load balancing simulation, and prints how long picks take here: `npm run balance`. */
const { page, svg } = balanceReport();
writeFileSync('docs/balancing.md', page);
writeFileSync('docs/balancing.svg', svg);
console.log([page, ...pickSpeeds()].join('\n'));

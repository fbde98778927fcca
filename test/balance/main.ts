import { writeFileSync } from 'node:fs';
import { balanceReport } from './report';

/** Writes what the simulation of load balancing shows: `npm run balance`. */
const { page, svg } = balanceReport();
writeFileSync('docs/balancing.md', page);
writeFileSync('docs/balancing.svg', svg);
console.log(page);

/** Generates the types in `src/client/wire/` from the schemas: `npm run client-types`. */
import { writeFileSync } from 'node:fs';
import { clientTypes } from './client-types';

for (const [name, text] of clientTypes()) {
  writeFileSync(`src/client/wire/${name}.ts`, text);
  console.log(`src/client/wire/${name}.ts`);
}

import { PAST_MUTANTS } from './past-mutants';
import { Laboratory } from './trial';

const lab = new Laboratory();
for (const m of PAST_MUTANTS) {
  const a = await lab.try('past', m);
  const b = a.length ? [] : await lab.try('core tests', m);
  console.log(m.name, '| past:', a[0] ?? '-', '| core:', b[0] ?? '-');
}
lab.close();

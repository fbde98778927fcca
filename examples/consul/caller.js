import { setTimeout as sleep } from 'node:timers/promises';
import { consul } from './client.js';

let greeters = [];

// A blocking query: the registry answers when the greeters that pass their checks change.
const watch = consul.watch({
  method: consul.health.service,
  options: { service: 'greeter', passing: true, wait: '60s' },
});
watch.on('change', (entries) => {
  greeters = entries.map(({ Service }) => Service);
  console.log(
    `greeters: ${
      greeters
        .map(({ ID }) => ID)
        .sort()
        .join(', ') || 'none'
    }`,
  );
});
watch.on('error', (error) => console.log(`not watched: ${error.message}`));

for (let turn = 0; ; turn++) {
  await sleep(500);
  const greeter = greeters[turn % greeters.length];
  if (greeter === undefined) continue;
  try {
    const answer = await fetch(`http://${greeter.Address}:${greeter.Port}/`);
    console.log((await answer.text()).trim());
  } catch {
    console.log(`no answer from ${greeter.ID}`);
  }
}

import { it } from 'vitest';
import { ConsoleStage } from './console-stage';
import { LASTING } from './service-rows';

/** The console of the Worker, in workerd. The other proofs use the resident host. */

const stage = new ConsoleStage('workerd');

it('the Worker serves the console, which signs in and is live', async () => {
  const tab = await stage.open('/public/services', { token: null });
  await tab.page.getByLabel('Token').fill(stage.registry.rootToken);
  await tab.page.getByRole('button', { name: 'Sign in' }).click();
  await tab.page.getByText('No service is registered yet.').waitFor();
  await tab.isLive();
  await stage.admin.registerInstance({ service: 'orders', id: 'a', body: LASTING });
  await tab.row(/orders.*1 of 1/).waitFor();
  await tab.page.getByRole('link', { name: 'Access' }).first().click();
  await tab.isSettled();
});

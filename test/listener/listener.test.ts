import { listenerSuite } from './listener-suite';
import { startStage } from './stage-server';

listenerSuite(async (options) => {
  const listener = await startStage(options);
  return { port: listener.port, stop: () => listener.close(0) };
});

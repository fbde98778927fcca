import { deadlineSuite } from './deadline-suite';
import { exchangeSuite } from './exchange-suite';
import { socketSuite } from './socket-suite';
import type { StartStage } from './stage';
import { startStage } from './stage-server';

const start: StartStage = async (options) => {
  const listener = await startStage(options);
  return { port: listener.port, stop: () => listener.close(0) };
};

exchangeSuite(start);
deadlineSuite(start);
socketSuite(start);

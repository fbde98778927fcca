import { builtConsole } from '../../src/launcher/bundle';

/** Builds the console before the tests, which import the Worker. */
export async function setup(): Promise<void> {
  await builtConsole();
}

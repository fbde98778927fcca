import { join } from 'node:path';
import { installProgram } from '../programs/program-folder';
import { systemNode } from '../programs/system-node';

/** What a reader of a page has: the program installed for the Node of this machine, and a folder of settings with nothing in it. */
export async function readersEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  const { PATH, HOME, LANG } = process.env;
  const { bin } = await installProgram(folder, systemNode());
  return { PATH: `${bin}:${PATH}`, HOME, LANG, XDG_CONFIG_HOME: join(folder, 'config') };
}

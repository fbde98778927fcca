import { join } from 'node:path';
import { installProgram } from '../programs/program-folder';
import { systemNode } from '../programs/system-node';

/**
 * Creates the environment of a page's reader: the program installed for this machine's Node, and an empty settings folder.
 */
export async function readersEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  const { PATH, HOME, LANG } = process.env;
  const { bin } = await installProgram(folder, systemNode());
  return { PATH: `${bin}:${PATH}`, HOME, LANG, XDG_CONFIG_HOME: join(folder, 'config') };
}

import { join } from 'node:path';
import { installProgram } from '../programs/program-folder';
import { systemNode } from '../programs/system-node';

/**
 * What a reader of a page has: the program installed, and a folder of settings with nothing in it.
 *
 * @param node Runs the program. Default: the Node of this machine.
 */
export async function readersEnvironment(folder: string, node: string = systemNode()): Promise<NodeJS.ProcessEnv> {
  const { PATH, HOME, LANG } = process.env;
  const { bin } = await installProgram(folder, node);
  return { PATH: `${bin}:${PATH}`, HOME, LANG, XDG_CONFIG_HOME: join(folder, 'config') };
}

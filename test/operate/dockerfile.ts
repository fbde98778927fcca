/** An instruction of a Dockerfile. */
export interface Instruction {
  name: string;
  rest: string;
}

/** Parses the stages of a Dockerfile, with one instruction a line. Supports only the forms in our file. */
export function readStages(text: string): Instruction[][] {
  const stages: Instruction[][] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not a single instruction on its line: ${line}`);
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, rest });
  }
  return stages;
}

/** Returns the arguments of all instructions with a name. */
export function restsOf(stage: Instruction[], name: string): string[] {
  return stage.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
}

/** Returns the arguments of an instruction in JSON form: `CMD ["serve"]`. */
export function wordsOf(stage: Instruction[], name: string): string[] {
  const [rest = '[]'] = restsOf(stage, name);
  return JSON.parse(rest.replace(/^.*?(?=\[)/, ''));
}

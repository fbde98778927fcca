/** An instruction of a Dockerfile. */
export interface Instruction {
  name: string;
  rest: string;
}

/** Reads the stages of a Dockerfile: what stands on a line of its own, without the forms that ours doesn't use. */
export function readStages(text: string): Instruction[][] {
  const stages: Instruction[][] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not an instruction on a line of its own: ${line}`);
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, rest });
  }
  return stages;
}

/** The rests of the instructions of one name. */
export function restsOf(stage: Instruction[], name: string): string[] {
  return stage.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
}

/** The words of an instruction in the form of JSON: `CMD ["serve"]`. */
export function wordsOf(stage: Instruction[], name: string): string[] {
  const [rest = '[]'] = restsOf(stage, name);
  return JSON.parse(rest.replace(/^.*?(?=\[)/, ''));
}

/** Where a program runs: in the resident host, which is one process of Deno or Node, or in workerd. */
export type Home = 'deno' | 'node' | 'workerd';

/** The homes, in the order of the report's columns. */
export const HOMES: readonly Home[] = ['deno', 'node', 'workerd'];

/** What the homes are called in reports. */
export const HOME_TITLES: Readonly<Record<Home, string>> = {
  deno: 'Resident host, Deno',
  node: 'Resident host, Node',
  workerd: 'workerd',
};

/** The floors: programs of the bench's own that do a part of the work and nothing else. */
export type FloorName = 'hello' | 'noop' | 'bare' | 'broadcast' | 'socket-rows';

/** Good for nothing but the bench's own data, which is gone when it ends. */
export const ROOT_TOKEN = 'bench-root-token-0123456789abcdefghijklmn';

/** How a program is started. */
export interface ProgramStart {
  /** A folder for what the start itself has to write. */
  folder: string;
  /** Folder of the data, which exists. */
  storage: string;
  /** Variables beside those of this process. */
  env: NodeJS.ProcessEnv;
  /** Port for V8's inspector; left out: none. */
  inspectorPort: number | undefined;
  /** Takes each line that the program prints. */
  output: (line: string) => void;
}

/** A program that listens. */
export interface ProgramProcess {
  /** Number of the process that does the work. */
  readonly pid: number;
  /** Such as `http://127.0.0.1:8787`. */
  readonly origin: string;
  /** Ends it at once, without waiting. */
  kill(): void;
  /** Lets it end as it does when it is asked to. */
  stop(): Promise<void>;
}

/** The registry, or a floor, built for one home. */
export interface BenchProgram {
  readonly home: Home;
  /** The built file: a profile's lines are looked up in it. */
  readonly modulePath: string;
  /** Resolves when it listens. */
  start(how: ProgramStart): Promise<ProgramProcess>;
}

/** The programs of one home. */
export interface Programs {
  readonly home: Home;
  readonly registry: BenchProgram;
  /** Returns a floor. @throws {Error} if this home lacks it. */
  floor(name: FloorName): BenchProgram;
}

/** Returns the programs of one home. */
export function homePrograms(
  home: Home,
  registry: BenchProgram,
  floors: ReadonlyMap<FloorName, BenchProgram>,
): Programs {
  const floor = (name: FloorName): BenchProgram => {
    const found = floors.get(name);
    if (found === undefined) throw new Error(`the home "${home}" has no floor "${name}"`);
    return found;
  };
  return { home, registry, floor };
}

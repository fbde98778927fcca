/** Home of a program: the resident host on Deno or on Node, or workerd. */
export type Home = 'deno' | 'node' | 'workerd';

/** The homes, in the order of the report's columns. */
export const HOMES: readonly Home[] = ['deno', 'node', 'workerd'];

/** Names of the homes in reports. */
export const HOME_TITLES: Readonly<Record<Home, string>> = {
  deno: 'Resident host, Deno',
  node: 'Resident host, Node',
  workerd: 'workerd',
};

/** Names of the floors: small programs that do only a part of the registry's work. */
export type FloorName = 'hello' | 'noop' | 'bare' | 'broadcast' | 'socket-rows' | 'grpc' | 'nacos';

/** Root token of the bench's registries, whose data is deleted at the end. */
export const ROOT_TOKEN = 'bench-root-token-0123456789abcdefghijklmn';

/** Parameters of a start. */
export interface ProgramStart {
  /** Folder for files that the start itself writes. */
  folder: string;
  /** Existing folder for the data. */
  storage: string;
  /** Additional environment variables. */
  env: NodeJS.ProcessEnv;
  /** Port for V8's inspector; undefined for none. */
  inspectorPort: number | undefined;
  /** Receives each line that the program prints. */
  output: (line: string) => void;
}

/** A running program that listens. */
export interface ProgramProcess {
  /** Id of the process. */
  readonly pid: number;
  /** URL without a path, such as `http://127.0.0.1:8787`. */
  readonly origin: string;
  /** Kills the process without waiting for its end. */
  kill(): void;
  /** Stops the process normally, and waits for its end. */
  stop(): Promise<void>;
}

/** The registry or a floor, built for one home. */
export interface BenchProgram {
  readonly home: Home;
  /** Path of the built file, in which a profile's lines are looked up. */
  readonly modulePath: string;
  /** Starts the program, and resolves when it listens. */
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

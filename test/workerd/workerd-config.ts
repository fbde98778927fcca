import { STORAGE_NAME } from '../../src/launcher/data-folder';
import { DIRECTORY_KEY, NAMESPACE_KEY } from './stored-objects';

/** Name of the only constant in the configuration. workerd's command line uses it, and the two names below. */
export const CONFIG_NAME = 'config';

/** Name of the listening socket. */
export const SOCKET_NAME = 'http';

/** A Durable Object class of the Worker, and its binding. */
export interface ObjectClass {
  binding: string;
  className: string;
  /** Determines the ids of objects and the folder of their data: changing it after the first use loses all data. */
  uniqueKey: string;
}

/** A value in the Worker's environment. One that is read from an unset variable is null. */
type Binding = { name: string; fromEnvironment: string } | { name: string; text: string };

/** Configuration of a Worker in workerd. */
interface WorkerdConfig {
  /** Absolute path of the Worker: one ES module. */
  modulePath: string;
  objects?: ObjectClass[];
  bindings?: Binding[];
  /** Absolute paths of the TLS certificate and key; omitted for plain HTTP. */
  tls?: { certPath: string; keyPath: string } | undefined;
}

/** Escapes a string for Cap'n Proto text, which takes UTF-8 and the escapes of C. */
function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped here
  const escaped = text.replace(/[\\"]/g, '\\$&').replace(/[\u0000-\u001f\u007f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}

function bindingText(binding: Binding): string {
  return 'text' in binding
    ? `(name = ${quoted(binding.name)}, text = ${quoted(binding.text)})`
    : `(name = ${quoted(binding.name)}, fromEnvironment = ${quoted(binding.fromEnvironment)})`;
}

/** Refers to the key by its file: workerd reads both files when it starts. */
function protocolText(tls: WorkerdConfig['tls']): string {
  if (tls === undefined) return 'http = ()';
  const keypair = `privateKey = embed ${quoted(tls.keyPath)}, certificateChain = embed ${quoted(tls.certPath)}`;
  return `https = (options = (), tlsOptions = (keypair = (${keypair})))`;
}

function list(items: string[]): string {
  return `[${items.map((item) => `\n        ${item},`).join('')}\n      ]`;
}

/**
 * Returns the configuration that runs a Worker on workerd, as Cap'n Proto text.
 *
 * It contains no address, folder or secret: the first two go on workerd's command line, and secrets into its environment.
 * Also used by the bench, which runs Workers of its own.
 */
export function workerdConfig({ modulePath, objects = [], bindings = [], tls }: WorkerdConfig): string {
  const allBindings = [
    ...objects.map(({ binding, className }) => {
      return `(name = ${quoted(binding)}, durableObjectNamespace = ${quoted(className)})`;
    }),
    ...bindings.map(bindingText),
  ];
  const classes = objects.map(({ className, uniqueKey }) => {
    return `(className = ${quoted(className)}, uniqueKey = ${quoted(uniqueKey)}, enableSql = true)`;
  });
  return `# Written anew at every start.
using Workerd = import "/workerd/workerd.capnp";

const ${CONFIG_NAME} :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed ${quoted(modulePath)})],
      compatibilityDate = ${quoted(COMPATIBILITY_DATE)},
      compatibilityFlags = [${COMPATIBILITY_FLAGS.map(quoted).join(', ')}],
      bindings = ${list(allBindings)},
      durableObjectNamespaces = ${list(classes)},
      durableObjectStorage = (localDisk = "${STORAGE_NAME}"),
    )),
    (name = "${STORAGE_NAME}", disk = (writable = true)),
  ],
  sockets = [(name = "${SOCKET_NAME}", ${protocolText(tls)}, service = "main")],
);
`;
}

/** The namespaces: one object each, named by the namespace's id. */
export const NAMESPACE_CLASS: ObjectClass = {
  binding: 'NAMESPACES',
  className: 'NamespaceObject',
  uniqueKey: NAMESPACE_KEY,
};

/** The directory: one object. */
export const DIRECTORY_CLASS: ObjectClass = {
  binding: 'DIRECTORY',
  className: 'DirectoryObject',
  uniqueKey: DIRECTORY_KEY,
};

/**
 * Compatibility date that the Worker is written for. `wrangler.toml` has the same date for Cloudflare, and a test compares
 * them. workerd refuses to start with a date later than it knows.
 */
export const COMPATIBILITY_DATE = '2026-09-18';
/** Compatibility flags that the Worker needs besides the date, as in `wrangler.toml`. */
export const COMPATIBILITY_FLAGS = ['enable_request_signal', 'no_nodejs_compat'];

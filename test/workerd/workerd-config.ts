import { STORAGE_NAME } from '../../src/launcher/data-folder';
import { DIRECTORY_KEY, NAMESPACE_KEY } from './stored-objects';

/** Name of the one constant in the configuration. workerd's command line uses it, as it does the two below. */
export const CONFIG_NAME = 'config';

/** Name of the socket that is listened on. */
export const SOCKET_NAME = 'http';

/** A Durable Object class of the Worker, and the binding it is reached by. */
export interface ObjectClass {
  binding: string;
  className: string;
  /** Decides the ids of objects and the folder of their data: once in use, it never changes, or all data is lost. */
  uniqueKey: string;
}

/** A value that the Worker finds in its environment. One that is read from an unset variable is null. */
type Binding = { name: string; fromEnvironment: string } | { name: string; text: string };

/** A Worker, as workerd is to run it. */
interface WorkerdConfig {
  /** Absolute path of the Worker: one ES module. */
  modulePath: string;
  objects?: ObjectClass[];
  bindings?: Binding[];
  /** Absolute paths of what it speaks TLS with; left out: plain HTTP. */
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

/** The key stays in its file: workerd reads both as it starts. */
function protocolText(tls: WorkerdConfig['tls']): string {
  if (tls === undefined) return 'http = ()';
  const keypair = `privateKey = embed ${quoted(tls.keyPath)}, certificateChain = embed ${quoted(tls.certPath)}`;
  return `https = (options = (), tlsOptions = (keypair = (${keypair})))`;
}

function list(items: string[]): string {
  return `[${items.map((item) => `\n        ${item},`).join('')}\n      ]`;
}

/**
 * The configuration that runs a Worker on workerd, as Cap'n Proto text.
 *
 * Neither an address nor a folder nor a secret is in it: the first two go on workerd's command line, and secrets into
 * its environment. Also for the bench, which runs Workers of its own.
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

/** The namespaces, an object each, named by the namespace's id. */
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
 * The behaviour of workerd that the Worker is written for. `wrangler.toml` says the same for Cloudflare, and a test
 * holds the two together. workerd refuses to start with a date later than it knows.
 */
export const COMPATIBILITY_DATE = '2026-09-18';
/** Flags that the Worker needs beside the date, as `wrangler.toml` has them. */
export const COMPATIBILITY_FLAGS = ['enable_request_signal', 'no_nodejs_compat'];

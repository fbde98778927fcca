import { LaunchError } from './launch-error';

/** What people can do about the reasons for which workerd ends before it listens, by the words it uses. */
const EXPLANATIONS: { pattern: RegExp; explain: (host: string, port: number) => string }[] = [
  {
    pattern: /Address already in use/,
    explain: (host, port) =>
      `Port ${port} on ${host} is in use. Stop what listens there, or choose another port with --port (0 takes a free one).`,
  },
  {
    pattern: /bind\(\): Permission denied/,
    explain: (_host, port) => `This user may not listen on port ${port}. Choose one above 1023 with --port.`,
  },
  {
    pattern: /bind\(\): Cannot assign requested address|bind\(\): Can't assign requested address/,
    explain: (host) => `${host} is not an address of this machine. Choose another with --host, such as 127.0.0.1.`,
  },
  {
    pattern: /DNS lookup failed/,
    explain: (host) => `The host name ${host} is unknown. Choose another with --host, such as 127.0.0.1.`,
  },
];

/** Why a workerd that printed these lines never listened. */
export function explainStartFailure(printed: string[], { host, port }: { host: string; port: number }): LaunchError {
  const text = printed.join('\n');
  const known = EXPLANATIONS.find(({ pattern }) => pattern.test(text));
  if (known !== undefined) return new LaunchError(known.explain(host, port));
  const said = printed.filter((line) => !line.startsWith('stack: ')).join('\n') || 'it said nothing';
  return new LaunchError(`workerd ended before it listened:\n${said}`);
}

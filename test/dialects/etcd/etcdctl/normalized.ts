/** Facts about a server that its output is freed of. */
export interface Given {
  /** Revision at the beginning of the session. */
  start: number;
  /** Identifiers to names. */
  names: ReadonlyMap<string, string>;
  endpoint: string;
}

/** Reads the revision of the header from an answer in JSON. */
export function revisionOf(json: string): number {
  const [, digits] = /"revision":(\d+)/.exec(json) ?? [];
  if (digits === undefined) throw new Error(`no revision in ${json}`);
  return Number(digits);
}

/** Members of a line of the client's log that do not depend on the machine. */
interface LogLine {
  msg?: string;
  error?: string;
}

const REVISIONS =
  /("(?:\w+_)?revision":|"(?:Create|Mod|Compact)?Revision" : |compacted revision |^\$ compaction |--rev[= ])(\d+)/g;
const JSON_NUMBERS =
  /("(?:cluster_id|member_id|raft_term|ID|dbSize|dbSizeInUse|leader|raftIndex|raftTerm|raftAppliedIndex|hash)":)\d+/g;
const FIELD_NUMBERS = /("(?:ClusterID|MemberID|RaftTerm|Leader|DBSize|RaftIndex|RaftAppliedIndex|Hash)" : )\d+/g;

/** Replaces what differs between two servers that do the same: identifiers, sizes, times, and the first revision. */
export function normalized(line: string, { start, names, endpoint }: Given): string {
  if (line.startsWith('{"level"')) {
    // `as`: the client logs with zap.
    const { msg, error } = JSON.parse(line) as LogLine;
    return `log: ${msg}: ${error}`;
  }
  let text = line.replaceAll(endpoint, '<endpoint>').replaceAll(new URL(endpoint).host, '<endpoint>');
  for (const [id, name] of names) text = text.replaceAll(new RegExp(`\\b${id}\\b`, 'g'), name);
  const relative = (_whole: string, before: string, digits: string) => {
    // Revision 0 of an answer is an absent one.
    return digits === '0' ? `${before}0` : `${before}${Number(digits) - start < 0 ? '' : '+'}${Number(digits) - start}`;
  };
  return (
    text
      .replace(REVISIONS, relative)
      .replace(JSON_NUMBERS, '$1*')
      .replace(FIELD_NUMBERS, '$1*')
      .replace(/, started, \S+, \S+, /, ', started, <name>, <peer>, ')
      .replace(/(, <version>|, \d+\.\d+\.\d+), .*/, ', <version>, <numbers>')
      .replace(/^<endpoint>, [0-9a-f]+$/, '<endpoint>, <hash>')
      .replace(/\b[0-9a-f]{9,16}\b/g, '<id>')
      // etcd lists the keys of a lease in any order.
      .replace(
        /attached keys\(\[(.*)\]\)/,
        (_whole, keys: string) => `attached keys([${keys.split(' ').sort().join(' ')}])`,
      )
      .replace(/remaining\(\d+s\)/, 'remaining(*)')
      .replace(/took = \S+/, 'took = *')
      .replace(/\b3\.\d+\.\d+\b/g, '<version>')
  );
}

"""Checks of python3-etcd3 0.12 against the server that the environment names.

Prints one line of JSON for each check. Before the last group it prints {"need":"restart"}, and continues when its input has a
line.
"""

import concurrent.futures
import json
import os
import queue
import re
import sys
import threading
import time
import traceback
from urllib.parse import urlsplit

import etcd3
import grpc

WAIT_MAX_SECONDS = 20
groups = {"alone": [], "together": [], "across_restart": []}


def alone(name):
    return lambda run: groups["alone"].append((name, run))


def together(name):
    return lambda run: groups["together"].append((name, run))


def across_restart(name):
    return lambda run: groups["across_restart"].append((name, run))


def equal(what, got, want):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind} is not raised")


def until(what, holds):
    end = time.time() + WAIT_MAX_SECONDS
    while not holds():
        assert time.time() < end, f"waited in vain until {what}"
        time.sleep(0.02)


def connected():
    url = urlsplit(os.environ["ETCD_ENDPOINT"])
    ca = os.environ.get("ETCD_CA") or None
    client = etcd3.client(
        host=url.hostname,
        port=url.port,
        ca_cert=ca,
        user=os.environ.get("ETCD_USER") or None,
        password=os.environ.get("ETCD_PASSWORD") or None,
        timeout=10,
    )
    if ca is None:
        # The client also passes its token as credentials of calls, for which gRPC demands TLS. Their metadata has it too.
        client.call_credentials = None
        client.watcher._credentials = None
    return client


def collect(client, prefix, **options):
    """Watches a prefix. Returns a list that grows, and a function that ends the watch."""
    seen = []
    events, cancel = client.watch_prefix(prefix, **options)

    def read():
        for event in events:
            kind = "put" if isinstance(event, etcd3.events.PutEvent) else "delete"
            name = event.key.decode().rsplit("/", 1)[-1]
            seen.append(f"{kind} {name}" + (f"={event.value.decode()}" if kind == "put" else ""))

    threading.Thread(target=read, daemon=True).start()
    return seen, cancel


@alone("keys: put, get, replace and delete")
def _(client, prefix):
    equal("absent", client.get(prefix + "a"), (None, None))
    first = client.put(prefix + "a", "1")
    value, meta = client.get(prefix + "a")
    equal("value", value, b"1")
    equal("metadata", (meta.key, meta.version, meta.create_revision, meta.mod_revision, meta.lease_id),
          ((prefix + "a").encode(), 1, first.header.revision, first.header.revision, 0))
    second = client.put(prefix + "a", "2", prev_kv=True)
    equal("previous", (second.prev_kv.value, second.header.revision), (b"1", first.header.revision + 1))
    equal("replaced", [client.replace(prefix + "a", "2", "3"), client.replace(prefix + "a", "2", "4")], [True, False])
    equal("created", [client.put_if_not_exists(prefix + k, "x") for k in "ab"], [False, True])
    equal("serializable", client.get(prefix + "a", serializable=True)[0], b"3")
    gone = client.delete(prefix + "a", prev_kv=True, return_response=True)
    equal("deleted", (gone.deleted, gone.prev_kvs[0].value, gone.header.revision), (1, b"3", first.header.revision + 4))
    equal("deleted again", client.delete(prefix + "a"), False)
    client.put(prefix + "bytes", b"\x00\xff\xfe")
    equal("bytes", client.get(prefix + "bytes")[0], b"\x00\xff\xfe")


@alone("keys: prefixes, ranges, order and everything")
def _(client, prefix):
    for key, value in [("b", "2"), ("c", "1"), ("a", "3"), ("c", "9")]:
        client.put(prefix + key, value)

    def names(pairs):
        return " ".join(meta.key.decode()[len(prefix):] for _, meta in pairs)

    equal("prefix", names(client.get_prefix(prefix)), "a b c")
    for target, up in [("key", "a b c"), ("version", "a b c"), ("create", "b c a"), ("mod", "b a c"), ("value", "b a c")]:
        equal(target, names(client.get_prefix(prefix, sort_order="ascend", sort_target=target)), up)
    equal("down", names(client.get_prefix(prefix, sort_order="descend", sort_target="create")), "a c b")
    equal("keys only", [value for value, _ in client.get_prefix(prefix, keys_only=True)], [b"", b"", b""])
    equal("range", names(client.get_range(prefix + "a", prefix + "c")), "a b")
    everything = [meta.key for _, meta in client.get_all()]
    assert (prefix + "a").encode() in everything and everything == sorted(everything)
    equal("deleted", client.delete_prefix(prefix).deleted, 3)


@alone("compaction: older starts of watches are refused")
def _(client, prefix):
    first = client.put(prefix + "a", "1").header.revision
    client.put(prefix + "a", "2")
    client.compact(first + 1, physical=True)
    refused = raises(grpc.RpcError, lambda: client.compact(first))
    equal("compacted again", refused.details(), "etcdserver: mvcc: required revision has been compacted")
    events, cancel = client.watch(prefix + "a", start_revision=first)
    error = raises(etcd3.exceptions.RevisionCompactedError, lambda: next(events))
    equal("compacted revision", error.compacted_revision, first + 1)
    events, cancel = client.watch(prefix + "a", start_revision=first + 1)
    equal("at the floor", next(events).value, b"2")
    cancel()


@together("transactions: compares, branches and nesting")
def _(client, prefix):
    t = client.transactions
    a, b = prefix + "a", prefix + "b"
    done = client.transaction(compare=[t.version(a) == 0], success=[t.put(a, "1"), t.get(a)], failure=[t.get(a)])
    equal("first", (done[0], [pair[0] for pair in done[1][1]]), (True, [b"1"]))
    done = client.transaction(compare=[t.version(a) == 0], success=[t.put(a, "2")], failure=[t.get(a), t.put(b, "else")])
    equal("second", (done[0], [pair[0] for pair in done[1][0]], client.get(b)[0]), (False, [b"1"], b"else"))
    mod = client.get(a)[1].mod_revision
    holds = [t.value(a) == "1", t.value(a) != "2", t.value(a) > "0", t.create(a) == mod, t.mod(a) < mod + 1, t.version(a) > 0]
    equal("all hold", client.transaction(compare=holds, success=[], failure=[])[0], True)
    equal("value of no key", client.transaction(compare=[t.value(prefix + "x") != "1"], success=[], failure=[])[0], False)
    inner = t.txn(compare=[t.value(a) == "new"], success=[t.put(b, "then")], failure=[t.delete(b)])
    done = client.transaction(compare=[], success=[t.put(a, "new"), inner], failure=[])
    equal("nested", (done[0], client.get(b)[0]), (True, None))


@together("leases: grant, time to live, refresh and revoke")
def _(client, prefix):
    lease = client.lease(60)
    client.put(prefix + "a", "1", lease=lease)
    equal("lease of the pair", client.get(prefix + "a")[1].lease_id, lease.id)
    equal("granted", (lease.granted_ttl, lease.keys), (60, [(prefix + "a").encode()]))
    assert 50 < lease.remaining_ttl <= 60
    equal("refreshed", [(answer.ID, answer.TTL) for answer in lease.refresh()], [(lease.id, 60)])
    lease.revoke()
    equal("gone", client.get(prefix + "a"), (None, None))
    equal("refreshed when dead", [answer.TTL for answer in client.refresh_lease(lease.id)], [0])
    info = client.get_lease_info(lease.id)
    equal("information when dead", (info.TTL, info.grantedTTL), (-1, 0))
    refused = raises(grpc.RpcError, lambda: client.revoke_lease(lease.id))
    equal("revoked again", (refused.code(), refused.details()),
          (grpc.StatusCode.NOT_FOUND, "etcdserver: requested lease not found"))
    own = client.lease(60, lease_id=time.time_ns() // 1000)
    raises(etcd3.exceptions.PreconditionFailedError, lambda: client.lease(60, lease_id=own.id))


@together("leases: one without refreshes expires")
def _(client, prefix):
    seen, cancel = collect(client, prefix)
    lease = client.lease(2)
    for key in "ba":
        client.put(prefix + key, "1", lease=lease)
    until("both keys expire", lambda: len(seen) == 4)
    equal("events", seen, ["put b=1", "put a=1", "delete a", "delete b"])
    cancel()


@together("locks: exclude others, and end with their lease")
def _(client, prefix):
    name = prefix.replace("/", "-")
    one, other = client.lock(name, ttl=60), client.lock(name, ttl=2)
    equal("acquired", one.acquire(timeout=5), True)
    # The client cannot wait: it passes other arguments to Debian's tenacity than that expects.
    equal("second", other.acquire(timeout=0), False)
    assert one.is_acquired() and not other.is_acquired()
    equal("refreshed", one.refresh()[0].TTL, 60)
    equal("released", one.release(), True)
    equal("second after the release", other.acquire(timeout=0), True)
    equal("released by another", one.release(), False)
    until("the lock ends with its lease", lambda: not other.is_acquired())
    with one:
        assert one.is_acquired()
    assert not one.is_acquired()


@together("watches: events in order, of keys and prefixes")
def _(client, prefix):
    seen, cancel = collect(client, prefix)
    single, cancel_single = client.watch(prefix + "a", prev_kv=True)
    client.put(prefix + "a", "1")
    client.put(prefix + "a", "2")
    client.put(prefix + "ab", "1")
    client.delete(prefix + "a")
    until("all events are there", lambda: len(seen) == 4)
    equal("prefix", seen, ["put a=1", "put a=2", "put ab=1", "delete a"])
    got = [next(single) for _ in range(3)]
    equal("previous values", [event.prev_value for event in got], [b"", b"1", b"2"])
    rising = [event.mod_revision for event in got]
    equal("revisions", rising, sorted(set(rising)))
    cancel()
    cancel_single()


@together("watches: from the past, and once")
def _(client, prefix):
    first = client.put(prefix + "a", "1").header.revision
    client.delete(prefix + "a")
    seen, cancel = collect(client, prefix, start_revision=first)
    until("the past is there", lambda: seen == ["put a=1", "delete a"])
    cancel()
    raises(etcd3.exceptions.WatchTimedOut, lambda: client.watch_once(prefix + "b", timeout=0.2))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(client.watch_once, prefix + "b", timeout=10)
        # The watch may begin late on a busy machine.
        while not waiting.done():
            client.put(prefix + "b", "1")
            time.sleep(0.2)
        equal("once", waiting.result().value, b"1")


@together("watches: callbacks of many on one stream")
def _(client, prefix):
    arrived = queue.Queue()
    ids = [client.add_watch_callback(f"{prefix}{i}", lambda response: arrived.put(response.events[0].key)) for i in range(50)]
    equal("ids", len(set(ids)), 50)
    for i in range(50):
        client.put(f"{prefix}{i}", "1")
    keys = {arrived.get(timeout=WAIT_MAX_SECONDS) for _ in range(50)}
    equal("keys", len(keys), 50)
    for watch_id in ids:
        client.cancel_watch(watch_id)


@together("cluster: status, members, alarms and defragmentation")
def _(client, _prefix):
    status = client.status()
    assert re.match(r"3\.\d+\.\d+", status.version), status.version
    members = list(client.members)
    equal("members", len(members), 1)
    equal("leader", status.leader.id, members[0].id)
    assert members[0].name and members[0].client_urls and members[0].peer_urls
    equal("alarms", list(client.list_alarms()), [])
    client.defragment()


@across_restart("restart: keys and leases stay")
def _(client, prefix, restart):
    lease = client.lease(60)
    client.put(prefix + "a", "1", lease=lease)
    restart()

    def reached():
        try:
            return client.get(prefix + "a")[0] == b"1"
        except (etcd3.exceptions.Etcd3Exception, grpc.RpcError):
            return False

    until("it is reached again", reached)
    equal("lease of the pair", client.get(prefix + "a")[1].lease_id, lease.id)
    equal("refreshed", lease.refresh()[0].TTL, 60)
    lease.revoke()


def perform(name, run, *more):
    began = time.time()
    result = {"check": name}
    try:
        client = connected()
        run(client, "python/" + re.sub(r"[^a-z0-9]+", "-", name.lower()) + "/", *more)
        client.close()
    except BaseException:
        result["failed"] = traceback.format_exc()
    print(json.dumps({**result, "ms": int((time.time() - began) * 1000)}), flush=True)


def restarted():
    print(json.dumps({"need": "restart"}), flush=True)
    sys.stdin.readline()


def chosen(group):
    return [(name, run) for name, run in groups[group] if re.search(os.environ.get("ETCD_CHECKS", ""), name)]


for check in chosen("alone"):
    perform(*check)
with concurrent.futures.ThreadPoolExecutor(max_workers=16) as all_of_them:
    list(all_of_them.map(lambda check: perform(*check), chosen("together")))
for check in chosen("across_restart"):
    perform(*check, restarted)
sys.stdout.flush()
# Threads of watches that still wait would keep the program.
os._exit(0)
